//! Every operation by itself.

use std::collections::BTreeSet;

use cofferdam_journal::{Operation, Outcome};
use cofferdam_network::Network as _;
use cofferdam_protocol::Place;
use cofferdam_tests::needs_kernel;

use super::{by_hand, committed, compared, differences};
use crate::{
    cases::{Case, everywhere, vxlans},
    ground::Ground,
    things::{chain, element, set, table},
};

/// Runs a check on every case that changes something.
fn of_each(check: impl Fn(&mut Ground, usize, &Case) + Sync) {
    let mut more = true;
    let mut number = 0;
    while more {
        Ground::run(|ground| match all(ground).get(number) {
            None => more = false,
            Some(case) => {
                eprintln!("{number}: {}", case.operation);
                check(ground, number, case);
            }
        });
        number += 1;
    }
}

fn all(ground: &mut Ground) -> Vec<Case> {
    let cases = everywhere(ground);
    let is_change = |case: &Case| !matches!(case.inverse, cofferdam_journal::Inverse::WithLink { .. });
    let mut cases: Vec<Case> = cases.into_iter().filter(is_change).collect();
    cases.extend(without_inverse());
    // Last, since there may be none.
    cases.extend(vxlans(ground));
    cases
}

/// What the host does only as a part of sharing, or to its own links.
fn without_inverse() -> Vec<Case> {
    let place = Place::Host;
    let case = |operation, act: fn(&mut Ground)| Case {
        operation,
        inverse: cofferdam_journal::Inverse::WithLink {
            link: cofferdam_network::LinkId { place, index: 1 },
        },
        act: Box::new(move |ground| {
            act(ground);
            Outcome::default()
        }),
        meddling: Vec::new(),
    };
    let own = || cofferdam_network::nftables::Table {
        chains: vec![chain("own")],
        ..table()
    };
    vec![
        case(Operation::ReplaceChains { place, table: own() }, |ground| {
            let table = cofferdam_network::nftables::Table {
                chains: vec![chain("own")],
                ..table()
            };
            ground.kernel.replace_chains(Place::Host, &table).unwrap();
        }),
        case(
            Operation::DeleteTable {
                place,
                table: table().id,
            },
            |ground| ground.kernel.delete_table(Place::Host, &table().id).unwrap(),
        ),
        case(
            Operation::DeleteChain {
                place,
                table: table().id,
                chain: "own".to_owned(),
            },
            |ground| {
                let kernel = &mut ground.kernel;
                kernel
                    .create_chain(Place::Host, &table().id, &[set()], &chain("own"))
                    .unwrap();
                kernel.delete_chain(Place::Host, &table().id, "own").unwrap();
            },
        ),
    ]
}

#[test]
fn what_was_done_is_no_difference() {
    needs_kernel!();
    of_each(|ground, _, case| {
        let history = committed(ground, &[case]);
        let done = ground.picture();
        assert_eq!(differences(ground, &history), [""; 0]);
        assert_eq!(ground.picture(), done, "nothing is changed by looking");
    });
}

#[test]
fn what_was_undone_by_hand_is_the_one_difference() {
    needs_kernel!();
    let seen = std::sync::Mutex::new(BTreeSet::new());
    of_each(|ground, number, case| {
        let history = committed(ground, &[case]);
        by_hand::undo(ground, &case.operation, &case.inverse);
        let found = compared(ground, &history);
        let expected = match &case.operation {
            Operation::CreateVxlan { .. } => "- link vx42 in the host namespace is gone",
            Operation::AddVxlanPeer { .. } => "+ peer 192.0.2.7 of link vx43 in the host namespace is gone",
            _ => SENTENCES.get(number).copied().unwrap_or("a case without its sentence"),
        };
        let sentences: Vec<String> = found.iter().map(ToString::to_string).collect();
        if expected.is_empty() {
            assert_eq!(sentences, [""; 0]);
            return;
        }
        let (mark, sentence) = expected.split_at(1);
        // Records are in a directory of the test's own.
        let root = ground.state.root().to_string_lossy().into_owned();
        let sentences: Vec<String> = sentences.iter().map(|text| text.replace(&root, "ROOT")).collect();
        assert_eq!(sentences, [sentence.trim_start()]);
        assert_eq!(found[0].mendable, mark == "+", "{}", found[0]);
        assert_eq!(found[0].operation, case.operation.to_string());
        assert_eq!(found[0].plugin, "bridge");
        seen.lock().unwrap().insert(number);
    });
    assert!(
        seen.into_inner().unwrap().len() >= SENTENCES.iter().filter(|sentence| !sentence.is_empty()).count(),
        "each was looked at"
    );
}

/// In the order of the cases: `+` where a repair mends it. A slot of a limit
/// is no part of the node, and neither are flows that were forgotten.
const SENTENCES: &[&str] = &[
    "- link x0 in the container namespace is gone",
    "- link x1 in the host namespace is gone",
    "- link x2 in the container namespace is gone",
    "- link w0 in the host namespace is gone",
    "+ the state of link nic2 in the host namespace is down instead of up",
    "+ mtu of link nic0 in the host namespace is 1300 instead of 1400",
    "+ the address of link nic2 in the host namespace is 02:00:00:00:00:66 instead of 02:00:00:00:00:40",
    "+ promiscuous mode of link nic0 in the host namespace is off instead of on",
    "+ all-multicast mode of link nic0 in the host namespace is off instead of on",
    "+ the transmit queue length of link nic0 in the host namespace is 501 instead of 500",
    "+ link nic0 in the host namespace is no port instead of a port of br0",
    "- link nic2 in the host namespace is a port of br0 instead of no port",
    "+ hairpin mode of link nic2 in the host namespace is off instead of on",
    "+ isolation of link nic2 in the host namespace is off instead of on",
    "- address 2001:db8::1/64 of link nic0 in the host namespace is there again instead of gone",
    "+ address 203.0.113.5/24 of link nic0 in the host namespace is gone",
    "- route 198.51.100.0/24 via 192.0.2.254 through link nic0 in the host namespace is there again instead of gone",
    "+ route 203.0.113.0/24 through link nic0 in the host namespace is gone",
    "+ route 2001:db8:1::/48 through link nic0 in the host namespace is gone",
    "+ route 203.0.113.0/24 through link nic0 in the host namespace is gone",
    "- rule from 192.0.2.77/32 to all lookup 100 in the host namespace is there again instead of gone",
    "+ rule from all to all lookup 100 in the host namespace is gone",
    "- neighbour 192.0.2.9 of link nic0 in the host namespace is there again instead of gone",
    "+ neighbour 192.0.2.8 of link nic0 in the host namespace is gone",
    "+ the limit of link nic0 in the host namespace is gone",
    "+ what comes in on link nic0 in the host namespace is not redirected instead of redirected to nic2",
    "",
    "- element 10.0.0.1 of s of nftables table inet t in the host namespace is there again instead of gone",
    "+ element 10.0.0.2 of s of nftables table inet t in the host namespace is gone",
    "- bridge cni0 in the host namespace is gone",
    "- link br0.5 in the host namespace is gone",
    "+ address 10.22.0.1/16 of link br0 in the host namespace is gone",
    "+ nftables table inet other in the host namespace is gone",
    "+ nftables table inet third in the host namespace is gone",
    "+ chain own of nftables table inet t in the host namespace is gone",
    "+ element 10.0.0.7 of s of nftables table inet t in the host namespace is gone",
    "+ acceptance of what 10.22.0.5 forwards in nftables table ip filter is gone",
    "+ acceptance of what published ports lead to 10.22.0.5 in nftables table ip filter is gone",
    "+ 10.22.0.5 in zone trusted of firewalld is gone",
    "+ rule of chain FORWARD that leads to chain CNI-FORWARD of nftables table ip6 filter is gone",
    "+ mtu of link nic0 in the host namespace is 1300 instead of 1400",
    "+ sysctl net/ipv4/ip_forward in the host namespace is \"0\" instead of \"1\"",
    "+ sysctl net/ipv4/ip_forward in the container namespace is \"0\" instead of \"1\"",
    "+ the claim on address 10.22.0.2 in ROOT/records is gone",
    "",
    "- the record of plugin dhcp is gone",
    "- link net1 in the container namespace is gone",
    "+ nftables table inet t in the host namespace is gone",
    "- nftables table inet t in the host namespace is there again instead of gone",
    "- chain own of nftables table inet t in the host namespace is there again instead of gone",
];

/// Both elements are told of, where two were added.
#[test]
fn each_missing_element_is_told_of() {
    needs_kernel!();
    Ground::run(|ground| {
        let cases = all(ground);
        let case = cases
            .iter()
            .find(|case| matches!(case.operation, Operation::AddElements { .. }))
            .unwrap();
        let history = committed(ground, &[case]);
        let both = [element("10.0.0.2"), element("10.0.0.3")];
        ground
            .kernel
            .delete_elements(Place::Host, &table().id, &set(), &both)
            .unwrap();
        assert_eq!(
            differences(ground, &history),
            [
                "element 10.0.0.2 of s of nftables table inet t in the host namespace is gone",
                "element 10.0.0.3 of s of nftables table inet t in the host namespace is gone",
            ]
        );
    });
}

#[test]
fn what_somebody_put_in_the_place_is_told_of_and_not_mendable() {
    needs_kernel!();
    of_each(|ground, _, case| {
        let history = committed(ground, &[case]);
        if !by_hand::replace(ground, &case.operation) {
            return;
        }
        let found = compared(ground, &history);
        assert!(!found.is_empty(), "{}", case.operation);
        for difference in found {
            assert!(!difference.mendable && difference.found != "gone", "{difference}");
        }
    });
}
