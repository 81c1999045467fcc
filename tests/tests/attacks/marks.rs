//! Marks of packets, by which other components of the node decide.

use cofferdam_tests::needs_kernel;
use serde_json::json;

use crate::{
    arena::Arena,
    packet_scope::{GRANTS, attached, element, forward, table, then},
};

/// Every packet, which is no word on marks.
const ALL_BUT_MARKS: &str = r#"
[[plugin.hostile.grant]]
allow = "nftables.table"
in = "host"
family = "inet"
tables = ["hostile"]
hooks = ["forward"]
priorities = [0]
scope = "all"
"#;

#[test]
fn a_mark_is_not_set_unless_it_is_granted_whosever_the_packets_are() {
    needs_kernel!();
    let arena = Arena::with_grants(&format!("{GRANTS}\n{ALL_BUT_MARKS}"));
    for (mark, granted) in [
        // What kube-proxy masquerades.
        ("4000/4000", "0x4000/0x4000"),
        // Of others' bits nothing is kept.
        ("1", "0x1"),
        ("0/ffff", "0x0/0xffff"),
        // Another value than the granted one, and bits beyond it.
        ("0/1", "0x0/0x1"),
        ("3/3", "0x3/0x3"),
        ("3/1", "0x3/0x3"),
    ] {
        for rule in [format!("mark {mark} if from @sources"), format!("mark {mark}")] {
            let direct = json!([forward(&[&rule])]);
            let reached = json!([table(&json!([
                { "name": "a", "base": ["filter", "forward", 0], "rules": ["jump b if from @sources", "decide source-verdicts"] },
                { "name": "b", "rules": [rule] },
            ]))]);
            let later = then(
                attached(),
                [json!({
                    "do": "ensure-chain", "in": "host", "table": { "family": "inet", "name": "hostile" },
                    "chain": { "name": "later", "rules": [rule] }
                })],
            );
            for calls in [direct, reached, later] {
                let grant = format!("marks = [\"{granted}\"]");
                arena.denied(
                    &rule,
                    &calls,
                    "nftables.table",
                    &format!("with rules that set mark {granted}"),
                    &grant,
                );
            }
        }
    }
    let own = then(
        attached(),
        [
            forward(&["mark 1/1 if from @sources"]),
            element("sources", &json!({ "address": "10.22.0.9" })),
            json!({ "do": "tell" }),
        ],
    );
    assert_eq!(arena.fails("what is granted", &own).code, 999);
}

#[test]
fn the_containers_own_marks_are_not_bounded() {
    needs_kernel!();
    let arena = Arena::with_grants(
        "\n[[plugin.hostile.grant]]\nallow = \"nftables.table\"\nin = \"container\"\nfamily = \"inet\"\ntables = \
         [\"hostile\"]\nhooks = [\"output\"]\npriorities = [0]\n",
    );
    let chains = json!([{ "name": "a", "base": ["filter", "output", 0], "rules": ["mark 4000/4000"] }]);
    let mut inside = table(&chains);
    inside["in"] = json!("container");
    assert_eq!(arena.fails("its own", &json!([inside, { "do": "tell" }])).code, 999);
}
