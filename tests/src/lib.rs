//! The ground that the end-to-end tests stand on: network namespaces that play
//! the node and its containers, an installation of Cofferdam in a directory of
//! its own, a CNI caller, and comparable pictures of the kernel's state.
//!
//! Everything a test makes goes with the values that made it: namespaces have
//! no names, only descriptors, and directories are temporary.

// What fails here fails a test, and says so to a person.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod attached;
mod boot;
mod busybox;
mod caller;
mod configuration;
mod couriers;
mod declaration;
mod device;
pub mod dhcp;
pub mod firewalld;
mod go;
mod ground;
mod installation;
mod journal_file;
mod languages;
pub mod libcni;
mod machine;
mod mortals;
mod mounts;
mod namespace;
mod outside;
mod packets;
mod page;
mod products;
mod program;
mod recorder;
mod scenarios;
mod service;
mod site;
mod snapshot;
#[cfg(target_arch = "x86_64")]
pub mod tracer;
mod upon;
mod walkthrough;
pub mod wit;
mod workshop;

pub use attached::Attached;
pub use boot::Boot;
pub use busybox::BusyboxImage;
pub use caller::{Cni, CniError, Output};
pub use configuration::{SPEC_VERSIONS, bridge_network, host_local, loopback_network, mynet, with};
pub use couriers::couriers_in;
pub use declaration::{hostile_declaring, hostile_with_schema};
pub use device::{DEVICE_GRANT, device_network, furnish_device};
pub use go::GoPlugins;
pub use ground::{kernel_access, root_and, skip, skip_for_kernel};
pub use installation::{Installation, PLUGINS};
pub use journal_file::JournalFile;
pub use languages::leave_out_language;
pub use machine::Machine;
pub use mortals::Mortals;
pub use mounts::{mount_full, mount_memory, mount_read_only, with_own_mounts};
pub use namespace::Namespace;
pub use outside::outside;
pub use packets::{EchoServer, TcpGreeter, answers, answers_as, is_silent};
pub use page::page;
pub use products::Products;
pub use program::{Ended, Running, finish};
pub use recorder::{Recorded, Recorder};
pub use scenarios::{Scenario, Surroundings, scenarios};
pub use service::{Asked, Authority, Service};
pub use site::{Container, Site};
pub use snapshot::{Snapshot, settle};
pub use upon::{
    furnish_eth1, had_a_vrf, has_flag, has_kind, has_vlan_filtering, interface, network_upon, site_with_eth1,
};
pub use walkthrough::{Step, Walkthrough};
pub use workshop::Workshop;

/// Ends the test at once, with the reason on standard error, where this user
/// can't make network namespaces. With `COFFERDAM_TESTS_MUST_RUN` in the
/// environment that is a failure.
#[macro_export]
macro_rules! needs_kernel {
    () => {
        if let Err(reason) = $crate::kernel_access() {
            return $crate::skip(&reason);
        }
    };
}

/// The Go reference plugins; ends the test, like [`needs_kernel!`], where they
/// are not there.
#[macro_export]
macro_rules! needs_go_plugins {
    () => {
        match $crate::GoPlugins::locate() {
            Ok(plugins) => plugins,
            Err(reason) => return $crate::skip(&reason),
        }
    };
}

/// Ends the test at once, like [`needs_kernel!`], where it is not root's or one of these programs is missing.
#[macro_export]
macro_rules! needs_root_and {
    ($($program:expr),+) => {
        if let Err(reason) = $crate::root_and(&[$($program),+]) {
            return $crate::skip(&reason);
        }
    };
}
