use wasmtime::component::{HasSelf, Linker};

use crate::{
    GuestState, Sandbox, SandboxError,
    bindings::cofferdam::cni::{
        addresses, allow_list, conntrack, devices, forwarding, ipam, links, log, namespaces, neighbors, nftables,
        packets, resolver, routes, rules, store, sysctl, traffic_control, types, upkeep, vlans, vrfs, vxlans,
    },
    wasi,
};

/// Everything that a plugin may import, implemented by the embedder.
pub trait Imports:
    GuestState
    + types::Host
    + namespaces::Host
    + namespaces::HostNamespace
    + links::Host
    + links::HostLink
    + vlans::Host
    + vrfs::Host
    + vxlans::Host
    + addresses::Host
    + routes::Host
    + rules::Host
    + neighbors::Host
    + sysctl::Host
    + nftables::Host
    + traffic_control::Host
    + conntrack::Host
    + forwarding::Host
    + store::Host
    + store::HostRecords
    + resolver::Host
    + allow_list::Host
    + ipam::Host
    + packets::Host
    + packets::HostExchange
    + upkeep::Host
    + devices::Host
    + log::Host
    + 'static
{
}

/// Links these imports, and nothing else.
pub(crate) fn link<T: Imports>(sandbox: &Sandbox, imports: &[String]) -> Result<Linker<T>, SandboxError> {
    let mut linker = Linker::new(sandbox.engine());
    for import in imports {
        link_interface(&mut linker, import).map_err(|error| SandboxError::Import(format!("{import}: {error:#}")))?;
    }
    Ok(linker)
}

fn link_interface<T: Imports>(linker: &mut Linker<T>, import: &str) -> wasmtime::Result<()> {
    let interface = import.split('@').next().unwrap_or(import);
    match interface {
        "cofferdam:cni/types" => types::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/namespaces" => namespaces::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/links" => links::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/vlans" => vlans::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/vrfs" => vrfs::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/vxlans" => vxlans::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/addresses" => addresses::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/routes" => routes::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/rules" => rules::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/neighbors" => neighbors::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/sysctl" => sysctl::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/nftables" => nftables::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/traffic-control" => traffic_control::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/conntrack" => conntrack::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/forwarding" => forwarding::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/store" => store::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/resolver" => resolver::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/allow-list" => allow_list::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/ipam" => ipam::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/packets" => packets::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/upkeep" => upkeep::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/devices" => devices::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        "cofferdam:cni/log" => log::add_to_linker::<T, HasSelf<T>>(linker, |state| state),
        _ => wasi::link(linker, import),
    }
}
