//! The plugin tenant-vlan: a container's interface is a port of the node's
//! bridge, in the VLAN of the tenant that the container belongs to.

// What only a component calls is dead code to the tests on this machine.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

use std::collections::BTreeMap;

use cofferdam_guest_sdk::{
    Arguments, Attachment, BridgeOptions, DuplicateDetection, Failure, Interface, Link, Namespace, Need,
    NetworkRequest, Plugin, Request, VethEnd, VlanRange, addressing, codes,
    config::IpamConfig,
    create_veth, export_plugin, ipam,
    recorded::{check_addressing, check_interface, detach},
};
use serde::Deserialize;

/// What the kernel calls a pair.
const KIND: &str = "veth";
/// Positions of the pair's ends in the result.
const PORT: usize = 0;
const CONTAINER_END: u32 = 1;
/// The argument in which runtimes of Kubernetes tell whose a container is. A
/// policy knows tenants by the same one.
const TENANT: &str = "K8S_POD_NAMESPACE";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    bridge: String,
    /// The VLAN of each tenant.
    vlans: BTreeMap<String, u16>,
    mtu: Option<u32>,
    ipam: IpamConfig,
}

struct TenantVlan;

impl Plugin for TenantVlan {
    type Config = Config;
    const NAME: &'static str = "tenant-vlan";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("link.create").in_host().kinds(&["bridge"]),
        Need::always("link.set").in_host().kinds(&["bridge"]).settings(&["up"]),
        Need::always("link.create").in_host().kinds(&[KIND]),
        Need::always("link.create").in_container().kinds(&[KIND]),
        Need::always("vlan.join").in_host(),
        Need::when("ipam.type", "ipam.delegate"),
        Need::when("ipam.type", "address.add").in_container(),
        Need::when("routes of the IPAM plugin", "route.add").in_container(),
        addressing::TURNS_IPV6_ON,
        addressing::KEEPS_ADDRESSES,
        Need::when("CHECK", "link.see").in_host().kinds(&[KIND]),
        Need::when("CHECK and DEL", "link.see").in_container().kinds(&[KIND]),
        Need::when("CHECK", "address.see").in_container(),
        Need::when("CHECK", "route.see").in_container(),
        Need::when("DEL of a link that another plugin of this name made", "link.delete")
            .in_container()
            .kinds(&[KIND]),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let config = &request.config;
        let vlan = vlan_of_tenant(config, &request.args)?;
        let (host, container) = (Namespace::host()?, request.container()?);
        let options = BridgeOptions {
            mtu: config.mtu,
            vlan_filtering: true,
        };
        let bridge = host.ensure_bridge(&config.bridge, options)?;
        bridge.set_up()?;
        let (port, inside) = create_veth(
            VethEnd::in_namespace(&host).port_of(&bridge).with_mtu(config.mtu),
            VethEnd::in_namespace(&container)
                .named(&request.interface_name)
                .with_mtu(config.mtu),
        )?;
        // No frame passes before it is in its VLAN, and in no other.
        port.set_port_vlans(&[only(vlan)])?;
        port.set_up()?;
        let mut attachment = Attachment {
            interfaces: vec![
                Interface::in_host(port.info()?.name),
                Interface::in_container(request.interface_name.clone()).with_mac(inside.info()?.mac),
            ],
            ..Attachment::default()
        };
        if config.ipam.is_used() {
            addressing::allocate(&mut attachment, CONTAINER_END)?;
        }
        let (name, detection) = (&request.interface_name, DuplicateDetection::Skip);
        addressing::configure(&container, name, &inside, &attachment, detection)?;
        Ok(attachment)
    }

    fn del(request: &Request<Config>) -> Result<(), Failure> {
        // The host takes the pair away, and the bridge after its last port.
        detach(request, &request.config.ipam)
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let vlan = vlan_of_tenant(&request.config, &request.args)?;
        let previous = request.required_previous()?;
        let (inside, _) = check_interface(request, KIND)?;
        let port = recorded_port(previous)?;
        if port.port_vlans()? != [only(vlan)] {
            return Err(Failure::changed(format!(
                "the container is not in VLAN {vlan} alone any more"
            )));
        }
        if request.config.ipam.is_used() {
            ipam::check()?;
        }
        check_addressing(previous, CONTAINER_END, &inside)
    }

    fn gc(request: &NetworkRequest<Config>) -> Result<(), Failure> {
        request.config.ipam.gc()
    }
}

export_plugin!(TenantVlan);

/// The VLAN that the configuration has for the tenant of `CNI_ARGS`.
fn vlan_of_tenant(config: &Config, arguments: &Arguments) -> Result<u16, Failure> {
    let Some(tenant) = arguments.get(TENANT) else {
        let text = format!("CNI_ARGS does not tell whose the container is: {TENANT} is missing");
        return Err(Failure::new(codes::INVALID_ENVIRONMENT, text));
    };
    config.vlans.get(tenant).copied().ok_or_else(|| {
        Failure::invalid_config(format!(
            "vlans: there is no VLAN for tenant {tenant:?}; add it, and grant it to the tenant"
        ))
    })
}

/// Untagged frames belong to the VLAN, and frames of the VLAN leave untagged.
fn only(vlan: u16) -> VlanRange {
    VlanRange {
        first: vlan,
        last: vlan,
        pvid: true,
        untagged: true,
    }
}

fn recorded_port(previous: &Attachment) -> Result<Link, Failure> {
    let recorded = previous.interfaces.get(PORT);
    let name = recorded.map(|interface| interface.name.as_str()).unwrap_or_default();
    Namespace::host()?
        .find_optional(name)?
        .ok_or_else(|| Failure::changed(format!("the bridge's port {name:?} is gone")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_guest_sdk::config::parse;

    use super::*;

    #[test]
    fn a_tenant_has_the_vlan_of_the_map() {
        let config: Config = parse(r#"{ "vlans": { "team-a": 100, "team-b": 200 } }"#).unwrap();
        for (tenant, expected) in [
            (Some("team-b"), Ok(200)),
            (Some("team-c"), Err("no VLAN for tenant \"team-c\"")),
            (Some("Team-B"), Err("no VLAN for tenant \"Team-B\"")),
            (None, Err("K8S_POD_NAMESPACE is missing")),
        ] {
            let pairs = tenant.map(|tenant| (TENANT.to_owned(), Some(tenant.to_owned())));
            let found = vlan_of_tenant(&config, &Arguments::new(pairs.into_iter().collect()));
            match expected {
                Ok(vlan) => assert_eq!(found.unwrap(), vlan),
                Err(words) => assert!(found.unwrap_err().message.contains(words), "{tenant:?}"),
            }
        }
    }
}
