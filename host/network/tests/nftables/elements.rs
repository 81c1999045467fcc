//! Elements of sets and maps.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Instant,
};

use cofferdam_network::{
    Kernel, Network,
    nftables::{Data, Element, Family, Field, Match, Set, TableId, Value, ValueType, Verdict},
};
use cofferdam_protocol::Place;

use crate::fixture::{
    accept, address, assert_exists, assert_invalid, assert_not_found, in_new_namespace, map, member, nft, set, table,
    table_id, verdict_map,
};

const PLACE: Place = Place::Host;

fn with_set(test: impl FnOnce(&mut Kernel, &TableId, &Set) + Send + 'static) {
    in_new_namespace(|kernel| {
        let set = set("s", &[ValueType::Ipv4Address, ValueType::Port]);
        let table = table(Family::Inet, vec![set.clone()], vec![]);
        kernel.create_table(PLACE, &table).unwrap();
        test(kernel, &table.id, &set);
    });
}

fn endpoint(number: u32) -> Element {
    let host = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number));
    member(vec![Value::Address(host), Value::Port(80)])
}

#[test]
fn an_element_is_added_once_and_deleted_once() {
    with_set(|kernel, id, set| {
        let both = [endpoint(1), endpoint(2)];
        kernel.add_elements(PLACE, id, set, &both, "").unwrap();
        assert_exists(
            kernel.add_elements(PLACE, id, set, &both[1..], ""),
            &["10.0.0.2", "set s", "table inet t"],
        );
        kernel.delete_elements(PLACE, id, set, &both).unwrap();
        assert_not_found(
            kernel.delete_elements(PLACE, id, set, &both),
            &["10.0.0.1", "set s", "table inet t"],
        );
    });
}

#[test]
fn one_bad_element_of_many_leaves_nothing_behind() {
    with_set(|kernel, id, set| {
        kernel
            .add_elements(PLACE, id, set, &[endpoint(1_500)], "first")
            .unwrap();
        // More than one message has room for.
        let many: Vec<_> = (0..3_000).map(endpoint).collect();
        assert_exists(
            kernel.add_elements(PLACE, id, set, &many, "second"),
            &["element 10.0.5.220 . port 80 of set s"],
        );
        assert_not_found(
            kernel.delete_elements(PLACE, id, set, &many),
            &["element 10.0.0.0 . port 80 of set s"],
        );
        for (number, comment) in [(0, None), (1_500, Some("first")), (2_999, None)] {
            let found = kernel.element_comment(PLACE, id, set, &endpoint(number)).unwrap();
            assert_eq!(found.as_deref(), comment, "{number}");
        }
    });
}

#[test]
fn comments_are_read_back_up_to_their_length() {
    with_set(|kernel, id, set| {
        let long = "ä".repeat(100);
        for (number, comment, read) in [
            (1, "", ""),
            (2, "net/pod-1/eth0", "net/pod-1/eth0"),
            (3, long.as_str(), &long[..126]),
        ] {
            let element = endpoint(number);
            kernel
                .add_elements(PLACE, id, set, std::slice::from_ref(&element), comment)
                .unwrap();
            let found = kernel.element_comment(PLACE, id, set, &element).unwrap();
            assert_eq!(found.as_deref(), Some(read));
        }
        if let Some(listing) = nft("list set inet t s") {
            assert!(
                listing.contains(r#"10.0.0.2 . 80 comment "net/pod-1/eth0""#),
                "{listing}"
            );
        }
    });
}

#[test]
fn an_element_that_is_nowhere_has_no_comment() {
    with_set(|kernel, id, known| {
        let missing_set = set("other", &[ValueType::Ipv4Address, ValueType::Port]);
        let missing_table = table_id(Family::Inet, "other");
        for (id, set) in [(id, known), (id, &missing_set), (&missing_table, known)] {
            assert_eq!(kernel.element_comment(PLACE, id, set, &endpoint(1)).unwrap(), None);
            assert_not_found(kernel.delete_elements(PLACE, id, set, &[endpoint(1)]), &["table inet"]);
        }
        assert_not_found(
            kernel.add_elements(PLACE, id, &missing_set, &[endpoint(1)], ""),
            &["set other of nftables table inet t"],
        );
        assert_not_found(
            kernel.add_elements(PLACE, &missing_table, known, &[endpoint(1)], ""),
            &["table inet other"],
        );
    });
}

#[test]
fn a_key_of_a_map_is_taken_whatever_it_leads_to() {
    in_new_namespace(|kernel| {
        let map = map("m", &[ValueType::Port], &[ValueType::Ipv4Address]);
        let verdicts = verdict_map("v", &[ValueType::Mark]);
        let table = table(Family::Ip, vec![map.clone(), verdicts.clone()], vec![]);
        kernel.create_table(PLACE, &table).unwrap();
        let to = |target: &str| Element {
            key: vec![Value::Port(80)],
            data: Some(Data::Values(vec![address(target)])),
        };
        kernel
            .add_elements(PLACE, &table.id, &map, &[to("10.0.0.1")], "a")
            .unwrap();
        for target in ["10.0.0.1", "10.0.0.2"] {
            assert_exists(
                kernel.add_elements(PLACE, &table.id, &map, &[to(target)], "b"),
                &["port 80", "set m"],
            );
        }
        let found = kernel
            .element_comment(PLACE, &table.id, &map, &member(vec![Value::Port(80)]))
            .unwrap();
        assert_eq!(found.as_deref(), Some("a"));
        kernel
            .delete_elements(PLACE, &table.id, &map, &[to("10.0.0.1")])
            .unwrap();

        let nowhere = Element {
            key: vec![Value::Mark(1)],
            data: Some(Data::Verdict(Verdict::Goto("nowhere".to_owned()))),
        };
        assert_not_found(
            kernel.add_elements(PLACE, &table.id, &verdicts, &[nowhere], ""),
            &["chain nowhere", "mark 0x1"],
        );
    });
}

#[test]
fn a_key_has_a_port_only_with_a_protocol_that_has_ports() {
    in_new_namespace(|kernel| {
        let both = [ValueType::Protocol, ValueType::Port];
        let (set, map) = (set("s", &both), map("m", &both, &[ValueType::Ipv4Address]));
        let portless = self::set("p", &[ValueType::Protocol]);
        let table = table(Family::Ip, vec![set.clone(), map.clone(), portless.clone()], vec![]);
        kernel.create_table(PLACE, &table).unwrap();
        let key = |protocol| vec![Value::Protocol(protocol), Value::Port(80)];
        let mapped = |protocol| Element {
            key: key(protocol),
            data: Some(Data::Values(vec![address("10.0.0.1")])),
        };
        // ICMP, IPIP, GRE, ESP, OSPF.
        for protocol in [0, 1, 4, 47, 50, 89, 255] {
            let words = format!("the protocol {protocol} has none");
            for (set, element) in [(&set, member(key(protocol))), (&map, mapped(protocol))] {
                assert_invalid(
                    kernel.add_elements(PLACE, &table.id, set, std::slice::from_ref(&element), ""),
                    &[&words],
                );
                // One of an earlier version can still be found and deleted.
                assert_eq!(kernel.element_comment(PLACE, &table.id, set, &element).unwrap(), None);
            }
            let alone = member(vec![Value::Protocol(protocol)]);
            kernel.add_elements(PLACE, &table.id, &portless, &[alone], "").unwrap();
        }
        // TCP, UDP, DCCP, SCTP, UDP-Lite.
        for protocol in [6, 17, 33, 132, 136] {
            kernel
                .add_elements(PLACE, &table.id, &set, &[member(key(protocol))], "")
                .unwrap();
            kernel
                .add_elements(PLACE, &table.id, &map, &[mapped(protocol)], "")
                .unwrap();
        }
    });
}

#[test]
fn a_protocol_that_is_looked_up_without_a_port_may_have_none() {
    in_new_namespace(|kernel| {
        let set = set("s", &[ValueType::Protocol, ValueType::Ipv4Address]);
        let matches = vec![
            Match::InSet {
                fields: vec![Field::Protocol, Field::IpSource],
                set: "s".to_owned(),
                negate: false,
            },
            Match::Value {
                field: Field::DestinationPort,
                value: Value::Port(80),
                negate: false,
            },
        ];
        let table = table(Family::Ip, vec![set], vec![accept(matches)]);
        kernel.create_table(PLACE, &table).unwrap();
        if let Some(listing) = nft("list table ip t") {
            assert!(listing.contains("meta l4proto { "), "{listing}");
        }
    });
}

#[test]
fn five_thousand_elements_are_one_call_and_one_more_costs_the_same() {
    with_set(|kernel, id, set| {
        let timed = |kernel: &mut Kernel, number: u32| {
            let element = [endpoint(number)];
            let start = Instant::now();
            kernel.add_elements(PLACE, id, set, &element, "x").unwrap();
            let added = start.elapsed();
            kernel.element_comment(PLACE, id, set, &element[0]).unwrap();
            let found = start.elapsed() - added;
            kernel.delete_elements(PLACE, id, set, &element).unwrap();
            (added, found)
        };
        let fastest = |kernel: &mut Kernel| {
            let runs = (0..50).map(|_| timed(kernel, 10_000));
            runs.reduce(|a, b| (a.0.min(b.0), a.1.min(b.1))).unwrap()
        };
        let (added, found) = fastest(kernel);
        eprintln!("at 0 elements: one added in {added:?}, found in {found:?}");

        let many: Vec<_> = (0..5_000).map(endpoint).collect();
        let start = Instant::now();
        kernel.add_elements(PLACE, id, set, &many, &"c".repeat(127)).unwrap();
        eprintln!("5,000 elements added in {:?}", start.elapsed());

        let (added, found) = fastest(kernel);
        eprintln!("at 5,000 elements: one added in {added:?}, found in {found:?}");
        assert!(
            kernel
                .element_comment(PLACE, id, set, &endpoint(4_999))
                .unwrap()
                .is_some()
        );
        kernel.delete_elements(PLACE, id, set, &many).unwrap();
        assert_eq!(kernel.element_comment(PLACE, id, set, &endpoint(0)).unwrap(), None);
    });
}

#[test]
fn no_elements_are_no_request() {
    with_set(|kernel, _, set| {
        let missing = table_id(Family::Inet, "missing");
        kernel.add_elements(PLACE, &missing, set, &[], "").unwrap();
        kernel.delete_elements(PLACE, &missing, set, &[]).unwrap();
    });
}
