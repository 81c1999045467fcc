//! What an operator could do that takes an operation's outcome away.

use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::{Network as _, PortVlans, Route, RouteMode};
use cofferdam_protocol::Place;
use cofferdam_system::files as fs;

use crate::{
    ground::{COMMENT, Ground},
    things::{mac, neighbor},
};

/// Undoes an operation by hand.
pub(super) fn undo(ground: &mut Ground, operation: &Operation, inverse: &Inverse) {
    let bridge = ground.bridge.index;
    let kernel = &mut ground.kernel;
    let delete_named = |kernel: &mut cofferdam_network::Kernel, place: Place, name: &str| {
        let link = kernel.link_by_name(place, name).unwrap().unwrap();
        kernel.delete_link(link.id).unwrap();
    };
    match operation {
        Operation::CreateBridge { bridge } => delete_named(kernel, bridge.place, &bridge.name),
        Operation::CreateVeth { first, .. } => delete_named(kernel, first.place, &first.name),
        Operation::CreateLink { link } => delete_named(kernel, link.place, &link.name),
        Operation::DeleteLink { .. } => {}
        Operation::SetLinkUp { link, up, .. } => kernel.set_link_up(*link, !up).unwrap(),
        Operation::SetLinkMtu { link, .. } => kernel.set_link_mtu(*link, 1300).unwrap(),
        Operation::SetLinkMac { link, .. } => kernel.set_link_mac(*link, mac(0x66)).unwrap(),
        Operation::SetLinkPromiscuous { link, on, .. } => kernel.set_link_promiscuous(*link, !on).unwrap(),
        Operation::SetLinkMaster { link, master, .. } => {
            let other = master.map_or(Some(bridge), |_| None);
            kernel.set_link_master(*link, other).unwrap();
        }
        Operation::SetLinkAllMulticast { link, on, .. } => kernel.set_link_all_multicast(*link, !on).unwrap(),
        Operation::SetLinkQueueLength { link, packets, .. } => {
            kernel.set_link_queue_length(*link, packets + 1).unwrap();
        }
        Operation::SetPortHairpin { link, on, .. } => kernel.set_port_hairpin(*link, !on).unwrap(),
        Operation::SetPortIsolated { link, on, .. } => kernel.set_port_isolated(*link, !on).unwrap(),
        Operation::SetPortVlans { link, .. } => kernel.set_port_vlans(*link, &PortVlans::default()).unwrap(),
        Operation::CreateVlanGateway { gateway } => delete_named(kernel, gateway.place, &gateway.name),
        Operation::CreateVrf { link } | Operation::CreateVxlan { link, .. } => {
            delete_named(kernel, link.place, &link.name);
        }
        Operation::AddVxlanPeer { link, peer, .. } => kernel.delete_vxlan_peer(*link, *peer).unwrap(),
        Operation::AddAddress { link, address, .. } => kernel.delete_address(*link, *address).unwrap(),
        Operation::DeleteAddress { link, address, .. } => kernel.add_address(*link, *address, true).unwrap(),
        Operation::AddRoute { link, route, .. } => {
            let table = route.table.unwrap_or(254);
            let present = kernel.routes(*link, table).unwrap();
            let added = present.iter().find(|present| route.describes(present)).unwrap();
            kernel.delete_route(*link, added).unwrap();
        }
        Operation::DeleteRoute { link, route, .. } => kernel.add_route(*link, route, RouteMode::Append).unwrap(),
        Operation::AddRule { place, rule } => kernel.delete_rule(*place, rule).unwrap(),
        Operation::DeleteRule { place, rule } => kernel.add_rule(*place, rule).unwrap(),
        Operation::AddNeighbor { link, neighbor, .. } => kernel.delete_neighbor(*link, neighbor).unwrap(),
        Operation::DeleteNeighbor { link, neighbor, .. } => kernel.add_neighbor(*link, neighbor).unwrap(),
        Operation::LimitRate { link, .. } => kernel.delete_rate_limit(*link).unwrap(),
        Operation::RedirectIncoming { link, .. } => kernel.delete_redirect(*link).unwrap(),
        Operation::SetSysctl { place, key, .. } => kernel.set_sysctl(*place, key, "0").unwrap(),
        Operation::CreateTable { place, table } | Operation::ReplaceChains { place, table } => {
            kernel.delete_table(*place, &table.id).unwrap();
        }
        Operation::DeleteTable { place, table } => {
            let table = cofferdam_network::nftables::Table {
                id: table.clone(),
                sets: Vec::new(),
                chains: Vec::new(),
            };
            kernel.create_table(*place, &table).unwrap();
        }
        Operation::CreateChain { place, table, chain } => kernel.delete_chain(*place, table, &chain.name).unwrap(),
        Operation::DeleteChain { place, table, chain } => {
            let chain = crate::things::chain(chain);
            kernel.create_chain(*place, table, &[], &chain).unwrap();
        }
        Operation::AddElements {
            place,
            table,
            set,
            elements,
            ..
        } => kernel.delete_elements(*place, table, set, &elements[..1]).unwrap(),
        Operation::DeleteElements {
            place,
            table,
            set,
            elements,
        } => {
            assert!(matches!(inverse, Inverse::AddElements { comment, .. } if comment == COMMENT));
            kernel.add_elements(*place, table, set, elements, COMMENT).unwrap();
        }
        Operation::Claim { directory, address } => fs::remove_file(directory.join(address.to_string())).unwrap(),
        Operation::Keep { plugin, .. } => {
            assert!(ground.state.directory.upkeep().remove(&ground.id, plugin).unwrap());
        }
        Operation::ForgetFlows { .. } | Operation::TakeSlot { .. } | Operation::UseParent { .. } => {}
        Operation::TakeDevice { name, inside, .. } => {
            let link = kernel.link_by_name(Place::Container, inside).unwrap().unwrap();
            kernel.move_link(link.id, Place::Host, name, "").unwrap();
        }
        Operation::LeadForwarding { lead } => kernel.delete_forwarding_lead(lead).unwrap(),
        Operation::AcceptForwarding { address, what } => kernel.refuse_forwarding(*address, *what).unwrap(),
        Operation::JoinZone { address, zone } => kernel.leave_zone(*address, zone).unwrap(),
    }
}

/// Puts something of somebody else's in the place of what an operation made;
/// false where there is no such thing.
pub(super) fn replace(ground: &mut Ground, operation: &Operation) -> bool {
    let bridge = ground.bridge.index;
    let kernel = &mut ground.kernel;
    match operation {
        Operation::SetLinkMaster { link, .. } => {
            let other = kernel.create_bridge(&crate::things::bridge("br9", 0x21)).unwrap();
            kernel.set_link_master(*link, Some(other.index)).unwrap();
        }
        Operation::AddRoute { link, route: ours, .. } => {
            let gateway = if ours.destination.is_ipv6() {
                "2001:db8::fe"
            } else {
                "192.0.2.254"
            };
            let theirs = Route {
                gateway: Some(gateway.parse().unwrap()),
                ..ours.clone()
            };
            kernel.delete_route(*link, ours).unwrap();
            kernel.add_route(*link, &theirs, RouteMode::Exclusive).unwrap();
        }
        Operation::AddNeighbor {
            link, neighbor: ours, ..
        } => {
            kernel.delete_neighbor(*link, ours).unwrap();
            kernel
                .add_neighbor(*link, &neighbor(&ours.address.to_string(), 0x55))
                .unwrap();
        }
        Operation::AddElements {
            place,
            table,
            set,
            elements,
            ..
        } => {
            kernel.delete_elements(*place, table, set, elements).unwrap();
            kernel
                .add_elements(*place, table, set, elements, "mynet/c2/eth0")
                .unwrap();
        }
        Operation::LimitRate { link, .. } => {
            kernel.delete_rate_limit(*link).unwrap();
            let theirs = cofferdam_network::RateLimit {
                rate: 5,
                burst: 5,
                latency: 5,
            };
            kernel.limit_rate(*link, &theirs).unwrap();
        }
        Operation::RedirectIncoming { link, .. } => {
            kernel.delete_redirect(*link).unwrap();
            kernel.redirect_incoming(*link, bridge).unwrap();
        }
        Operation::Claim { directory, address } => {
            fs::write(directory.join(address.to_string()), "c2\r\neth0").unwrap();
        }
        Operation::AddAddress { link, address, .. } => {
            kernel.delete_address(*link, *address).unwrap();
            let other = format!("{}/25", address.address()).parse().unwrap();
            kernel.add_address(*link, other, true).unwrap();
        }
        _ => return false,
    }
    true
}
