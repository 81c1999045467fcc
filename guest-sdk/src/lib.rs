//! What a Cofferdam plugin is written with.
//!
//! A plugin is a crate of type `cdylib` that implements [`Plugin`] and exports
//! it with [`export_plugin!`]; compiled for `wasm32-wasip2` it is a component
//! that imports those interfaces of `cofferdam:cni` which it uses, and nothing
//! else.
//!
//! - [`Need`] declares what the plugin will ask the host for; the host holds it
//!   to that.
//! - [`Request`] says what is asked; [`config`] has the configuration's parts
//!   that many plugins share.
//! - [`Namespace`] and [`Link`] are handles of kernel objects. Every operation
//!   on them is checked against the operator's policy, written to the host's
//!   journal, and done; what a failed ADD did, the host undoes.
//! - [`nftables`], [`store`], [`ipam`], [`resolver`], [`packets`], [`upkeep`] and
//!   [`log`] are the other things to ask the host for.
//! - [`http`] has the host send requests to services.
//! - [`devices`] gives a container a network device of the node.
//! - A [`Keeper`] looks after its attachments while they last.
//! - [`addressing`], [`recorded`] and [`parent`] have what plugins share that
//!   give a container an interface: its addresses and routes, comparing them,
//!   and the link that it is upon.
//! - [`Error`] is a refusal of the host, [`Failure`] what the runtime sees;
//!   `?` makes the second of the first.
//!
//! Addresses are [`IpPrefix`] and [`MacAddress`], as they are written:
//!
//! ```
//! use cofferdam_guest_sdk::{IpPrefix, MacAddress};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let address: IpPrefix = "10.22.0.5/16".parse()?;
//! assert_eq!(address.network().to_string(), "10.22.0.0/16");
//! let mac: MacAddress = "02:00:5E:00:53:01".parse()?;
//! assert_eq!(mac.to_string(), "02:00:5e:00:53:01");
//! # Ok(())
//! # }
//! ```
//!
//! Logic that touches no handle can be tested natively with `cargo test`; a
//! function of the host, called natively, panics.

pub mod addressing;
pub mod allow_list;
mod arguments;
mod attachment;
pub mod bindings;
pub mod codes;
pub mod config;
mod convert;
pub mod devices;
mod digest;
mod error;
#[doc(hidden)]
pub mod export;
mod failure;
pub mod forwarding;
pub mod http;
pub mod ipam;
mod keeper;
#[cfg(target_family = "wasm")]
mod libc;
mod link;
pub mod log;
pub mod masquerade;
#[cfg(target_family = "wasm")]
mod memory;
pub mod metadata;
mod namespace;
mod need;
mod new_link;
pub mod nftables;
mod on_link;
pub mod packets;
pub mod parent;
mod plugin;
pub mod random;
pub mod recorded;
mod request;
pub mod resolver;
mod route;
pub mod store;
pub mod upkeep;
mod vxlan;

pub use arguments::Arguments;
pub use attachment::{Address, Attachment, Dns, Interface, Place, Route};
pub use cofferdam_protocol::{IpPrefix, MacAddress};
pub use digest::digest;
pub use error::{Error, Outcome};
pub use failure::{Context, Failure};
pub use keeper::{Keeper, Occasion};
pub use link::{Link, LinkInfo, OperationalState, RateLimit, VlanRange};
pub use namespace::{BridgeOptions, Flows, Namespace, RuleSpec, VethEnd, create_veth};
pub use need::Need;
pub use new_link::{
    IpvlanIsolation, IpvlanMode, IpvlanSettings, LinkSettings, MacvlanMode, MacvlanSettings, NewLink, TapSettings,
    VlanSettings, VrfSettings, create_link,
};
pub use on_link::{AddMode, AddressInfo, DuplicateDetection};
pub use plugin::Plugin;
pub use request::{AttachmentId, NetworkRequest, Request};
pub use route::RouteSpec;
pub use vxlan::Vxlan;
