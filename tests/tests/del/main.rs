//! DEL works whatever became of the attachment, of the plugin and of the
//! configuration, and while an ADD is under way.

#![allow(clippy::unwrap_used, clippy::panic)]

mod reconfigured;

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use cofferdam_tests::{
    Container, Namespace, Output, Site, Snapshot, bridge_network, loopback_network, needs_kernel, with,
};
use serde_json::{Value, json};

fn config() -> Value {
    with(
        bridge_network("1.1.0"),
        json!({ "ipMasq": true, "ipMasqBackend": "nftables" }),
    )
}

fn site() -> Site {
    let site = Site::new();
    site.node().keep_links_bare();
    site
}

fn picture(site: &Site) -> Snapshot {
    site.snapshot().and_state(site.installation())
}

/// Attaches a container, lets something happen, and takes it away again,
/// whatever is told of it: nothing is left on the node.
fn del_after(what: &str, happen: impl FnOnce(&Site, &Container), del: impl FnOnce(&Site, &Container) -> Output) {
    del_of(&config(), what, happen, del);
}

fn del_of(
    config: &Value,
    what: &str,
    happen: impl FnOnce(&Site, &Container),
    del: impl FnOnce(&Site, &Container) -> Output,
) {
    let site = site();
    let other = Container::new("other");
    site.add(&other, config);
    let before = picture(&site);
    let container = Container::new("c1");
    site.add(&container, config);
    happen(&site, &container);

    let output = del(&site, &container);

    assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{what}: {output}");
    let left = before.difference(&picture(&site));
    assert!(left.is_empty(), "{what}: {left}\n{output}");
}

/// The file of a container's journal.
fn journal(site: &Site, container: &Container) -> PathBuf {
    let directory = site.installation().state().join("attachments/mynet");
    let named = format!("\"container_id\":\"{}\"", container.id);
    let mut files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files
        .find(|path| fs::read_to_string(path).unwrap().contains(&named))
        .unwrap()
}

fn plain_del(site: &Site, container: &Container) -> Output {
    site.call("DEL", container, &config()).run()
}

#[test]
fn del_can_be_repeated() {
    needs_kernel!();
    let site = site();
    let before = picture(&site);
    let container = Container::new("c1");
    site.add(&container, &config());
    for _ in 0..3 {
        site.del(&container, &config());
        before.assert_same(&picture(&site));
    }
}

#[test]
fn del_of_what_was_never_added_leaves_nothing() {
    needs_kernel!();
    let site = site();
    let before = picture(&site);
    site.del(&Container::new("c1"), &config());
    before.assert_same(&picture(&site));
}

#[test]
fn del_needs_no_more_of_a_configuration_than_the_networks_name() {
    needs_kernel!();
    for (what, config) in [
        ("nothing else", json!({ "cniVersion": "1.1.0", "name": "mynet" })),
        (
            "garbage",
            json!({
                "cniVersion": "1.1.0", "name": "mynet", "type": "bridge", "bridge": 5, "mtu": "large",
                "ipMasq": "perhaps", "ipam": "none", "prevResult": 7,
            }),
        ),
        (
            "another bridge and another range",
            with(
                config(),
                json!({ "bridge": "cni7", "isGateway": false, "ipMasq": false, "ipam": { "subnet": "10.99.0.0/16" } }),
            ),
        ),
        (
            "an address management that is not there",
            with(config(), json!({ "ipam": { "type": "no-such-plugin" } })),
        ),
    ] {
        del_after(
            what,
            |_, _| {},
            |site, container| site.call("DEL", container, &config).plugin("bridge").run(),
        );
    }
}

#[test]
fn del_works_after_the_components_were_replaced() {
    needs_kernel!();
    let replace = |site: &Site, _: &Container| {
        site.installation().replace_component("bridge", "loopback");
        site.installation().replace_component("host-local", "hostile");
    };
    del_after("replaced components", replace, plain_del);
}

/// Somebody's hand on a link.
type Meddle = fn(&Namespace, &str);

fn deleted(namespace: &Namespace, link: &str) {
    namespace.ip(&["link", "delete", link]);
}

fn renamed(namespace: &Namespace, link: &str) {
    namespace.ip(&["link", "set", link, "down"]);
    namespace.ip(&["link", "set", link, "name", "renamed"]);
}

fn in_disguise(namespace: &Namespace, link: &str) {
    renamed(namespace, link);
    namespace.ip(&["link", "set", "renamed", "address", "02:00:00:00:00:66"]);
}

/// Renamed, with a link of somebody else's under the old name.
fn with_a_decoy(namespace: &Namespace, link: &str) {
    renamed(namespace, link);
    namespace.ip(&["link", "add", link, "type", "bridge"]);
}

fn untouched(_: &Namespace, _: &str) {}

#[test]
fn del_works_whatever_was_done_to_the_ends_by_hand() {
    needs_kernel!();
    let hands: [(&str, Meddle, Meddle); 8] = [
        ("the node's end was deleted", deleted, untouched),
        ("the container's end was deleted", untouched, deleted),
        ("the node's end was renamed", renamed, untouched),
        ("the container's end was renamed", untouched, renamed),
        ("both ends were renamed", renamed, renamed),
        ("the container's end is in disguise", untouched, in_disguise),
        ("both ends are in disguise", renamed, in_disguise),
        ("the container's end has a decoy", untouched, with_a_decoy),
    ];
    for (what, outer, inner) in hands {
        let happen = |site: &Site, container: &Container| {
            let outer_end = outer_end(container, site);
            inner(&container.namespace, "eth0");
            outer(site.node(), &outer_end);
        };
        del_after(what, happen, plain_del);
    }
}

/// The name of the node's end.
fn outer_end(container: &Container, site: &Site) -> String {
    let index = container.namespace.link("eth0").unwrap()["link_index"].clone();
    let links = site.node().ip_json(&["link", "show"]);
    let end = links.iter().find(|link| link["ifindex"] == index).unwrap();
    end["ifname"].as_str().unwrap().to_owned()
}

#[test]
fn del_works_when_everything_is_gone_at_once() {
    needs_kernel!();
    let site = site();
    let before = picture(&site);
    let container = Container::new("c1");
    site.add(&container, &config());
    site.installation().remove_policies();
    site.installation().remove_component("bridge");
    site.installation().remove_component("host-local");
    drop(container.namespace);
    let gone = Container::new("c1");
    let minimal = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "bridge" });
    let del = site.call("DEL", &gone, &minimal).netns_path("/nonexistent");
    del.run().silent_success();
    before.assert_same(&picture(&site));
}

#[test]
fn del_of_one_interface_leaves_the_others_of_the_container() {
    needs_kernel!();
    let site = site();
    let before = picture(&site);
    let container = Container::new("c1");
    let inside = Snapshot::of(&container.namespace);
    let call = |verb: &str, interface: &str| site.call(verb, &container, &config()).ifname(interface).run();
    for interface in ["eth0", "eth1"] {
        let output = call("ADD", interface);
        assert_eq!(output.code, 0, "{output}");
    }
    let second = container.namespace.addresses("eth1");

    call("DEL", "eth0").silent_success();

    assert_eq!(container.namespace.link_names(), ["eth1", "lo"]);
    assert_eq!(container.namespace.addresses("eth1"), second);
    assert_eq!(site.leased("mynet").len(), 1);
    assert!(site.node().link("cni0").is_some());
    call("DEL", "eth1").silent_success();
    before.assert_same(&picture(&site));
    inside.assert_same(&Snapshot::of(&container.namespace));
}

/// Whatever line of a journal is lost, or all of it, what it told of does not
/// stay.
#[test]
fn del_finds_what_the_journal_does_not_tell_any_more() {
    needs_kernel!();
    let site = site();
    let before = picture(&site);
    let container = Container::new("c1");
    let attach = || {
        site.add(&container, &config());
        let path = journal(&site, &container);
        let whole = fs::read_to_string(&path).unwrap();
        (path, whole)
    };
    let (_, whole) = attach();
    site.del(&container, &config());
    let lines = whole.lines().count();
    for number in 0..=lines {
        let (path, whole) = attach();
        let damaged: Vec<String> = whole
            .lines()
            .enumerate()
            // One line, and after the last one all of them.
            .map(|(line, text)| {
                if line == number || number == lines {
                    spoilt(text)
                } else {
                    text.to_owned()
                }
            })
            .collect();
        fs::write(&path, damaged.join("\n") + "\n").unwrap();
        let output = plain_del(&site, &container);
        assert_eq!(output.code, 0, "line {number}: {output}");
        let left = before.difference(&picture(&site));
        assert!(left.is_empty(), "line {number}: {left}\n{output}");
        assert!(output.stderr.contains("could not be read"), "line {number}: {output}");
    }
}

fn spoilt(line: &str) -> String {
    line.replacen('{', "[", 1)
}

#[test]
fn del_works_where_there_is_a_directory_or_nothing_in_the_journals_place() {
    type Damage = fn(&Path);
    needs_kernel!();
    let removed = |path: &Path| fs::remove_file(path).unwrap();
    let empty = |path: &Path| fs::write(path, "").unwrap();
    let directory = |path: &Path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    };
    let damages: [(&str, Damage); 3] = [("removed", removed), ("empty", empty), ("a directory", directory)];
    // Without masquerading: what an element is for, the journal alone tells.
    let config = bridge_network("1.1.0");
    for (what, damage) in damages {
        let del = |site: &Site, container: &Container| site.call("DEL", container, &config).run();
        del_of(&config, what, |site, container| damage(&journal(site, container)), del);
    }
}

fn await_no_veth(node: &Namespace) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while node.link_names().iter().any(|name| name.starts_with("veth")) {
        assert!(Instant::now() < deadline, "the kernel does not remove the pair");
        thread::sleep(Duration::from_millis(10));
    }
}

/// What it shares goes all the same, which takes more than the plugins are
/// granted by now.
#[test]
fn del_leaves_what_is_shared_though_the_journal_is_lost_and_nothing_granted_any_more() {
    needs_kernel!();
    let site = site();
    let before = Snapshot::of(site.node());
    let container = Container::new("c1");
    site.add(&container, &config());
    fs::remove_file(journal(&site, &container)).unwrap();
    let narrowed = "[plugin.bridge]\n[[plugin.bridge.grant]]\nallow = \"store.open\"\nlocations = [\"/nowhere\"]\n";
    site.installation().policy("bridge.toml", narrowed);
    let Container { id, namespace } = container;
    drop(namespace);
    // Without the journal nobody but the kernel knows whose the node's end of
    // the pair is, and it removes that some time after the namespace.
    await_no_veth(site.node());
    let gone = Container::new(&id);

    let del = site.call("DEL", &gone, &config()).netns_path("/nonexistent").run();

    assert_eq!((del.code, del.stdout.as_str()), (0, ""), "{del}");
    // Its address is the component's to give up, which runs no more.
    let left = before.difference(&Snapshot::of(site.node()));
    assert!(left.is_empty(), "{left}\n{del}");
    let shared = fs::read_dir(site.installation().state().join("shared")).unwrap();
    assert_eq!(shared.count(), 0);
}

const HOSTILE: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = "link.create"
in = "host"
kinds = ["veth"]
names = ["veth*"]

[[plugin.hostile.grant]]
allow = "link.create"
in = "container"
kinds = ["veth"]
"#;

/// An ADD that hangs until its time is up, and a DEL with less time than that.
#[test]
fn a_del_outlasts_an_add_that_hangs() {
    needs_kernel!();
    let site = site();
    site.installation().policy("hostile.toml", HOSTILE);
    let before = picture(&site);
    let container = Container::new("c1");
    let config =
        json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "attack": "loop" });
    let call = |verb: &str, budget: &str| {
        let call = site.call(verb, &container, &config);
        call.argument("--budget").argument(budget).run()
    };
    let (add, del) = thread::scope(|scope| {
        let add = scope.spawn(|| call("ADD", "3000"));
        let begun = site.installation().state().join("attachments/mynet");
        while !begun.exists() && !add.is_finished() {
            thread::sleep(Duration::from_millis(1));
        }
        let del = call("DEL", "500");
        (add.join().unwrap(), del)
    });
    let hung = add.error().text();
    assert!(hung.contains("did not return within the time"), "{hung}");
    assert_eq!((del.code, del.stdout.as_str()), (0, ""), "{del}");
    before.assert_same(&picture(&site));
}

/// What a component takes away by its name must not be what an ADD that comes
/// meanwhile makes.
#[test]
fn nobody_attaches_the_container_until_a_del_is_through() {
    needs_kernel!();
    let site = site();
    site.installation().policy("hostile.toml", HOSTILE);
    let before = picture(&site);
    let container = Container::new("c1");
    let config = |attack: &str| json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile", "attack": attack });
    let call = |verb: &str, attack: &str, budget: &str| {
        let call = site.call(verb, &container, &config(attack));
        call.argument("--budget").argument(budget).run()
    };
    call("ADD", "", "10000").result();
    let journal = journal(&site, &container);

    let (del, add) = thread::scope(|scope| {
        let del = scope.spawn(|| call("DEL", "loop-in-del", "3000"));
        // Its own work is done, and the component's goes on.
        while fs::metadata(&journal).is_ok_and(|status| status.len() > 0) && !del.is_finished() {
            thread::sleep(Duration::from_millis(1));
        }
        let add = call("ADD", "", "300");
        assert!(!del.is_finished(), "the component still is at work");
        (del.join().unwrap(), add)
    });

    assert_eq!(add.error().code, 11, "{add}");
    assert_eq!(del.code, 0, "{del}");
    before.assert_same(&picture(&site));
}

/// In a chain two members' work can't be undone: what the others made goes all
/// the same, the error tells of both, and the next DEL does the rest.
#[cfg(target_arch = "x86_64")]
#[test]
fn what_can_not_be_undone_of_two_members_keeps_nothing_else() {
    use cofferdam_tests::tracer::{Kind, Plan};
    use nix::errno::Errno;

    needs_kernel!();
    let site = site();
    let before = picture(&site);
    let container = Container::new("c1");
    let inside = Snapshot::of(&container.namespace);
    let member = |config: Value| with(config, json!({ "cniVersion": null, "name": null }));
    let chain = json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam",
        "chain": [member(bridge_network("1.1.0")), member(loopback_network())],
    });
    site.add(&container, &chain);
    // Links are neither deleted nor set.
    let links = Plan::Refuse(0..usize::MAX, |point| {
        let about_links = ["0x11 ", "0x10 ", "0x13 "]
            .iter()
            .any(|number| point.about.contains(number));
        (point.kind == Kind::Kernel && about_links).then_some(Errno::EPERM)
    });
    let traced = Path::new(env!("CARGO_BIN_EXE_traced"));

    let (_, output) = site.call("DEL", &container, &chain).run_traced(traced, links);

    let output = output.unwrap();
    let text = output.error().text();
    assert!(text.contains("DEL can be called again"), "{text}");
    for failed in ["set link lo in the container namespace up: ", "create veth pair "] {
        let told = text
            .split_once("not undone: ")
            .is_some_and(|(_, told)| told.contains(failed));
        assert!(told, "{failed}: {text}");
    }
    assert_eq!(
        site.leased("mynet"),
        Vec::<String>::new(),
        "the lease goes all the same"
    );
    site.del(&container, &chain);
    before.assert_same(&picture(&site));
    inside.assert_same(&Snapshot::of(&container.namespace));
}
