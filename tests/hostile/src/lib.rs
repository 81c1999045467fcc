//! A component that attacks the host: the configuration's `attack` says how.
//! Whatever the host answers comes back as the failure of the ADD.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

use std::hint::black_box;

use cofferdam_guest_sdk::{
    AddMode, Attachment, BridgeOptions, DuplicateDetection, Failure, Interface, IpPrefix, Namespace, Plugin, Request,
    RouteSpec, VethEnd, create_veth, export_plugin, ipam, log, store::Records,
};
use serde::Deserialize;

struct Hostile;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    attack: String,
}

impl Plugin for Hostile {
    type Config = Config;
    const NAME: &'static str = "hostile";
    const NEEDS: &'static [&'static str] = &[];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        attack(&request.config.attack, request)
    }

    fn del(request: &Request<Config>) -> Result<(), Failure> {
        if request.config.attack == "loop-in-del" {
            loop_for_ever();
        }
        Ok(())
    }

    fn check(_: &Request<Config>) -> Result<(), Failure> {
        Ok(())
    }
}

export_plugin!(Hostile);

fn attack(name: &str, request: &Request<Config>) -> Result<Attachment, Failure> {
    match name {
        "host-link" => Namespace::host()?.find("lo")?.set_down()?,
        "host-bridge" => drop(Namespace::host()?.ensure_bridge(
            "cni0",
            BridgeOptions {
                mtu: None,
                vlan_filtering: false,
            },
        )?),
        "host-sysctl" => Namespace::host()?.set_sysctl(&["net", "ipv4", "ip_forward"], "1")?,
        "sysctl-path" => Namespace::host()?.set_sysctl(&["net", "..", "kernel", "core_pattern"], "x")?,
        "store" => drop(Records::open()?),
        "ipam" => drop(ipam::add()?),
        "gateway-theft" => {
            let link = veth(request)?;
            link.add_address(prefix("10.99.0.1/16")?, DuplicateDetection::Skip)?;
        }
        "route-hijack" => {
            let link = veth(request)?;
            link.set_up()?;
            link.add_route(&RouteSpec::to(prefix("0.0.0.0/0")?), AddMode::Exclusive)?;
        }
        "trap-after-work" => {
            drop(veth(request)?);
            std::process::abort();
        }
        "handles" => {
            let handles: Vec<_> = (0..10_000).map(|_| Namespace::host()).collect();
            drop(black_box(handles));
        }
        "log-flood" => (0..10_000).for_each(|_| log::warn("\u{1b}[2Jflood\nforged line")),
        "loop" => loop_for_ever(),
        "memory" => drop(black_box(vec![1_u8; 1 << 30])),
        "recursion" => drop(black_box(recurse(1))),
        "panic" => panic_with_a_message(),
        "phantom" => return Ok(phantom()),
        _ => {}
    }
    Ok(Attachment::default())
}

fn veth(request: &Request<Config>) -> Result<cofferdam_guest_sdk::Link, Failure> {
    let (host, container) = (Namespace::host()?, request.container()?);
    let (_, link) = create_veth(
        VethEnd::in_namespace(&host),
        VethEnd::in_namespace(&container).named(&request.interface_name),
    )?;
    Ok(link)
}

fn prefix(text: &str) -> Result<IpPrefix, Failure> {
    Ok(text.parse()?)
}

fn loop_for_ever() {
    let mut count = 0_u64;
    while black_box(count) < u64::MAX {
        count = count.wrapping_add(1) & 0xffff;
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = [depth; 64];
    black_box(&frame);
    if depth == u64::MAX {
        0
    } else {
        recurse(depth + 1) + frame[3]
    }
}

#[allow(clippy::panic)]
fn panic_with_a_message() {
    panic!("the plugin's own words");
}

/// An interface that does not exist.
fn phantom() -> Attachment {
    let mut attachment = Attachment::default();
    attachment.add_interface(Interface::in_container("phantom0"));
    attachment
}
