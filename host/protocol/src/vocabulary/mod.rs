//! Words that every crate uses: where something is, addresses, link addresses.

mod ip_prefix;
mod mac_address;
mod place;

pub use ip_prefix::{IpPrefix, ParseIpPrefixError};
pub use mac_address::{MacAddress, ParseMacAddressError};
pub use place::Place;
