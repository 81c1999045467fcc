//! An ADD once more: with the components that there were, all is the same.

use std::path::PathBuf;

use cofferdam_tests::{Container, firewalld::Firewalld, furnish_eth1, needs_kernel, with};
use serde_json::json;

use crate::{
    desk::assert_equal,
    node::{SOME_GRANTS, both_families, fused, host_local, masquerading, network, recordings, site},
};

#[test]
fn an_add_that_succeeded_is_the_same_again() {
    needs_kernel!();
    let upon = json!({ "master": "eth1", "ipam": host_local() });
    for (plugins, config) in [
        (&["loopback"][..], network("loopback", json!({}))),
        (&["bridge", "host-local"], masquerading()),
        (&["bridge", "host-local"], both_families()),
        (
            &["ptp", "host-local"],
            network("ptp", json!({ "ipMasq": true, "ipam": host_local() })),
        ),
        (&["macvlan", "host-local"], network("macvlan", upon)),
        (&["bridge", "host-local", "tuning"], fused()),
    ] {
        let site = site("always", &plugins[..1]);
        furnish_eth1(site.node());
        // The second one meets what the first one made.
        for id in ["first", "second"] {
            let output = site.try_add(&Container::new(id), &config);
            assert_eq!(output.code, 0, "{config}: {output:?}");
            assert_equal(&site, plugins, &output);
        }
    }
}

#[test]
fn an_add_to_what_another_plugin_made_is_the_same_again() {
    needs_kernel!();
    let rate =
        json!({ "ingressRate": 8_000_000, "ingressBurst": 800_000, "egressRate": 8_000_000, "egressBurst": 800_000 });
    let mappings = json!([{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }]);
    for (plugin, more) in [
        ("tuning", json!({ "mac": "02:00:00:00:00:07", "promisc": true })),
        ("bandwidth", rate),
        (
            "portmap",
            json!({ "snat": true, "runtimeConfig": { "portMappings": mappings } }),
        ),
        ("firewall", json!({})),
        ("sbr", json!({})),
    ] {
        let site = site("always", &[plugin]);
        let container = Container::new("c1");
        let result = site.add(&container, &masquerading());
        assert_eq!(recordings(&site), Vec::<PathBuf>::new(), "bridge is not to be recorded");
        let output = site.try_add(
            &container,
            &network(plugin, with(more, json!({ "prevResult": result }))),
        );
        assert_eq!(output.code, 0, "{plugin}: {output:?}");
        assert_equal(&site, &[plugin], &output);
    }
}

#[test]
fn what_went_into_a_zone_of_firewalld_goes_there_again() {
    needs_kernel!();
    let site = site("always", &["firewall"]);
    let Some(_firewalld) = Firewalld::start(&site) else {
        return;
    };
    let container = Container::new("c1");
    let result = site.add(&container, &masquerading());
    let config = network("firewall", json!({ "prevResult": result }));
    for verb in ["ADD", "CHECK", "DEL"] {
        let output = site.call(verb, &container, &config).run();
        assert_eq!(output.code, 0, "{verb}: {output:?}");
        assert_equal(&site, &["firewall"], &output);
    }
}

#[test]
fn an_add_that_failed_is_the_same_again() {
    needs_kernel!();
    for (attack, said) in [
        ("host-bridge", "cni0"),
        ("unreachable", "was ended"),
        ("panic", "was ended"),
        ("calls", "host calls"),
        ("phantom", ""),
    ] {
        let site = site("failures", &["hostile"]);
        site.installation().policy("hostile.toml", SOME_GRANTS);
        let output = site.try_add(
            &Container::new("c1"),
            &network("cofferdam", json!({ "plugin": "hostile", "attack": attack })),
        );
        assert_eq!(output.code, 1, "{attack}: {output:?}");
        assert!(output.stdout.contains(said), "{output:?}");
        assert_equal(&site, &["hostile"], &output);
    }
}

#[test]
fn no_address_left_and_all_undone_is_the_same_again() {
    needs_kernel!();
    let site = site("failures", &["bridge"]);
    let config = with(masquerading(), json!({ "ipam": { "subnet": "10.22.0.0/30" } }));
    site.add(&Container::new("first"), &config);
    assert_eq!(recordings(&site), Vec::<PathBuf>::new(), "that was no failure");
    let output = site.try_add(&Container::new("second"), &config);
    assert_eq!(output.code, 1, "{output:?}");
    assert_equal(&site, &["bridge", "host-local"], &output);
}
