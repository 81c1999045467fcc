//! Attachments that nobody detaches: the verb GC, and `cofferctl gc` for
//! runtimes that never call it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, process::Command};

use cofferdam_tests::{Container, JournalFile, Running, Site, Snapshot, bridge_network, needs_kernel, with};
use nix::fcntl::{Flock, FlockArg};
use serde_json::{Value, json};

fn mynet() -> Value {
    bridge_network("1.1.0")
}

fn other() -> Value {
    with(
        mynet(),
        json!({ "name": "other", "bridge": "cni1", "ipam": { "subnet": "10.23.0.0/16" } }),
    )
}

/// A node with `c1` attached to `mynet`, and what it was before.
fn site() -> (Site, Snapshot, Container) {
    let site = Site::new();
    // What stays of an attachment is there before, too.
    let first = Container::new("first");
    site.add(&first, &mynet());
    site.del(&first, &mynet());
    let before = site.snapshot();
    let container = Container::new("c1");
    site.add(&container, &mynet());
    (site, before, container)
}

fn collect(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let document = site.cofferctl_json(&[&["gc"], arguments].concat());
    document["attachments"].as_array().unwrap().clone()
}

fn count(site: &Site) -> usize {
    let list = site.cofferctl_json(&["attachments"]);
    list["attachments"].as_array().unwrap().len()
}

#[test]
fn an_attachment_goes_when_its_container_is_gone() {
    needs_kernel!();
    let (site, before, container) = site();
    assert!(collect(&site, &["--grace", "0s"]).is_empty(), "its container is there");
    drop(container);
    let told = collect(&site, &["--grace", "0s", "--dry-run"]);
    assert!(
        told[0]["reason"].as_str().unwrap().starts_with("its namespace is gone"),
        "{told:?}"
    );
    assert_eq!((&told[0]["kept"], &told[0]["report"]), (&Value::Null, &Value::Null));
    assert_eq!(count(&site), 1, "a dry run changes nothing");
    let ended = site.cofferctl(&["gc", "--grace", "0s"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("mynet/c1/eth0 (bridge)") && ended.stdout.contains("1 collected"),
        "{ended:?}"
    );
    assert_eq!(count(&site), 0);
    before.assert_same(&site.snapshot());
    assert!(collect(&site, &["--grace", "0s"]).is_empty());
}

/// As in a container that sees the state directory and not the runtime's files.
#[test]
fn where_no_container_is_seen_nothing_goes_unless_that_is_meant() {
    needs_kernel!();
    let (site, before, container) = site();
    let second = Container::new("c2");
    site.add(&second, &mynet());
    drop((container, second));
    let refused = site.cofferctl(&["gc", "--grace", "0s"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("none of 2 containers has its namespace here"),
        "{refused:?}"
    );
    assert_eq!(count(&site), 2);
    assert_eq!(collect(&site, &["--grace", "0s", "--all-gone"]).len(), 2);
    assert_eq!(count(&site), 0);
    before.assert_same(&site.snapshot());
}

#[test]
fn an_attachment_goes_when_its_path_leads_to_another_namespace() {
    needs_kernel!();
    let site = Site::new();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("netns");
    let (old, new) = (Container::new("c1"), Container::new("c2"));
    std::os::unix::fs::symlink(old.namespace.path(), &path).unwrap();
    site.call("ADD", &old, &mynet())
        .netns_path(path.to_str().unwrap())
        .run()
        .result();
    new.namespace
        .ip(&["link", "add", "eth0", "type", "veth", "peer", "name", "other"]);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(new.namespace.path(), &path).unwrap();
    let collected = collect(&site, &["--grace", "0s"]);
    assert_eq!(collected.len(), 1, "{collected:?}");
    assert_eq!(count(&site), 0);
    assert!(
        new.namespace.link("eth0").is_some(),
        "what is somebody else's was touched"
    );
}

#[test]
fn a_container_that_processes_are_in_stays_wherever_its_path_leads() {
    needs_kernel!();
    let site = Site::new();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("netns");
    let container = Container::new("c1");
    std::os::unix::fs::symlink(container.namespace.path(), &path).unwrap();
    site.call("ADD", &container, &mynet())
        .netns_path(path.to_str().unwrap())
        .run()
        .result();
    let running = container.namespace.run(|| Running::start(&mut Command::new("cat")));
    for put in [None, Some("")] {
        fs::remove_file(&path).unwrap();
        // Where its mount is not seen, there is an empty file.
        put.into_iter().for_each(|content| fs::write(&path, content).unwrap());
        assert!(collect(&site, &["--grace", "0s"]).is_empty());
        let list = site.cofferctl_json(&["attachments"]);
        assert_eq!(list["attachments"][0]["namespace"]["now"], "elsewhere");
        fs::write(&path, "").unwrap();
    }
    drop(running);
    assert_eq!(collect(&site, &["--grace", "0s"]).len(), 1);
    assert_eq!(count(&site), 0);
}

#[test]
fn an_attachment_goes_when_its_add_died() {
    needs_kernel!();
    let (site, before, container) = site();
    JournalFile::of(site.installation(), "mynet").forget_commit();
    assert_eq!(collect(&site, &["--grace", "0s"]).len(), 1);
    before.assert_same(&site.snapshot());
    assert_eq!(container.namespace.link_names(), ["lo"]);
}

#[test]
fn an_attachment_of_an_earlier_boot_goes() {
    needs_kernel!();
    let (site, _, _container) = site();
    JournalFile::of(site.installation(), "mynet").of_earlier_boot();
    assert_eq!(collect(&site, &["--grace", "0s"]).len(), 1);
    assert!(site.leased("mynet").is_empty());
    assert_eq!(count(&site), 0);
}

#[test]
fn a_young_attachment_stays() {
    needs_kernel!();
    let (site, _, container) = site();
    drop(container);
    let kept = collect(&site, &[]);
    assert_eq!(kept[0]["kept"], "it is younger than 5m");
    assert_eq!(count(&site), 1);
    // As a clock that was set leaves it.
    JournalFile::of(site.installation(), "mynet").change_header(json!({ "started": u64::MAX }));
    assert_eq!(collect(&site, &[]).len(), 1);
    assert_eq!(count(&site), 1);
    JournalFile::of(site.installation(), "mynet").change_header(json!({ "started": 1 }));
    assert_eq!(collect(&site, &[])[0]["kept"], Value::Null);
    assert_eq!(count(&site), 0);
}

#[test]
fn what_a_living_process_holds_stays() {
    needs_kernel!();
    let (site, _, container) = site();
    let journal = JournalFile::of(site.installation(), "mynet");
    journal.forget_commit();
    drop(container);
    let lock = Flock::lock(fs::File::open(journal.path()).unwrap(), FlockArg::LockExclusive).unwrap();
    let kept = collect(&site, &["--grace", "0s"]);
    let why = kept[0]["kept"].as_str().unwrap();
    assert!(
        why.contains(&format!("held by process {}", std::process::id())),
        "{why}"
    );
    assert_eq!(count(&site), 1);
    drop(lock);
    assert_eq!(collect(&site, &["--grace", "0s"])[0]["kept"], Value::Null);
    assert_eq!(count(&site), 0);
}

#[test]
fn one_network_is_collected_by_itself() {
    needs_kernel!();
    let (site, _, container) = site();
    let elsewhere = Container::new("c2");
    site.add(&elsewhere, &other());
    drop((container, elsewhere));
    assert_eq!(collect(&site, &["--grace", "0s", "--network", "other"]).len(), 1);
    assert_eq!(count(&site), 1);
    assert_eq!(site.leased("mynet"), ["10.22.0.3"]);
}

#[test]
fn a_journal_that_does_not_tell_whose_it_is_is_passed_over() {
    needs_kernel!();
    let (site, _, container) = site();
    let directory = site.installation().state().join("attachments/mynet");
    let damaged = directory.join(format!("{}.journal", "0".repeat(32)));
    fs::write(&damaged, "garbage\n").unwrap();
    drop(container);
    let ended = site.cofferctl(&["gc", "--grace", "0s"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("1 collected"), "{ended:?}");
    assert!(
        ended.stderr.contains("passed over") && ended.stderr.contains("header"),
        "{ended:?}"
    );
    assert!(damaged.exists());
}

#[test]
fn without_anything_on_record_there_is_nothing_to_collect() {
    needs_kernel!();
    let site = Site::new();
    let ended = site.cofferctl(&["gc"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with("0 collected"), "{ended:?}");
    assert!(!site.installation().state().exists());
}

fn verb(site: &Site, keys: Value) {
    let container = Container::new("whatever");
    site.call("GC", &container, &with(mynet(), keys)).run().silent_success();
}

fn valid(ids: &[&str]) -> Value {
    ids.iter()
        .map(|id| json!({ "containerID": id, "ifname": "eth0" }))
        .collect()
}

#[test]
fn the_verb_takes_the_list_of_valid_attachments_under_either_key() {
    needs_kernel!();
    for key in ["cni.dev/valid-attachments", "cni.dev/attachments"] {
        let (site, _, _one) = site();
        let _two = attached(&site, "c2");
        verb(&site, json!({ key: valid(&["c2"]) }));
        let list = site.cofferctl_json(&["attachments"]);
        assert_eq!(list["attachments"].as_array().unwrap().len(), 1, "{key}");
        assert_eq!(list["attachments"][0]["container"], "c2", "{key}");
    }
}

/// As DEL does: the registries know who uses what is shared.
#[test]
fn what_a_damaged_line_told_of_goes_with_the_attachment() {
    needs_kernel!();
    let lines = {
        let (site, _, _container) = site();
        let journal = JournalFile::of(site.installation(), "mynet");
        fs::read_to_string(journal.path()).unwrap()
    };
    let shared = lines
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("leave-shared"));
    let shared: Vec<usize> = shared.map(|(number, _)| number).collect();
    assert!(!shared.is_empty(), "{lines}");
    for damaged in shared {
        let (site, before, container) = site();
        let journal = JournalFile::of(site.installation(), "mynet");
        let text = fs::read_to_string(journal.path()).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[damaged] = lines[damaged].replacen('{', "[", 1);
        fs::write(journal.path(), lines.join("\n") + "\n").unwrap();
        verb(&site, json!({ "cni.dev/valid-attachments": [] }));
        assert_eq!(count(&site), 0);
        let left = before.difference(&site.snapshot());
        assert!(left.is_empty(), "line {damaged}: {left}");
        drop(container);
    }
}

fn attached(site: &Site, id: &str) -> Container {
    let container = Container::new(id);
    site.add(&container, &mynet());
    container
}

#[test]
fn of_both_keys_the_verb_takes_the_specifications() {
    needs_kernel!();
    let (site, _, _one) = site();
    let _two = attached(&site, "c2");
    verb(
        &site,
        json!({ "cni.dev/attachments": valid(&["c2"]), "cni.dev/valid-attachments": valid(&["c1"]) }),
    );
    let list = site.cofferctl_json(&["attachments"]);
    assert_eq!(list["attachments"].as_array().unwrap().len(), 1);
    assert_eq!(list["attachments"][0]["container"], "c1");
}

#[test]
fn without_a_list_the_verb_removes_nothing() {
    needs_kernel!();
    let (site, _, _one) = site();
    let before = site.snapshot();
    verb(&site, json!({}));
    assert_eq!(count(&site), 1);
    before.assert_same(&site.snapshot());
}

#[test]
fn the_verb_leaves_other_networks_and_other_interfaces_of_the_list_alone() {
    needs_kernel!();
    let (site, _, one) = site();
    site.call("ADD", &one, &mynet()).ifname("eth1").run().result();
    let elsewhere = Container::new("c1");
    site.add(&elsewhere, &other());
    verb(
        &site,
        json!({ "cni.dev/valid-attachments": [{ "containerID": "c1", "ifname": "eth1" }] }),
    );
    let list = site.cofferctl_json(&["attachments"]);
    let left: Vec<String> = list["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| format!("{} {}", item["network"], item["interface"]))
        .collect();
    assert_eq!(left, [r#""mynet" "eth1""#, r#""other" "eth0""#]);
}

/// The configuration was a chain, or named another plugin, when it was
/// attached.
#[test]
fn the_verb_takes_what_was_attached_under_another_name_of_the_plugin() {
    needs_kernel!();
    let (site, before, first) = site();
    site.del(&first, &mynet());
    let member = with(mynet(), json!({ "cniVersion": null, "name": null }));
    let chain = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam", "chain": [member] });
    let goes = Container::new("goes");
    site.add(&goes, &chain);
    let elsewhere = Container::new("goes");
    let others = json!({ "cniVersion": "1.1.0", "name": "lo", "type": "loopback" });
    site.add(&elsewhere, &others);

    verb(&site, json!({ "cni.dev/valid-attachments": [] }));

    let list = site.cofferctl_json(&["attachments"]);
    let left: Vec<&str> = list["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["network"].as_str().unwrap())
        .collect();
    assert_eq!(left, ["lo"]);
    before.assert_same(&site.snapshot());
}

#[test]
fn the_verb_passes_over_a_journal_that_does_not_tell_whose_it_is() {
    needs_kernel!();
    let (site, _, _one) = site();
    let directory = site.installation().state().join("attachments/mynet");
    let damaged = directory.join(format!("{}.journal", "0".repeat(32)));
    fs::write(&damaged, "garbage\n").unwrap();
    let container = Container::new("whatever");
    let output = site
        .call(
            "GC",
            &container,
            &with(mynet(), json!({ "cni.dev/valid-attachments": [] })),
        )
        .run();
    output.silent_success();
    assert!(
        output.stderr.contains("passes over") && output.stderr.contains("header"),
        "{output}"
    );
    assert_eq!(count(&site), 0);
    assert!(damaged.exists());
}
