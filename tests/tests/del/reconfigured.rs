//! DEL with a configuration that was changed since ADD so far that nothing is
//! on record under the names it tells: a renamed network, a list that became a
//! chain.

use cofferdam_tests::{Container, Snapshot, needs_kernel, with};
use serde_json::{Value, json};

use crate::{config, picture, site};

fn renamed(config: Value) -> Value {
    with(config, json!({ "name": "yournet" }))
}

fn chained(config: Value) -> Value {
    let member = with(config, json!({ "cniVersion": null, "name": null }));
    json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam", "chain": [member] })
}

#[test]
fn what_was_attached_under_other_names_is_detached() {
    needs_kernel!();
    for (what, before, now) in [
        ("a network of another name", config(), renamed(config())),
        ("a chain that was a list", config(), chained(config())),
        ("a list that was a chain", chained(config()), config()),
        (
            "a list of another name that was a chain",
            chained(config()),
            renamed(config()),
        ),
        (
            "another name, and hardly anything else",
            config(),
            json!({ "cniVersion": "1.1.0", "name": "yournet", "type": "bridge" }),
        ),
    ] {
        let site = site();
        let empty = picture(&site);
        let container = Container::new("c1");
        let inside = Snapshot::of(&container.namespace);
        site.add(&container, &before);

        let output = site.call("DEL", &container, &now).run();

        assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{what}: {output}");
        assert!(
            output.stderr.contains("as which it was attached"),
            "{what}: the operator is told: {output}"
        );
        let left = empty.difference(&picture(&site));
        assert!(left.is_empty(), "{what}: {left}\n{output}");
        inside.assert_same(&Snapshot::of(&container.namespace));
        site.del(&container, &now);
    }
}

#[test]
fn what_was_attached_under_another_name_goes_when_the_container_is_gone() {
    needs_kernel!();
    let site = site();
    let empty = picture(&site);
    let container = Container::new("c1");
    site.add(&container, &config());
    drop(container.namespace);
    let gone = Container::new("c1");

    let del = site.call("DEL", &gone, &renamed(config())).netns_path("");

    del.run().silent_success();
    empty.assert_same(&picture(&site));
}

/// Only one of the name, and what lives is somebody's.
#[test]
fn another_container_and_another_interface_stay() {
    needs_kernel!();
    let site = site();
    let container = Container::new("c1");
    site.add(&container, &config());
    let attached = picture(&site);
    let inside = Snapshot::of(&container.namespace);
    let elsewhere = Container::new("c1");
    let renamed = renamed(config());

    site.del(&elsewhere, &renamed);
    site.del(&Container::new("c2"), &renamed);
    site.call("DEL", &container, &renamed)
        .ifname("eth1")
        .run()
        .silent_success();
    site.call("DEL", &container, &renamed)
        .netns_path("")
        .run()
        .silent_success();
    site.call("DEL", &container, &with(loopback(), json!({ "name": "yournet" })))
        .run()
        .silent_success();

    attached.assert_same(&picture(&site));
    inside.assert_same(&Snapshot::of(&container.namespace));
}

/// Another plugin than the one that attached it.
fn loopback() -> Value {
    json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "loopback" })
}

/// A runtime calls DEL for an ADD that failed, and may call it again. It is
/// not taken for one of the network that has the interface.
#[test]
fn an_add_that_finds_the_interface_taken_takes_nothing_from_the_other_network() {
    needs_kernel!();
    let site = site();
    let empty = picture(&site);
    let container = Container::new("c1");
    site.add(&container, &config());
    let links = container.namespace.link_names();
    let second = with(
        renamed(config()),
        json!({ "bridge": "cni1", "ipam": { "subnet": "10.23.0.0/16" } }),
    );

    let refused = site.try_add(&container, &second);
    assert!(refused.error().text().contains("eth0"), "{refused}");
    for _ in 0..3 {
        site.del(&container, &second);
    }

    assert_eq!(container.namespace.link_names(), links);
    assert_eq!(site.leased("mynet").len(), 1);
    site.del(&container, &config());
    site.add(&container, &second);
    site.del(&container, &second);
    empty.assert_same(&picture(&site));
}

/// In a list the other plugins of the network are called as well, though their
/// ADD never was.
#[test]
fn plugins_that_were_not_reached_by_a_failed_add_take_nothing_from_the_other_network() {
    needs_kernel!();
    let site = site();
    let container = Container::new("c1");
    let result = site.add(&container, &config());
    let tuning = |name: &str| {
        json!({
            "cniVersion": "1.1.0", "name": name, "type": "tuning", "mtu": 1400, "prevResult": result,
        })
    };
    site.add(&container, &tuning("mynet"));
    let mtu = || container.namespace.link("eth0").unwrap()["mtu"].clone();
    assert_eq!(mtu(), 1400);
    site.try_add(&container, &renamed(config())).error();

    site.del(&container, &tuning("yournet"));

    assert_eq!(mtu(), 1400);
}
