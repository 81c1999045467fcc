//! Rules in the tables of iptables, and zones of firewalld.

use std::net::IpAddr;

use cofferdam_journal::{Inverse, Made, Operation, SharedObject};
use cofferdam_network::{Forwarded, Network as _};
use cofferdam_protocol::Place;

use super::{Case, joined};
use crate::{
    ground::Ground,
    things::{chain, forwarding_lead, iptables},
};

fn accepted(address: IpAddr, what: Forwarded) -> Case {
    Case::new(
        Operation::AcceptForwarding { address, what },
        Inverse::RefuseForwarding { address, what },
        move |ground| ground.kernel.accept_forwarding(address, what).unwrap(),
    )
    .but(
        move |ground| ground.kernel.refuse_forwarding(address, what).unwrap(),
        None,
    )
}

/// In a zone of firewalld.
fn zoned(address: IpAddr) -> Case {
    let zone = "trusted";
    Case::new(
        Operation::JoinZone {
            address,
            zone: zone.to_owned(),
        },
        Inverse::LeaveZone {
            address,
            zone: zone.to_owned(),
        },
        move |ground| ground.kernel.join_zone(address, zone).unwrap(),
    )
    .but(move |ground| ground.kernel.leave_zone(address, zone).unwrap(), None)
    .but(
        move |ground| {
            ground.kernel.leave_zone(address, zone).unwrap();
            ground.kernel.join_zone(address, "public").unwrap();
        },
        None,
    )
}

pub(super) fn forwarding() -> Vec<Case> {
    let address = "10.22.0.5".parse().unwrap();
    let lead = forwarding_lead();
    let table = iptables(true).id;
    let of_rules = table.clone();
    let lost = move |ground: &mut Ground| ground.kernel.delete_table(Place::Host, &table).unwrap();
    vec![
        accepted(address, Forwarded::Sent),
        accepted(address, Forwarded::Published),
        zoned(address),
        joined(
            Operation::LeadForwarding { lead: lead.clone() },
            SharedObject::ForwardingLead { lead: lead.clone() },
            Made::ForwardingLead { with_chain: true },
            move |ground| ground.kernel.add_forwarding_lead(&lead).unwrap(),
        )
        .but(
            // A rule of somebody's in the chain that was made.
            move |ground| {
                let theirs = cofferdam_network::ForwardingLead {
                    from: forwarding_lead().chain,
                    chain: "THEIRS".to_owned(),
                    ..forwarding_lead()
                };
                ground
                    .kernel
                    .create_chain(Place::Host, &of_rules, &[], &chain("THEIRS"))
                    .unwrap();
                ground.kernel.add_forwarding_lead(&theirs).unwrap();
            },
            Some("chain CNI-FORWARD of nftables table ip6 filter has 1 rules that are not ours"),
        )
        .but(lost, None),
    ]
}
