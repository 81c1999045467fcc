//! The node was restarted, and no runtime detached anything: what is left on
//! disk is taken away by the first call, and told of.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use cofferdam_tests::{Boot, Container, Output, Site, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

const BEFORE: &str = "00000000-0000-4000-8000-00000000000a";
const NOW: &str = "00000000-0000-4000-8000-00000000000b";

/// As many containers as the range has addresses.
const CONTAINERS: usize = 13;

fn network() -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "ipam": { "subnet": "10.22.0.0/28", "routes": null } }),
    )
}

/// A node whose addresses are all given out in an earlier boot, as after a
/// restart.
fn full(boot: &Boot) -> Site {
    let site = Site::new();
    for number in 0..CONTAINERS {
        let container = Container::new(&format!("c{number}"));
        site.call("ADD", &container, &network()).run_in(boot).result();
    }
    assert_eq!(site.leased("mynet").len(), CONTAINERS);
    site.restarted()
}

fn lines<'a>(output: &'a Output, words: &str) -> Vec<&'a str> {
    output.stderr.lines().filter(|line| line.contains(words)).collect()
}

fn audited(site: &Site) -> usize {
    let log = fs::read_to_string(site.installation().root().join("var/log/cofferdam/audit.jsonl")).unwrap_or_default();
    log.lines()
        .filter(|line| line.contains("\"event\":\"reclaimed\""))
        .count()
}

#[test]
fn addresses_are_free_again_where_the_state_went_with_the_boot() {
    needs_kernel!();
    let site = full(&Boot::new(BEFORE));
    fs::remove_dir_all(site.installation().state()).unwrap();
    let container = Container::new("next");

    let output = site.call("ADD", &container, &network()).run_in(&Boot::new(NOW));

    output.result();
    assert_eq!(site.leased("mynet").len(), 1);
    assert_eq!(
        lines(&output, "reclaimed address 10.22.0.").len(),
        CONTAINERS,
        "{output}"
    );
    assert_eq!(lines(&output, "container c7 interface eth0").len(), 1, "{output}");
    assert_eq!(audited(&site), CONTAINERS);
}

#[test]
fn attachments_are_reclaimed_where_the_state_outlived_the_boot() {
    needs_kernel!();
    let site = full(&Boot::new(BEFORE));
    let now = Boot::new(NOW);
    let other = with(
        network(),
        json!({ "name": "other", "bridge": "cni1", "ipam": { "subnet": "10.23.0.0/28" } }),
    );
    let container = Container::new("next");

    // The first call of the boot is about another network.
    let output = site.call("ADD", &container, &other).run_in(&now);

    output.result();
    assert_eq!(site.leased("mynet").len(), 0);
    assert_eq!(
        lines(&output, "attached in an earlier boot").len(),
        CONTAINERS,
        "{output}"
    );
    assert_eq!(audited(&site), CONTAINERS);
    // Nothing is left of them in the registries: the same names serve again.
    let container = Container::new("c7");
    let output = site.call("ADD", &container, &network()).run_in(&now);
    output.result();
    assert!(lines(&output, "earlier boot").is_empty(), "{output}");
    site.call("DEL", &container, &network()).run_in(&now).silent_success();
    assert!(site.node().link("cni0").is_none(), "we made it, and the last user left");
}

#[test]
fn a_call_about_an_attachment_of_an_earlier_boot_does_its_own_work() {
    needs_kernel!();
    for verb in ["ADD", "DEL"] {
        let site = full(&Boot::new(BEFORE));
        let now = Boot::new(NOW);
        let again = Container::new("c3");

        let output = site.call(verb, &again, &network()).run_in(&now);

        assert_eq!(output.code, 0, "{output}");
        assert_eq!(site.leased("mynet").len(), usize::from(verb == "ADD"), "{output}");
        site.call("DEL", &again, &network()).run_in(&now).silent_success();
        assert!(site.leased("mynet").is_empty());
    }
}

#[test]
fn nothing_is_taken_for_gone_in_the_same_boot() {
    needs_kernel!();
    let boot = Boot::new(BEFORE);
    for state_is_lost in [false, true] {
        let site = full(&boot);
        if state_is_lost {
            // Somebody cleaned up.
            fs::remove_dir_all(site.installation().state()).unwrap();
        }
        let other = with(
            network(),
            json!({ "name": "other", "bridge": "cni1", "ipam": { "subnet": "10.23.0.0/28" } }),
        );

        for network in [network(), other] {
            let container = Container::new("next");
            let output = site.call("ADD", &container, &network).run_in(&boot);
            assert!(lines(&output, "earlier boot").is_empty(), "{output}");
        }

        assert_eq!(site.leased("mynet").len(), CONTAINERS, "state lost: {state_is_lost}");
        assert_eq!(audited(&site), 0);
    }
}

#[test]
fn what_the_reference_plugin_recorded_stays_as_it_does_not_tell_its_boot() {
    needs_kernel!();
    let site = full(&Boot::new(BEFORE));
    fs::remove_dir_all(site.installation().state()).unwrap();
    let lease = site.leases().join("mynet/10.22.0.9");
    let content = fs::read(&lease).unwrap();
    fs::remove_file(&lease).unwrap();
    fs::write(&lease, content).unwrap();
    let container = Container::new("next");

    let output = site.call("ADD", &container, &network()).run_in(&Boot::new(NOW));

    output.result();
    let leased = site.leased("mynet");
    assert_eq!(leased.len(), 2, "{leased:?}");
    assert!(leased.contains(&"10.22.0.9".to_owned()), "{leased:?}");
}
