//! What `cofferctl attachments` and `show` tell of a node, whole or not.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path};

use cofferdam_tests::{Container, JournalFile, Site, bridge_network, needs_kernel, with};
use nix::fcntl::{Flock, FlockArg};
use serde_json::{Value, json};

fn network(name: &str) -> Value {
    with(
        bridge_network("1.0.0"),
        json!({ "name": name, "bridge": "cni0", "ipam": { "subnet": "10.22.0.0/16" } }),
    )
}

fn attachments(site: &Site) -> Vec<Value> {
    let list = site.cofferctl_json(&["attachments"]);
    list["attachments"].as_array().unwrap().clone()
}

fn attached(site: &Site, id: &str) -> Container {
    let container = Container::new(id);
    site.add(&container, &network("mynet"));
    container
}

#[test]
fn a_node_on_which_nothing_ran_has_nothing_attached() {
    needs_kernel!();
    let site = Site::new();
    let ended = site.cofferctl(&["attachments"]);
    assert_eq!((ended.code, ended.stdout.trim()), (Some(0), "nothing is attached"));
    assert!(attachments(&site).is_empty());
    assert!(!site.installation().state().exists(), "to look makes nothing");
}

#[test]
fn what_is_attached_is_listed_with_what_made_it() {
    needs_kernel!();
    let site = Site::new();
    let container = attached(&site, "c1");
    let list = attachments(&site);
    let [one] = &list[..] else { panic!("{list:?}") };
    for (key, expected) in [
        ("network", json!("mynet")),
        ("container", json!("c1")),
        ("interface", json!("eth0")),
        ("unit", json!("bridge")),
        ("state", json!("committed")),
        ("earlier_boot", json!(false)),
        ("held_by", Value::Null),
        ("damaged_lines", json!(0)),
    ] {
        assert_eq!(one[key], expected, "{key} of {one}");
    }
    assert_eq!(one["namespace"]["path"], container.namespace.path());
    assert_eq!(one["namespace"]["now"], "there");
    assert_eq!(one["plugins"][0]["name"], "bridge");
    let component = one["plugins"][0]["component"].as_str().unwrap();
    let stored = site.installation().stored("bridge", "");
    assert!(
        component.starts_with("sha256:") && stored.ends_with(&component[7..]),
        "{component}"
    );
    assert!(one["made"].as_u64().unwrap() > 5, "{one}");

    let text = site.cofferctl(&["attachments"]).stdout;
    let short = format!("bridge@{}", &component[7..19]);
    for word in ["mynet/c1/eth0", "committed", &short, &container.namespace.path()] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("gone"), "{text}");
}

#[test]
fn one_network_is_listed_by_itself() {
    needs_kernel!();
    let site = Site::new();
    let _one = attached(&site, "c1");
    let other = Container::new("c2");
    site.add(
        &other,
        &with(
            network("other"),
            json!({ "bridge": "cni1", "ipam": { "subnet": "10.23.0.0/16" } }),
        ),
    );
    let list = site.cofferctl_json(&["attachments", "--network", "other"]);
    assert_eq!(list["attachments"].as_array().unwrap().len(), 1);
    assert_eq!(list["attachments"][0]["container"], "c2");
    assert_eq!(attachments(&site).len(), 2);
}

#[test]
fn it_is_told_how_far_an_attachment_has_come_and_whether_its_container_is_there() {
    needs_kernel!();
    let site = Site::new();
    let container = attached(&site, "c1");
    let journal = JournalFile::of(site.installation(), "mynet");

    let lock = Flock::lock(fs::File::open(journal.path()).unwrap(), FlockArg::LockExclusive).unwrap();
    let held = &attachments(&site)[0]["held_by"];
    assert_eq!(held["pid"], std::process::id(), "{held}");
    let text = site.cofferctl(&["attachments"]).stdout;
    assert!(
        text.contains(&format!("held by process {}", std::process::id())),
        "{text}"
    );
    drop(lock);

    journal.forget_commit();
    assert_eq!(attachments(&site)[0]["state"], "uncommitted");

    drop(container);
    assert_ne!(attachments(&site)[0]["namespace"]["now"], "there");
    let text = site.cofferctl(&["attachments"]).stdout;
    assert!(text.contains("(gone"), "{text}");

    journal.of_earlier_boot();
    assert_eq!(attachments(&site)[0]["earlier_boot"], true);

    let mut text = fs::read_to_string(journal.path()).unwrap();
    text.push_str("garbage\n");
    fs::write(journal.path(), text).unwrap();
    let torn = &attachments(&site)[0];
    assert_eq!((&torn["state"], &torn["damaged_lines"]), (&json!("torn"), &json!(1)));
}

#[test]
fn another_namespace_at_the_path_is_not_the_containers() {
    needs_kernel!();
    let site = Site::new();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("netns");
    let (first, second) = (Container::new("c1"), Container::new("c2"));
    std::os::unix::fs::symlink(first.namespace.path(), &path).unwrap();
    site.call("ADD", &first, &network("mynet"))
        .netns_path(path.to_str().unwrap())
        .run()
        .result();
    assert_eq!(attachments(&site)[0]["namespace"]["now"], "there");
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(second.namespace.path(), &path).unwrap();
    assert_eq!(attachments(&site)[0]["namespace"]["now"], "another");
}

fn put(directory: &Path, name: &str, content: &str) {
    fs::write(directory.join(name), content).unwrap();
}

#[test]
fn what_can_not_be_read_is_told_of_and_keeps_nothing_from_being_listed() {
    needs_kernel!();
    let site = Site::new();
    let _container = attached(&site, "c1");
    let journal = JournalFile::of(site.installation(), "mynet");
    let directory = journal.path().parent().unwrap();
    let key = |digit: &str| format!("{}.journal", digit.repeat(32));
    put(directory, &key("0"), "garbage\n");
    put(directory, "README", "not a journal");
    put(directory, &key("1"), &fs::read_to_string(journal.path()).unwrap());
    let list = site.cofferctl_json(&["attachments"]);
    assert_eq!(list["attachments"].as_array().unwrap().len(), 1, "{list}");
    let problems: Vec<&str> = list["unreadable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["problem"].as_str().unwrap())
        .collect();
    assert_eq!(problems.len(), 3, "{list}");
    for words in ["its header can't be read", "misplaced", "it is no journal"] {
        assert!(
            problems.iter().any(|problem| problem.contains(words)),
            "{words}: {list}"
        );
    }
    let text = site.cofferctl(&["attachments"]).stdout;
    assert!(
        text.contains("mynet/c1/eth0") && text.contains("not listed: "),
        "{text}"
    );
}

#[test]
fn a_journal_of_a_newer_cofferdam_is_told_of() {
    needs_kernel!();
    let site = Site::new();
    let _container = attached(&site, "c1");
    JournalFile::of(site.installation(), "mynet").change_header(json!({ "version": 99 }));
    let list = site.cofferctl_json(&["attachments"]);
    assert_eq!(list["attachments"], json!([]));
    let problem = list["unreadable"][0]["problem"].as_str().unwrap();
    assert!(problem.contains("format 99"), "{list}");
}

#[test]
fn all_that_is_on_record_of_one_attachment_is_shown() {
    needs_kernel!();
    let site = Site::new();
    let first = Container::new("c1abc");
    let result = site.add(&first, &network("mynet"));
    let _second = attached(&site, "c2");

    let shown = site.cofferctl_json(&["show", "mynet/c1/eth0"]);
    let [one] = &shown["attachments"].as_array().unwrap()[..] else {
        panic!("{shown}")
    };
    assert_eq!(one["container"], "c1abc");
    assert_eq!(one["result"], result);
    let operations = one["operations"].as_array().unwrap();
    let veth = operations
        .iter()
        .find(|operation| operation["operation"].as_str().unwrap().starts_with("create veth pair"))
        .unwrap();
    assert_eq!((&veth["plugin"], &veth["progress"]), (&json!("bridge"), &json!("done")));
    assert!(veth["undo"].as_str().unwrap().starts_with("delete link veth"), "{veth}");
    let claim = operations
        .iter()
        .find(|operation| operation["operation"].as_str().unwrap().starts_with("claim "))
        .unwrap();
    assert_eq!(claim["plugin"], "host-local");
    assert!(claim["undo"].as_str().unwrap().starts_with("release "), "{claim}");
    let owns = one["owns"].to_string();
    assert!(
        owns.contains("address 10.22.0.2 of network mynet") && owns.contains("eth0"),
        "{owns}"
    );
    let shares = one["shares"].as_array().unwrap();
    let bridge = shares
        .iter()
        .find(|shared| shared["object"] == "bridge cni0 in the host namespace")
        .unwrap();
    assert_eq!(bridge["made_by_cofferdam"], true);
    assert_eq!(bridge["others"], json!(["mynet/c2/eth0"]));

    let text = site.cofferctl(&["show", "mynet/c1abc/eth0"]).stdout;
    for words in [
        "mynet/c1abc/eth0 (bridge)",
        "undo: delete link veth",
        "used by mynet/c2/eth0",
        "\"cniVersion\"",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_beginning_that_fits_several_containers_is_answered_with_their_names() {
    needs_kernel!();
    let site = Site::new();
    let _kept = ["c1", "c1x", "c1y"].map(|id| attached(&site, id));
    let refused = |name: &str| {
        let ended = site.cofferctl(&["show", name]);
        assert_ne!(ended.code, Some(0), "{ended:?}");
        ended.stderr
    };
    let text = refused("mynet/c/eth0");
    for name in ["mynet/c1/eth0", "mynet/c1x/eth0", "mynet/c1y/eth0"] {
        assert!(text.contains(name), "{text}");
    }
    assert!(refused("mynet/c2/eth0").contains("cofferctl attachments"));
    assert!(refused("mynet/c1").contains("NETWORK/CONTAINER/INTERFACE"));
    // The whole id is meant, though others begin with it.
    let whole = site.cofferctl_json(&["show", "mynet/c1/eth0"]);
    assert_eq!(whole["attachments"][0]["container"], "c1");
}

#[test]
fn nothing_that_is_on_record_can_move_the_cursor() {
    needs_kernel!();
    let site = Site::new();
    let _container = attached(&site, "c1");
    let journal = JournalFile::of(site.installation(), "mynet");
    let hostile = "x\u{1b}[2J\n\u{202e}y\r".repeat(2000);
    journal.change_header(json!({
        "boot_id": hostile,
        "namespace": { "path": hostile },
        "plugins": [{ "name": hostile, "digest": hostile }],
    }));
    for arguments in [
        &["attachments"][..],
        &["show", "mynet/c1/eth0"],
        &["gc", "--dry-run", "--grace", "0s"],
    ] {
        let ended = site.cofferctl(arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let moved = |symbol: char| symbol != '\n' && (symbol.is_control() || symbol == '\u{202e}');
        assert!(
            !ended.stdout.contains(moved) && !ended.stderr.contains(moved),
            "{arguments:?}: {ended:?}"
        );
        assert!(
            ended.stdout.len() < 60_000 && !ended.stdout.contains("\ny"),
            "{arguments:?}"
        );
    }
    assert_eq!(attachments(&site)[0]["plugins"][0]["name"], hostile.as_str());
}
