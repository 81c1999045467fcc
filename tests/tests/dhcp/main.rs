//! The plugin `dhcp`: addresses of real and of strange servers, what becomes
//! of leases while containers are attached, and that they are given back.

#![allow(clippy::unwrap_used, clippy::panic)]

mod keeping;
mod lan;
mod leases;
mod strange;
