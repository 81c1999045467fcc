//! Rules in the tables of iptables.

use cofferdam_journal::{Inverse, Made, Operation, SharedObject};
use cofferdam_network::Network as _;
use cofferdam_protocol::Place;

use super::{Case, joined};
use crate::{
    ground::Ground,
    things::{chain, forwarding_lead, iptables},
};

pub(super) fn forwarding() -> Vec<Case> {
    let address = "10.22.0.5".parse().unwrap();
    let lead = forwarding_lead();
    let table = iptables(true).id;
    let of_rules = table.clone();
    let lost = move |ground: &mut Ground| ground.kernel.delete_table(Place::Host, &table).unwrap();
    vec![
        Case::new(
            Operation::AcceptForwarding { address },
            Inverse::RefuseForwarding { address },
            move |ground| ground.kernel.accept_forwarding(address).unwrap(),
        )
        .but(move |ground| ground.kernel.refuse_forwarding(address).unwrap(), None),
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
