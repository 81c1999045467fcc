//! Limits for an attachment, a network and a tenant.

use std::thread;

use cofferdam_tests::{CniError, Container, Output, Site, Snapshot, needs_kernel, with};
use serde_json::{Value, json};

use crate::arena::{QUOTA, config, own_pair};

/// A node with a plugin that may make pairs, as many as `limit` says.
fn site(limit: &str) -> Site {
    let site = Site::new();
    let policy = format!(
        r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["veth"]
names = ["*"]
{limit}

[[plugin.hostile.grant]]
allow = ["link.see", "link.create", "link.set"]
in = "container"
"#
    );
    site.installation().policy("hostile.toml", &policy);
    site
}

/// A pair whose host's end has a name that the host chooses.
fn pair() -> Value {
    json!([{ "do": "veth", "first": { "in": "host" }, "second": { "in": "container", "name": "eth0" } }])
}

fn containers(count: usize) -> Vec<Container> {
    (0..count).map(|number| Container::new(&format!("c{number}"))).collect()
}

#[track_caller]
fn assert_full(output: Output, whose: &str) {
    let error: CniError = output.error();
    assert_eq!(error.code, QUOTA, "{error:?}");
    assert!(error.message.contains(whose), "{error:?}");
}

#[test]
fn a_network_has_no_more_than_its_limit_at_a_time() {
    needs_kernel!();
    let site = site("max-per-network = 2");
    let before = site.snapshot();
    let all = containers(4);
    let network = config(&pair());
    for container in &all[..2] {
        site.add(container, &network);
    }
    let full = site.snapshot();
    let whose = "2 of these for all attachments of the network together";
    assert_full(site.try_add(&all[2], &network), whose);
    full.assert_same(&site.snapshot());
    let other = with(network.clone(), json!({ "name": "othernet" }));
    site.add(&all[3], &other);
    site.del(&all[0], &network);
    site.add(&all[2], &network);
    assert_full(site.try_add(&all[0], &network), whose);
    for container in &all[1..3] {
        site.del(container, &network);
    }
    site.del(&all[3], &other);
    before.assert_same(&site.snapshot());
}

#[test]
fn a_tenant_has_no_more_than_its_limit_at_a_time() {
    needs_kernel!();
    let site = site("max-per-tenant = 1");
    let add = |container: &Container, tenant: Option<&str>, network: &str| {
        let config = with(config(&pair()), json!({ "name": network }));
        let args = tenant.map_or(String::new(), |tenant| format!("K8S_POD_NAMESPACE={tenant}"));
        site.call("ADD", container, &config).args(&args).run()
    };
    let all = containers(6);
    add(&all[0], Some("team-a"), "mynet").result();
    assert_full(add(&all[1], Some("team-a"), "mynet"), "all attachments of the tenant");
    assert_full(
        add(&all[1], Some("team-a"), "othernet"),
        "all attachments of the tenant",
    );
    add(&all[2], Some("team-b"), "mynet").result();
    add(&all[3], None, "mynet").result();
    assert_full(add(&all[4], None, "mynet"), "all attachments without a tenant");
    site.del(&all[0], &config(&pair()));
    add(&all[1], Some("team-a"), "mynet").result();
}

#[test]
fn what_came_to_nothing_does_not_count() {
    needs_kernel!();
    let site = site("max-per-network = 1\nmax = 2");
    let all = containers(2);
    for calls in [
        // The ADD fails afterwards.
        json!([own_pair(), { "do": "find", "in": "host", "name": "up0" }]),
        // The kernel refuses.
        json!([{
            "do": "veth",
            "first": { "in": "host", "name": "lo" },
            "second": { "in": "container", "name": "eth0" },
        }]),
    ] {
        let error = site.try_add(&all[0], &config(&calls)).error();
        assert_ne!(error.code, QUOTA, "{error:?}");
    }
    // Within one call, too: the refusals are no reason to stop.
    let taken = json!({
        "do": "veth",
        "first": { "in": "host", "name": "lo" },
        "second": { "in": "container", "name": "eth0" },
    });
    let calls = json!([taken, taken, taken, own_pair()]);
    site.add(&all[0], &with(config(&calls), json!({ "undaunted": true })));
    assert!(site.node().link("vethown").is_some());
    assert_full(site.try_add(&all[1], &config(&pair())), "the network");
}

#[test]
fn of_many_at_once_as_many_succeed_as_there_may_be() {
    needs_kernel!();
    let site = site("max-per-network = 3");
    let all = containers(8);
    let network = config(&pair());
    let succeeded = thread::scope(|scope| {
        let (site, network) = (&site, &network);
        let adds: Vec<_> = all
            .iter()
            .map(|container| scope.spawn(move || site.try_add(container, network)))
            .collect();
        let outputs = adds.into_iter().map(|add| add.join().unwrap());
        outputs.filter(|output| output.code == 0).count()
    });
    assert_eq!(succeeded, 3);
}

#[test]
fn a_limit_that_was_lowered_holds_for_what_is_there() {
    needs_kernel!();
    let site = site("max-per-network = 3");
    let all = containers(4);
    let network = config(&pair());
    for container in &all[..3] {
        site.add(container, &network);
    }
    let policy = site.installation().root().join("etc/cofferdam/policy.d/hostile.toml");
    let text = std::fs::read_to_string(&policy).unwrap();
    site.installation().policy(
        "hostile.toml",
        &text.replace("max-per-network = 3", "max-per-network = 2"),
    );
    site.del(&all[0], &network);
    assert_full(site.try_add(&all[3], &network), "2 of these");
    site.del(&all[1], &network);
    site.add(&all[3], &network);
    assert_full(site.try_add(&all[0], &network), "2 of these");
}

/// A bridge counts once, and as long as it is there, whoever made it.
#[test]
fn what_is_shared_counts_once() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy(
        "hostile.toml",
        "[plugin.hostile]\n[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = \
         [\"bridge\"]\nnames = [\"cni*\"]\nmax-per-network = 1\n",
    );
    let before = site.snapshot();
    let all = containers(3);
    let bridge = |name: &str| config(&json!([{ "do": "bridge", "in": "host", "name": name }]));
    for container in &all[..2] {
        site.add(container, &bridge("cni0"));
    }
    assert_full(site.try_add(&all[2], &bridge("cni1")), "the network");
    site.del(&all[0], &bridge("cni0"));
    assert_full(site.try_add(&all[2], &bridge("cni1")), "the network");
    site.del(&all[1], &bridge("cni0"));
    site.add(&all[2], &bridge("cni1"));
    site.del(&all[2], &bridge("cni1"));
    before.assert_same(&site.snapshot());
}

/// Each part of a chain has a sandbox of its own, and one limit with the
/// others of the same plugin.
#[test]
fn an_attachment_has_one_limit_whichever_part_of_a_chain_asks() {
    needs_kernel!();
    let site = site("max = 1");
    let container = Container::new("c1");
    let inside = Snapshot::of(&container.namespace);
    let member = |name: &str| {
        let ends = json!([{ "do": "veth", "first": { "in": "host" }, "second": { "in": "container", "name": name } }]);
        json!({ "type": "hostile", "calls": ends })
    };
    let chain = json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "chain": [member("eth0"), member("eth1")],
    });
    assert_full(site.try_add(&container, &chain), "one attachment");
    inside.assert_same(&Snapshot::of(&container.namespace));
}

/// One that allows no more, and another that does.
#[test]
fn a_grant_with_room_is_enough() {
    needs_kernel!();
    let site = site(
        "max-per-network = 1\n\n[[plugin.hostile.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = \
         [\"veth\"]\nnames = [\"veth*\"]\nmax-per-network = 2",
    );
    let all = containers(3);
    let network = config(&pair());
    for container in &all[..2] {
        site.add(container, &network);
    }
    assert_full(site.try_add(&all[2], &network), "of these for");
    // It counts against both, so that one that is gone is no room for two.
    site.del(&all[0], &network);
    let named = config(&json!([{
        "do": "veth",
        "first": { "in": "host", "name": "other0" },
        "second": { "in": "container", "name": "eth0" },
    }]));
    assert_full(site.try_add(&all[2], &named), "1 of these");
    site.add(&all[2], &network);
}
