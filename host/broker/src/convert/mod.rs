//! Between the guest's types and the host's own.

mod address;
mod error;
mod link;
mod nftables;
mod result;
mod routing;

pub(crate) use address::{ip_address, ip_prefix, mac_address, wit_ip_address, wit_ip_prefix, wit_mac_address};
pub(crate) use error::{
    belongs, conflict, denied, failure_error, failure_of, invalid, link_error, network_error, wit_failure,
};
pub(crate) use link::{link_info, link_settings, wit_link_settings};
pub(crate) use nftables::{nft_chain, nft_elements, nft_table, nft_table_id};
pub(crate) use result::{attachment, place_of, wit_attachment};
pub(crate) use routing::{route, rule, wit_route, wit_rule};
