//! Words that every crate uses: where something is, addresses, link addresses,
//! where services are.

mod ip_prefix;
mod mac_address;
mod origin;
mod place;
mod url;

pub use ip_prefix::{IpPrefix, ParseIpPrefixError};
pub use mac_address::{MacAddress, ParseMacAddressError};
pub use origin::{Origin, UrlProblem};
pub use place::Place;
pub use url::{PathPrefix, Url};
