//! The contract itself: within a minor version it only grows.

use cofferdam_tests::Products;

use crate::{
    kept::{VERSIONS, directory},
    text::Contract,
};

#[test]
fn todays_contract_keeps_what_earlier_ones_promised() {
    let today = Contract::read(&Products::workspace().join("wit"));
    for version in VERSIONS {
        let earlier = Contract::read(&directory(version).join("wit"));
        assert_eq!(earlier.broken_by(&today), [""; 0], "since {version}");
        assert_eq!(earlier.asked_for_by(&today), [""; 0], "since {version}");
    }
}

const CONTRACT: &str = "
package cofferdam:cni@0.1.0;
interface links {
    record info { name: string, index: u32 }
    enum state { up, down }
    variant way { direct, through(string) }
    resource link { up: func(way: way) -> result<info, state>; }
    find: func(name: string) -> option<link>;
}
interface plugin { add: func(config: string) -> list<string>; }
interface keeper { keep: func(); }
world cni-plugin { import links; export plugin; }
";

#[test]
fn what_would_keep_a_component_from_running_is_told() {
    let contract = Contract::parse(CONTRACT);
    for (was, is, told) in [
        (
            "index: u32 }",
            "index: u32, mtu: u32 }",
            "type links.info was record { name: string, index: u32 } and is record { name: string, index: u32, mtu: u32 }",
        ),
        (
            "up, down }",
            "up, down, dormant }",
            "type links.state was enum { up, down } and is enum { up, down, dormant }",
        ),
        (
            "through(string)",
            "through(u32)",
            "type links.way was variant { direct, through(string) } and is variant { direct, through(u32) }",
        ),
        (
            "find: func(name: string) -> option<link>;",
            "",
            "function links.find is gone",
        ),
        (
            "find: func(name: string)",
            "find: func(name: string, kind: string)",
            "function links.find was (name: string) -> option<own<links.link>> and is (name: string, kind: string) -> option<own<links.link>>",
        ),
        (
            "up: func(way: way)",
            "up: func(way: string)",
            "function links.[method]link.up was (self: borrow<links.link>, way: links.way) -> result<links.info, links.state> and is (self: borrow<links.link>, way: string) -> result<links.info, links.state>",
        ),
        (
            "import links; export",
            "export",
            "world cni-plugin imports cofferdam:cni/links is gone",
        ),
        (
            "export plugin;",
            "",
            "world cni-plugin exports cofferdam:cni/plugin is gone",
        ),
    ] {
        assert!(CONTRACT.contains(was), "{was}");
        let later = Contract::parse(&CONTRACT.replace(was, is));
        assert_eq!(contract.broken_by(&later), [told], "{was} → {is}");
    }
}

#[test]
fn a_new_demand_on_components_is_told() {
    let contract = Contract::parse(CONTRACT);
    let later = Contract::parse(&CONTRACT.replace("export plugin;", "export plugin; export keeper;"));
    assert_eq!(contract.broken_by(&later), [""; 0]);
    assert_eq!(
        contract.asked_for_by(&later),
        ["world cni-plugin exports cofferdam:cni/keeper"]
    );
}

#[test]
fn what_is_only_added_is_fine() {
    let contract = Contract::parse(CONTRACT);
    for (was, is) in [
        ("find: func", "all: func() -> list<link>; find: func"),
        ("enum state", "record more { mtu: u32 } enum state"),
        ("interface plugin", "interface routes { add: func(); } interface plugin"),
        ("world cni-plugin", "world other { export keeper; } world cni-plugin"),
    ] {
        assert!(CONTRACT.contains(was), "{was}");
        let later = Contract::parse(&CONTRACT.replacen(was, is, 1));
        assert_eq!(contract.broken_by(&later), [""; 0], "{was} → {is}");
        assert_eq!(contract.asked_for_by(&later), [""; 0], "{was} → {is}");
    }
}
