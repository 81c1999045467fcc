//! A plan leaves the node as it is.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::SystemTime,
};

use cofferdam_tests::{Container, Ended, finish, needs_kernel};
use serde_json::Value;
use tempfile::TempDir;

use crate::bench::{Bench, bridge, list, picture, text};

#[test]
fn nothing_of_the_node_is_changed_and_nothing_is_left() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[bridge(true)]));
    let container = Container::new("there");
    bench.add(&container, &[]);
    let netns = container.namespace.path();
    let before = (picture(&bench, &container), files(bench.site.installation().root()));
    let temporary = TempDir::with_prefix("cofferdam-test-").unwrap();
    let plan = |words: &[&str]| -> Value {
        let mut plan = bench.site.installation().cofferctl();
        plan.env("TMPDIR", temporary.path());
        plan.arg("plan").arg(bench.file()).args(words).arg("--json");
        let ended = bench.site.node().run(|| finish(&mut plan, b""));
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
    };

    // With a new namespace, and with one that is attached already, which fails.
    let new = plan(&[]);
    assert_eq!(new["succeeds"], true, "{new:#}");
    assert_eq!(new["end"]["result"]["ips"][0]["address"], "10.22.0.3/16", "{new:#}");
    let taken = plan(&["--netns", &netns, "--id", "other"]);
    assert_eq!(taken["succeeds"], false, "{taken:#}");
    let message = text(&taken["end"]["error"]["message"]);
    assert!(message.contains("eth0"), "{taken:#}");

    let after = (picture(&bench, &container), files(bench.site.installation().root()));
    before.0.0.assert_same(&after.0.0);
    before.0.1.assert_same(&after.0.1);
    assert_eq!(before.1, after.1);
    assert_eq!(files(temporary.path()), Files::new());
}

#[test]
fn links_may_come_and_go_meanwhile() {
    needs_kernel!();
    // Reading those that stay takes a while, in which the others go.
    const STAY: &str = "for n in $(seq 60); do echo link add s$n type veth peer name t$n; done | ip -batch -";
    const COME_AND_GO: &str = "for n in $(seq 8); do echo link add a$n type veth peer name b$n; done | ip -batch -; \
                               for n in $(seq 8); do echo link delete a$n; done | ip -batch -";
    let bench = Bench::new();
    bench.configure(&list(&[bridge(true)]));
    let shell = |script: &str| bench.site.node().tool("bash", &["-c", script]);
    shell(STAY);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let others = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                shell(COME_AND_GO);
            }
        });
        let file = bench.file();
        let plans: Vec<Ended> = (0..20)
            .map(|_| bench.site.cofferctl(&["plan", file.to_str().unwrap()]))
            .collect();
        is_over.store(true, Ordering::Relaxed);
        others.join().unwrap();
        for plan in plans {
            assert_eq!(plan.code, Some(0), "{plan:?}");
        }
    });
}

type Files = BTreeMap<PathBuf, (u64, u32, SystemTime)>;

/// All files below a directory, with what tells that one was written.
fn files(directory: &Path) -> Files {
    let mut found = Files::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let status = fs::symlink_metadata(&path).unwrap();
        if status.is_dir() {
            found.extend(files(&path));
        }
        found.insert(path, (status.len(), status.mode(), status.modified().unwrap()));
    }
    found
}
