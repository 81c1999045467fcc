//! What holds for every ruleset: where it and its elements are granted, it
//! decides on no packet of others.

use std::{collections::BTreeMap, net::IpAddr};

use cofferdam_network::nftables::{Chain, Element};
use cofferdam_policy::Question;
use cofferdam_protocol::{IpPrefix, Place};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use super::{
    super::{decided_packets, parts_of},
    allows,
    arbitrary::{Granted, NODE, OWN, OWN_LINK, declared, elements, granted, later, packet},
    grants,
    interpreter::{Interpreter, Packet},
    sets,
};

impl Granted {
    fn policy(&self) -> cofferdam_policy::Grants {
        let line = |key: &str, list: String| match list.as_str() {
            "[]" => String::new(),
            list => format!("{key} = {list}\n"),
        };
        let of_both = [
            line("prefixes", format!("{:?}", self.prefixes)),
            line("names", format!("{:?}", self.links)),
        ]
        .concat();
        let ports = line("ports", format!("{:?}", self.ports));
        grants(&of_both, &format!("{of_both}{ports}"))
    }

    fn holds_address(&self, address: IpAddr) -> bool {
        let is_own = OWN.iter().any(|own| address.to_string() == *own);
        let in_prefix = |text: &&str| text.parse::<IpPrefix>().unwrap().contains(address);
        is_own || self.prefixes.iter().any(in_prefix)
    }

    fn holds_link(&self, link: &str) -> bool {
        link == OWN_LINK || self.links.contains(&link)
    }

    /// Whether a packet is the attachment's, or one of those granted.
    fn holds(&self, packet: &Packet) -> bool {
        let for_the_node = NODE.iter().any(|node| packet.destination.to_string() == *node);
        self.holds_address(packet.source)
            || self.holds_address(packet.destination)
            || self.holds_link(packet.input)
            || self.holds_link(packet.output)
            || for_the_node && self.ports.contains(&packet.destination_port)
    }
}

/// Leaves those elements that the policy lets in.
fn admitted(
    elements: BTreeMap<String, Vec<Element>>,
    policy: &cofferdam_policy::Grants,
) -> BTreeMap<String, Vec<Element>> {
    let is_admitted = |set: &str, element: &Element| {
        let parts = parts_of(element);
        let own = |address: &IpAddr| OWN.iter().any(|own| address.to_string() == *own);
        let addresses: Vec<IpAddr> = parts.addresses.into_iter().filter(|address| !own(address)).collect();
        let links: Vec<String> = parts.links.into_iter().filter(|link| link != OWN_LINK).collect();
        let ports: Vec<u16> = parts.ports.into_iter().collect();
        let question = Question::NftElement {
            place: Place::Host,
            family: "inet",
            table: "t",
            set,
            addresses: &addresses,
            links: &links,
            ports: &ports,
        };
        policy.decide(&question).is_ok()
    };
    let sets = elements.into_iter().map(|(set, elements)| {
        let admitted = elements.into_iter().filter(|element| is_admitted(&set, element));
        (set.clone(), admitted.collect())
    });
    sets.collect()
}

#[derive(Clone, Debug)]
struct Case {
    declared: Vec<Chain>,
    later: Chain,
    elements: BTreeMap<String, Vec<Element>>,
    granted: Granted,
    packets: Vec<Packet>,
}

prop_compose! {
    fn case()(
        declared in declared(),
        later in later(),
        elements in elements(),
        granted in granted(),
        packets in prop::collection::vec(packet(), 40),
    ) -> Case {
        Case { declared, later, elements, granted, packets }
    }
}

/// What a table decided, if it was let in: packets with where they were sent.
/// The chain that comes later is left out where it is not let in.
fn decided(case: &Case) -> Option<Vec<(Packet, Option<IpAddr>)>> {
    let policy = case.granted.policy();
    if !allows(&policy, &decided_packets(&sets(), &case.declared)) {
        return None;
    }
    let mut chains = case.declared.clone();
    if allows(&policy, &decided_packets(&sets(), std::slice::from_ref(&case.later))) {
        chains.push(case.later.clone());
    }
    let elements = admitted(case.elements.clone(), &policy);
    let mut all = Vec::new();
    for packet in &case.packets {
        let mut interpreter = Interpreter {
            chains: &chains,
            elements: &elements,
            decisions: Vec::new(),
        };
        interpreter.run(packet);
        all.extend(interpreter.decisions.into_iter().map(|target| (packet.clone(), target)));
    }
    Some(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_ruleset_that_is_let_in_decides_on_no_packet_of_others(case in case()) {
        for (packet, target) in decided(&case).unwrap_or_default() {
            prop_assert!(case.granted.holds(&packet), "{packet:?}");
            if let Some(target) = target {
                prop_assert!(case.granted.holds_address(target), "{packet:?} to {target}");
            }
        }
    }
}

/// The property above would hold of rulesets that are never let in, or never
/// decide.
#[test]
fn random_rulesets_are_often_let_in_and_decide() {
    let mut runner = TestRunner::deterministic();
    let (mut let_in, mut deciding) = (0, 0);
    for _ in 0..1000 {
        let decided = decided(&case().new_tree(&mut runner).unwrap().current());
        let_in += usize::from(decided.is_some());
        deciding += usize::from(decided.is_some_and(|decided| !decided.is_empty()));
    }
    assert!(let_in > 100 && deciding > 20, "{let_in} let in, {deciding} decide");
}
