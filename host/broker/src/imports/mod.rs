//! The guest's imports, one file an interface. Each function checks, and then
//! leaves the doing to the journal and the kernel.

mod addresses;
mod allow_list;
mod conntrack;
mod devices;
mod forwarding;
mod ipam;
mod link_flag;
mod link_settings;
mod links;
mod log;
mod namespaces;
mod neighbors;
mod new_links;
mod nftables;
mod ownership;
mod packet_scope;
mod packets;
mod redeclared;
mod resolver;
mod routes;
mod rules;
mod shared;
mod store;
mod sysctl;
mod traffic_control;
mod types;
mod upkeep;
#[cfg(test)]
mod visibility_tests;
mod vlans;
mod vrfs;
mod vxlans;
