//! A DEL once more: what the host undoes by the journal, and then the
//! components' part.

use std::fs;

use cofferdam_tests::{Container, Output, Site, furnish_eth1, needs_kernel, with};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, assert_equal, component},
    node::{SOME_GRANTS, both_families, host_local, last, masquerading, network, recordings, site, whole_chain},
};

fn del(site: &Site, container: &Container, config: &Value) -> Output {
    site.call("DEL", container, config).run()
}

fn hostile(more: Value) -> Value {
    network("cofferdam", with(json!({ "plugin": "hostile" }), more))
}

#[test]
fn a_del_that_succeeded_is_the_same_again() {
    needs_kernel!();
    let upon = json!({ "master": "eth1", "ipam": host_local() });
    for (plugins, config) in [
        (&["loopback"][..], network("loopback", json!({}))),
        (&["bridge", "host-local"], both_families()),
        (
            &["ptp", "host-local"],
            network("ptp", json!({ "ipMasq": true, "ipam": host_local() })),
        ),
        (&["macvlan", "host-local"], network("macvlan", upon)),
        (
            &["bridge", "host-local", "portmap", "firewall", "bandwidth", "tuning"],
            whole_chain(8080),
        ),
    ] {
        let site = site("always", &plugins[..1]);
        furnish_eth1(site.node());
        // A port of the node leads to one container.
        let ids = if config["runtimeConfig"].is_null() {
            &["first", "second"][..]
        } else {
            &["first"]
        };
        let containers: Vec<Container> = ids.iter().copied().map(Container::new).collect();
        for container in &containers {
            site.add(container, &config);
        }
        // The second one takes with it what both had.
        for container in &containers {
            let output = del(&site, container, &config);
            assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{config}: {output:?}");
            assert_equal(&site, plugins, &output);
        }
    }
}

#[test]
fn a_del_of_a_container_that_is_gone_is_the_same_again() {
    needs_kernel!();
    for path in [None, Some("/run/netns/nobody")] {
        let site = site("always", &["bridge"]);
        let container = Container::new("c1");
        site.add(&container, &masquerading());
        let call = site.call("DEL", &container, &masquerading());
        let output = match path {
            Some(path) => call.variable("CNI_NETNS", path).run(),
            None => call.without("CNI_NETNS").run(),
        };
        assert_eq!(output.code, 0, "{path:?}: {output:?}");
        let recording: Value = serde_json::from_slice(&fs::read(last(&site)).unwrap()).unwrap();
        assert_eq!(recording["namespace"], Value::Null);
        assert_equal(&site, &["bridge", "host-local"], &output);
    }
}

#[test]
fn a_del_by_a_path_that_leads_to_another_container_is_the_same_again() {
    needs_kernel!();
    let site = site("always", &["bridge"]);
    let (container, other) = (Container::new("c1"), Container::new("c2"));
    site.add(&container, &masquerading());
    let output = site
        .call("DEL", &container, &masquerading())
        .netns(&other.namespace)
        .run();
    assert_eq!(output.code, 0, "{output:?}");
    assert_equal(&site, &["bridge", "host-local"], &output);
}

#[test]
fn a_del_of_nothing_on_record_is_the_components_alone() {
    needs_kernel!();
    let site = site("failures", &["hostile"]);
    site.installation().policy("hostile.toml", SOME_GRANTS);
    let config = hostile(json!({ "attack": "calls-in-del", "calls": [{ "do": "tell" }] }));
    let output = del(&site, &Container::new("c1"), &config);
    assert_eq!(output.code, 1, "{output:?}");
    assert_equal(&site, &["hostile"], &output);
}

/// The runtime is told of no failure, since all is undone: what the component
/// failed with is in the log, and a reason to record.
#[test]
fn a_del_in_which_only_the_component_failed_is_kept_with_what_it_said() {
    needs_kernel!();
    let site = site("failures", &["hostile"]);
    let policy = SOME_GRANTS.replace("veth*", "*");
    site.installation().policy("hostile.toml", &policy);
    let container = Container::new("c1");
    site.add(&container, &hostile(json!({})));
    let output = del(&site, &container, &hostile(json!({ "attack": "trap-in-del" })));
    assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{output:?}");
    assert_equal(&site, &["hostile"], &output);
    let listed = site.cofferctl_json(&["recordings"]);
    let outcome = listed["recordings"][0]["outcome"].as_str().unwrap();
    assert!(
        outcome.contains("success") && outcome.contains("plugin hostile"),
        "{outcome}"
    );

    let mended = Desk::new().replay(&last(&site), &[("hostile", component("loopback"))], &["--json"]);
    let told: Value = serde_json::from_str(&mended.stdout).unwrap_or_else(|error| panic!("{error}: {mended:?}"));
    assert_eq!(
        told["outcome"]["recorded"]["complaints"].as_array().unwrap().len(),
        1,
        "{told:#}"
    );
    assert_eq!(told["outcome"]["now"]["complaints"], json!([]), "{told:#}");
}

#[test]
fn a_del_without_failures_is_not_kept_where_only_failures_are() {
    needs_kernel!();
    let site = site("failures", &["bridge"]);
    let container = Container::new("c1");
    site.add(&container, &masquerading());
    site.del(&container, &masquerading());
    assert_eq!(recordings(&site).len(), 0);
}
