//! What `wit-bindgen` makes of the contract in `wit/`. Plugins use the
//! wrappers around it; it is public for what they do not cover.
#![allow(
    missing_docs,
    unreachable_pub,
    rust_2018_idioms,
    clippy::all,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::undocumented_unsafe_blocks
)]

wit_bindgen::generate!({
    path: "../wit",
    world: "cni-plugin",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_bindings",
    default_bindings_module: "cofferdam_guest_sdk::bindings",
    additional_derives: [PartialEq, Eq],
    additional_derives_ignore: ["new-link", "veth-end", "farewell", "upkeep-record", "device"],
});

pub use cofferdam::cni::{
    addresses, allow_list, conntrack, devices, forwarding, ipam, links, log, namespaces, neighbors, nftables, packets,
    resolver, routes, rules, store, sysctl, traffic_control, types, upkeep, vlans, vrfs, vxlans,
};
pub use exports::cofferdam::cni::plugin;

/// What a plugin exports that looks after its attachments.
pub mod keeping {
    wit_bindgen::generate!({
        path: "../wit",
        world: "cni-keeper",
        with: {
            "cofferdam:cni/types@0.1.1": crate::bindings::types,
        },
        pub_export_macro: true,
        export_macro_name: "export_keeper_bindings",
        default_bindings_module: "cofferdam_guest_sdk::bindings::keeping",
    });

    pub use exports::cofferdam::cni::keeper;
}
