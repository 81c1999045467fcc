//! A CHECK once more: what the host finds by the journal, and what the
//! components find.

use std::fs;

use cofferdam_tests::{Container, JournalFile, Site, needs_kernel};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, assert_equal, component},
    node::{both_families, fused, host_local, last, masquerading, network, recordings, site},
};

#[test]
fn a_check_that_finds_nothing_is_the_same_again() {
    needs_kernel!();
    for (plugins, config) in [
        (&["loopback"][..], network("loopback", json!({}))),
        (&["bridge", "host-local"], both_families()),
        (
            &["ptp", "host-local"],
            network("ptp", json!({ "ipMasq": true, "ipam": host_local() })),
        ),
        (&["bridge", "host-local", "tuning"], fused()),
    ] {
        let site = site("always", &plugins[..1]);
        let container = Container::new("c1");
        let result = site.add(&container, &config);
        let output = site.check(&container, &config, &result);
        assert_eq!(output.code, 0, "{config}: {output:?}");
        assert_equal(&site, plugins, &output);
    }
}

/// What somebody does to an attached container.
type Change = fn(&Site, &Container);

#[test]
fn a_check_of_what_somebody_changed_is_the_same_again() {
    needs_kernel!();
    let changes: [(&str, Change); 4] = [
        ("10.22.0.2/16 of link eth0", |_, container| {
            container
                .namespace
                .ip(&["address", "del", "10.22.0.2/16", "dev", "eth0"]);
        }),
        ("bridge cni0 in the host namespace is gone", |site, _| {
            site.node().ip(&["link", "del", "cni0"]);
        }),
        ("the claim on address 10.22.0.2", |site, _| {
            fs::remove_file(site.leases().join("mynet/10.22.0.2")).unwrap();
        }),
        ("its ADD did not end", |site, _| {
            JournalFile::of(site.installation(), "mynet").forget_commit();
        }),
    ];
    for (said, change) in changes {
        let site = site("failures", &["bridge"]);
        let container = Container::new("c1");
        let result = site.add(&container, &masquerading());
        assert_eq!(site.check(&container, &masquerading(), &result).code, 0);
        assert_eq!(recordings(&site).len(), 0, "that was no failure");
        change(&site, &container);
        let output = site.check(&container, &masquerading(), &result);
        assert!(output.code == 1 && output.stdout.contains(said), "{said}: {output:?}");
        assert_equal(&site, &["bridge", "host-local"], &output);
    }
}

/// What the host finds by itself stays; what a component finds is the
/// component's.
#[test]
fn another_component_finds_less() {
    needs_kernel!();
    let site = site("failures", &["bridge"]);
    let container = Container::new("c1");
    let result = site.add(&container, &masquerading());
    container
        .namespace
        .ip(&["address", "del", "10.22.0.2/16", "dev", "eth0"]);
    let recorded = site.check(&container, &masquerading(), &result).error();
    let given = [
        ("bridge", component("hostile")),
        ("host-local", component("host-local")),
    ];
    let replayed = Desk::new().replay(&last(&site), &given, &["--json"]);
    assert_eq!(replayed.code, Some(1), "{replayed:?}");
    let told: Value = serde_json::from_str(&replayed.stdout).unwrap();
    let now: Value = serde_json::from_str(told["outcome"]["now"]["stdout"].as_str().unwrap()).unwrap();
    assert_ne!(now["msg"], recorded.message.as_str(), "{told:#}");
    assert!(now["details"].as_str().unwrap().contains("10.22.0.2/16"), "{told:#}");
}
