//! A plan, and the ADD.

use cofferdam_tests::{Container, furnish_eth1, needs_kernel};

use crate::bench::{Bench, Done, networks, operations, text};

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
