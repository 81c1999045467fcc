//! Single chains.

use cofferdam_network::{
    Network,
    nftables::{Action, Data, Element, Family, Field, Value, ValueType, Verdict},
};
use cofferdam_protocol::Place;

use crate::fixture::{
    accept, assert_conflict, assert_exists, assert_invalid, assert_not_found, assert_ruleset, chain, in_new_namespace,
    rule, set, table, table_id, verdict_map,
};

#[test]
fn a_chain_is_made_once_and_deleted_when_nothing_leads_to_it() {
    in_new_namespace(|kernel| {
        let place = Place::Host;
        let map = verdict_map("links", &[ValueType::InterfaceName]);
        let table = table(Family::Inet, vec![map.clone()], vec![]);
        let id = &table.id;
        let pod = chain("pod", vec![accept(vec![])]);
        assert_not_found(kernel.create_chain(place, id, &table.sets, &pod), &["table inet t"]);
        assert!(!kernel.has_chain(place, id, "pod").unwrap());
        kernel.create_table(place, &table).unwrap();
        kernel.create_chain(place, id, &table.sets, &pod).unwrap();
        assert!(kernel.has_chain(place, id, "pod").unwrap());
        assert_eq!(kernel.rule_count(place, id, "pod").unwrap(), Some(1));
        assert_eq!(kernel.rule_count(place, id, "other").unwrap(), None);
        assert_exists(
            kernel.create_chain(place, id, &table.sets, &pod),
            &["chain pod", "table inet t"],
        );

        let jump = [Element {
            key: vec![Value::InterfaceName("veth0".to_owned())],
            data: Some(Data::Verdict(Verdict::Jump("pod".to_owned()))),
        }];
        kernel.add_elements(place, id, &map, &jump, "").unwrap();
        assert_conflict(kernel.delete_chain(place, id, "pod"), &["chain pod", "table inet t"]);
        kernel.delete_elements(place, id, &map, &jump).unwrap();
        kernel.delete_chain(place, id, "pod").unwrap();
        assert!(!kernel.has_chain(place, id, "pod").unwrap());
        assert_not_found(kernel.delete_chain(place, id, "pod"), &["chain pod"]);
    });
}

#[test]
fn the_rules_of_a_chain_are_counted_by_themselves() {
    in_new_namespace(|kernel| {
        let place = Place::Host;
        // More than one answer of the kernel has room for.
        let many = chain("many", vec![accept(vec![]); 500]);
        let few = chain("few", vec![accept(vec![]); 2]);
        let mut table = table(Family::Inet, vec![], vec![]);
        table.chains = vec![many, few, chain("none", vec![])];
        kernel.create_table(place, &table).unwrap();
        for (name, count) in [("many", 500), ("few", 2), ("none", 0)] {
            assert_eq!(
                kernel.rule_count(place, &table.id, name).unwrap(),
                Some(count),
                "{name}"
            );
        }
        let elsewhere = table_id(Family::Ip, "t");
        assert_eq!(kernel.rule_count(place, &elsewhere, "many").unwrap(), None);
    });
}

#[test]
fn a_chain_that_needs_what_is_not_there_is_not_made() {
    in_new_namespace(|kernel| {
        let place = Place::Host;
        kernel
            .create_table(place, &table(Family::Inet, vec![], vec![]))
            .unwrap();
        let id = table_id(Family::Inet, "t");
        let jump = |name: &str| {
            let verdict = Verdict::Jump(name.to_owned());
            chain(
                "pod",
                vec![accept(vec![]), rule(vec![], vec![Action::Verdict(verdict)])],
            )
        };
        assert_not_found(
            kernel.create_chain(place, &id, &[], &jump("nowhere")),
            &["chain nowhere", "rule 2 of chain pod"],
        );
        assert_invalid(
            kernel.create_chain(place, &id, &[], &jump("pod")),
            &["rule 2 of chain pod", "itself"],
        );
        let lookup = chain(
            "pod",
            vec![rule(
                vec![cofferdam_network::nftables::Match::InSet {
                    fields: vec![Field::Mark],
                    set: "marks".to_owned(),
                    negate: false,
                }],
                vec![],
            )],
        );
        assert_not_found(
            kernel.create_chain(place, &id, &[set("marks", &[ValueType::Mark])], &lookup),
            &["set marks", "rule 1 of chain pod"],
        );
        assert!(!kernel.has_chain(place, &id, "pod").unwrap());
        assert_ruleset(
            r#"table inet t {
                comment "made by cofferdam"
                chain base {
                    type filter hook input priority filter; policy accept;
                }
                chain own {
                }
            }"#,
        );
    });
}
