//! Reaching for what was not granted.

use cofferdam_guest_sdk::{
    AddMode, DuplicateDetection, Failure, Link, Namespace, Request, RouteSpec, VethEnd, create_veth, ipam,
    nftables::{Action, Base, Chain, ChainType, Element, Family, Hook, Rule, Set, Table, TableId, ValueType, Verdict},
    resolver,
    store::Records,
};

use crate::{
    Config,
    ground::{PLAIN_BRIDGE, prefix, veth},
};

/// False when there is no such attack.
pub(crate) fn tried(attack: &str, request: &Request<Config>) -> Result<bool, Failure> {
    match attack {
        "host-link" => Namespace::host()?.find("lo")?.set_down()?,
        "host-bridge" => drop(Namespace::host()?.ensure_bridge("cni0", PLAIN_BRIDGE)?),
        "host-link-name" => host_link_name(request)?,
        "host-sysctl" => Namespace::host()?.set_sysctl(&["net", "ipv4", "ip_forward"], "1")?,
        "container-sysctl" => request.container()?.set_sysctl(&["net", "ipv4", "ip_forward"], "1")?,
        "sysctl-path" => Namespace::host()?.set_sysctl(&["net", "..", "kernel", "core_pattern"], "x")?,
        "sysctl-slash" => Namespace::host()?.set_sysctl(&["net", "ipv4/../../kernel/core_pattern"], "x")?,
        "sysctl-outside" => Namespace::host()?.set_sysctl(&["kernel", "core_pattern"], "x")?,
        "sysctl-value" => Namespace::host()?.set_sysctl(&["net", "ipv4", "ip_forward"], "1\n0")?,
        "foreign-table" => Namespace::host()?.ensure_table(&table("firewall"))?,
        "foreign-element" => foreign_element()?,
        "store" => drop(Records::open()?),
        "resolver" => drop(resolver::configured()?),
        "ipam" => drop(ipam::add()?),
        "gateway-theft" => container_end(request)?.add_address(prefix("10.99.0.1/16")?, DuplicateDetection::Skip)?,
        "host-address" => host_end(request)?.add_address(prefix("10.22.0.1/16")?, DuplicateDetection::Skip)?,
        "route-hijack" => default_route(&container_end(request)?)?,
        "host-route" => default_route(&host_end(request)?)?,
        "foreign-master" => foreign_master(request)?,
        "trap-after-work" => {
            drop(veth(request)?);
            std::process::abort();
        }
        "trap-after-all-work" => {
            all_work(request)?;
            std::process::abort();
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn container_end(request: &Request<Config>) -> Result<Link, Failure> {
    Ok(veth(request)?.1)
}

fn host_end(request: &Request<Config>) -> Result<Link, Failure> {
    Ok(veth(request)?.0)
}

/// A link of the node under a name that some service may look for.
fn host_link_name(request: &Request<Config>) -> Result<(), Failure> {
    let (host, container) = (Namespace::host()?, request.container()?);
    create_veth(
        VethEnd::in_namespace(&host).named("wg0"),
        VethEnd::in_namespace(&container).named(&request.interface_name),
    )?;
    Ok(())
}

fn default_route(link: &Link) -> Result<(), Failure> {
    link.set_up()?;
    link.add_route(&RouteSpec::to(prefix("0.0.0.0/0")?), AddMode::Exclusive)?;
    Ok(())
}

/// A port in one namespace of a master in the other.
fn foreign_master(request: &Request<Config>) -> Result<(), Failure> {
    let (host_end, container_end) = veth(request)?;
    container_end.set_master(&host_end)?;
    Ok(())
}

fn table(name: &str) -> Table {
    let base = Base {
        chain_type: ChainType::Filter,
        hook: Hook::Input,
        priority: -500,
        default_drop: true,
    };
    Table::new(Family::Inet, name)
        .with_set(Set::verdict_map("sources4", [ValueType::Ipv4Address]))
        .with_chain(
            Chain::new("input")
                .with_base(base)
                .with_rule(Rule::new(Action::Verdict(Verdict::Drop))),
        )
}

/// Another address's packets, into a chain of one's choice.
fn foreign_element() -> Result<(), Failure> {
    let masquerade = TableId {
        family: Family::Inet,
        name: "cofferdam_masquerade".to_owned(),
    };
    let victim = std::net::IpAddr::from([10, 22, 0, 2]);
    let element = Element::new([victim.into()]).with_verdict(Verdict::Drop);
    Namespace::host()?.add_elements(&masquerade, "sources4", &[element])?;
    Ok(())
}

/// One of everything that a plugin can make, where that is granted.
fn all_work(request: &Request<Config>) -> Result<(), Failure> {
    let (host, container) = (Namespace::host()?, request.container()?);
    let bridge = host.ensure_bridge("cni0", PLAIN_BRIDGE)?;
    bridge.set_up()?;
    bridge.add_address(prefix("10.22.0.1/16")?, DuplicateDetection::Skip)?;
    let (host_end, link) = create_veth(
        VethEnd::in_namespace(&host).port_of(&bridge),
        VethEnd::in_namespace(&container).named(&request.interface_name),
    )?;
    host_end.set_hairpin(true)?;
    host_end.set_up()?;
    container.set_sysctl(&["net", "ipv4", "conf", &request.interface_name, "arp_notify"], "1")?;
    link.add_address(prefix("10.22.0.5/16")?, DuplicateDetection::Skip)?;
    link.set_up()?;
    let route = RouteSpec {
        gateway: Some(std::net::IpAddr::from([10, 22, 0, 1])),
        ..RouteSpec::to(prefix("10.22.128.0/17")?)
    };
    link.add_route(&route, AddMode::Append)?;
    host.set_sysctl(&["net", "ipv4", "ip_forward"], "1")?;
    let table = Table::new(Family::Inet, "hostile").with_set(Set::new("sources", [ValueType::Ipv4Address]));
    host.ensure_table(&table)?;
    host.add_elements(
        &table.id,
        "sources",
        &[Element::new([std::net::IpAddr::from([10, 22, 0, 5]).into()])],
    )?;
    ipam::add()?;
    Ok(())
}
