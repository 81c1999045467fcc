//! A plan, and the ADD.

use cofferdam_tests::{Container, firewalld::Firewalld, furnish_eth1, needs_kernel};
use serde_json::json;

use crate::bench::{Bench, Done, bridge, list, networks, operations, text};

#[test]
fn a_plan_is_what_the_journal_of_the_add_tells() {
    needs_kernel!();
    for (what, network, capabilities) in networks() {
        let bench = Bench::new();
        furnish_eth1(bench.site.node());
        bench.configure(&network);
        let capabilities = capabilities.map(|arguments| arguments.to_string());
        let options: Vec<&str> = capabilities.iter().flat_map(|text| ["--cap-args", text]).collect();
        // The second one meets what the first one made.
        for id in ["first", "second"] {
            if id == "second" && capabilities.is_some() {
                continue;
            }
            let container = Container::new(id);
            let planned = bench.plan(&[&["--id", id], &options[..]].concat());
            assert_eq!(planned["succeeds"], true, "{what}, {id}: {planned:#}");

            bench.add(&container, &options);
            let units = bench.journal(&container);
            let in_order = network["plugins"].as_array().unwrap().iter().flat_map(|plugin| {
                let unit = if plugin["type"] == "cofferdam" {
                    "chain".to_owned()
                } else {
                    text(&plugin["type"])
                };
                units[&unit].clone()
            });
            let done: Vec<Done> = in_order.collect();
            assert_eq!(operations(&planned["operations"]), done, "{what}, {id}");
        }
    }
}

#[test]
fn where_firewalld_runs_a_zone_is_in_the_plan() {
    needs_kernel!();
    let bench = Bench::new();
    let Some(_firewalld) = Firewalld::start(&bench.site) else {
        return;
    };
    bench.configure(&list(&[bridge(false), json!({ "type": "firewall" })]));
    let container = Container::new("c1");
    let planned = bench.plan(&["--id", "c1"]);
    bench.add(&container, &[]);
    let zoned: Vec<Done> = bench.journal(&container)["firewall"].clone();
    let said = "put 10.22.0.2 into zone trusted of firewalld";
    assert_eq!(zoned, [("firewall".to_owned(), said.to_owned())]);
    assert!(operations(&planned["operations"]).ends_with(&zoned), "{planned:#}");
}
