//! What a component can try, by subject. Each attack is denied, or ended, with
//! an error that names operation, object and missing grant, and node,
//! container, leases and files are as they were.

#![allow(clippy::unwrap_used, clippy::panic)]

mod arena;
mod configuration;
mod datagrams;
mod delegation;
mod devices;
mod elements;
mod forwarding;
mod handles;
mod logs;
mod marks;
mod names;
mod new_links;
mod order;
mod ownership;
mod packet_filter;
mod packet_scope;
mod quantity;
mod quotas;
mod raw;
mod results;
mod routing;
mod sequences;
mod settings;
mod sharing;
mod tenants;
mod theft;
mod traffic;
mod visibility;
mod vlans;
mod vxlans;
mod ways;
