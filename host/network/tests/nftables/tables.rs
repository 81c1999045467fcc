//! Tables come and go as a whole.

use cofferdam_network::{
    Network,
    nftables::{Action, ChainType, Family, Field, Hook, Match, Table, Value, ValueType, Verdict},
};
use cofferdam_protocol::Place;

use crate::fixture::{
    accept, address, assert_conflict, assert_exists, assert_not_found, assert_ruleset, base_chain, chain,
    in_new_namespace, member, rule, set, table, table_id,
};

#[test]
fn a_table_is_made_once_and_deleted_once() {
    in_new_namespace(|kernel| {
        let table = table(Family::Inet, vec![], vec![accept(vec![])]);
        assert!(!kernel.has_table(Place::Host, &table.id).unwrap());
        kernel.create_table(Place::Host, &table).unwrap();
        assert!(kernel.has_table(Place::Host, &table.id).unwrap());
        let other_family = table_id(Family::Ip, "t");
        assert!(!kernel.has_table(Place::Host, &other_family).unwrap());
        assert_exists(kernel.create_table(Place::Host, &table), &["table inet t"]);
        kernel.delete_table(Place::Host, &table.id).unwrap();
        assert!(!kernel.has_table(Place::Host, &table.id).unwrap());
        assert_not_found(kernel.delete_table(Place::Host, &table.id), &["table inet t"]);
        assert_ruleset("");
    });
}

#[test]
fn a_table_with_one_impossible_rule_is_not_made_at_all() {
    in_new_namespace(|kernel| {
        // Only the kernel can tell: the chain is called from a hook where
        // nothing can be masqueraded.
        let jump = rule(vec![], vec![Action::Verdict(Verdict::Jump("own".to_owned()))]);
        let table = Table {
            id: table_id(Family::Inet, "t"),
            sets: vec![set("s", &[ValueType::Port])],
            chains: vec![
                base_chain("base", ChainType::Filter, Hook::Input, 0, vec![jump]),
                chain("own", vec![rule(vec![], vec![Action::Masquerade])]),
            ],
        };
        let error = kernel.create_table(Place::Host, &table).unwrap_err();
        assert!(error.to_string().contains("table inet t"), "{error}");
        assert_ruleset("");
    });
}

#[test]
fn chains_that_lead_in_a_circle_are_refused_as_a_whole() {
    in_new_namespace(|kernel| {
        let to = |name: &str| vec![rule(vec![], vec![Action::Verdict(Verdict::Jump(name.to_owned()))])];
        let table = Table {
            id: table_id(Family::Inet, "t"),
            sets: vec![],
            chains: vec![
                base_chain("base", ChainType::Filter, Hook::Input, 0, to("a")),
                chain("a", to("b")),
                chain("b", to("a")),
            ],
        };
        crate::fixture::assert_invalid(kernel.create_table(Place::Host, &table), &["table inet t", "circle"]);
        assert_ruleset("");
    });
}

#[test]
fn replacing_chains_keeps_elements_and_what_is_not_declared() {
    in_new_namespace(|kernel| {
        let place = Place::Host;
        let hosts = set("hosts", &[ValueType::Ipv4Address]);
        let counted = |negate| {
            let matching = Match::InSet {
                fields: vec![Field::IpSource],
                set: "hosts".to_owned(),
                negate,
            };
            rule(vec![matching], vec![Action::Count])
        };
        let mut table = table(Family::Inet, vec![hosts.clone()], vec![counted(false)]);
        kernel.create_table(place, &table).unwrap();
        let members = [member(vec![address("10.0.0.1")])];
        kernel.add_elements(place, &table.id, &hosts, &members, "one").unwrap();

        // Two more sets of rules later: `own` is not declared any more,
        // `base` is called later than it was, `new` and a set are new.
        let port = accept(vec![Match::Value {
            field: Field::SourcePort,
            value: Value::Port(1),
            negate: false,
        }]);
        table.sets.push(set("ports", &[ValueType::Port]));
        table.chains = vec![
            base_chain("base", ChainType::Filter, Hook::Input, 10, vec![counted(true), port]),
            chain("new", vec![accept(vec![])]),
        ];
        for _ in 0..2 {
            kernel.replace_chains(place, &table).unwrap();
            assert_ruleset(include_str!("golden/replaced.nft"));
        }
    });
}

#[test]
fn replacing_chains_needs_the_table_and_sets_of_the_same_kind() {
    in_new_namespace(|kernel| {
        let place = Place::Host;
        let mut table = table(Family::Inet, vec![set("s", &[ValueType::Port])], vec![]);
        assert_not_found(kernel.replace_chains(place, &table), &["table inet t"]);
        kernel.create_table(place, &table).unwrap();
        table.sets = vec![set("s", &[ValueType::Ipv6Address])];
        assert_conflict(kernel.replace_chains(place, &table), &["set s", "table inet t"]);
    });
}

#[test]
fn a_table_of_a_thousand_rules_is_one_transaction() {
    in_new_namespace(|kernel| {
        let rules = (0..1_000)
            .map(|number| {
                accept(vec![Match::Value {
                    field: Field::SourcePort,
                    value: Value::Port(number),
                    negate: false,
                }])
            })
            .collect();
        let table = table(Family::Inet, vec![], rules);
        kernel.create_table(Place::Host, &table).unwrap();
        kernel.replace_chains(Place::Host, &table).unwrap();
        assert_exists(kernel.create_table(Place::Host, &table), &["table inet t"]);
        kernel.delete_table(Place::Host, &table.id).unwrap();
    });
}
