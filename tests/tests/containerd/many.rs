//! A node that starts many pods at once, as after a reboot. `COFFERDAM_TESTS_PODS=110` starts as many as kubelet allows a
//! node; the suite starts fewer.

use std::{
    collections::BTreeSet,
    io::Write as _,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use cofferdam_tests::needs_go_plugins;
use serde_json::json;

use crate::{
    needs_containerd,
    node::{Node, Pod, list},
};

const USUAL: usize = 16;
const AT_A_TIME: usize = 8;

#[test]
fn pods_that_start_at_once_are_all_up_with_addresses_of_their_own() {
    needs_containerd!();
    let go = needs_go_plugins!();
    let count = std::env::var("COFFERDAM_TESTS_PODS").map_or(USUAL, |count| count.parse().unwrap());

    let node = Node::new(&list());
    let ours = start_and_delete(&node, count);
    drop(node);
    let node = Node::new(&list());
    node.put_go_plugins(&go);
    let theirs = start_and_delete(&node, count);

    // Not `eprintln`: the output of tests that pass is kept back.
    let _ = writeln!(
        std::io::stderr(),
        "{count} pods, {AT_A_TIME} at a time: started in {:.1} s, deleted in {:.1} s; with the Go plugins {} in {:.1} s \
         and {:.1} s",
        ours.0.as_secs_f64(),
        ours.1.as_secs_f64(),
        go.version(),
        theirs.0.as_secs_f64(),
        theirs.1.as_secs_f64(),
    );
}

/// How long it took to start pods, and to delete them. Nothing may be left of them.
fn start_and_delete(node: &Node, count: usize) -> (Duration, Duration) {
    // The Go plugins leave the bridge, and their chains.
    let first = node.run_pod("first", json!({}));
    let before = node.machine.snapshot();

    let started = Instant::now();
    let pods = each(count, |number| node.run_pod(&format!("pod-{number}"), json!({})));
    let start = started.elapsed();
    let addresses: BTreeSet<_> = pods.iter().map(|pod: &Pod| &pod.address).collect();
    assert_eq!(addresses.len(), count);
    assert!(!addresses.contains(&first.address));
    assert!(node.pod_states().iter().all(|state| state == 0));
    let started = Instant::now();
    each(count, |number| node.delete_pod(&pods[number]));
    let delete = started.elapsed();

    before.assert_same(&node.machine.snapshot());
    node.delete_pod(&first);
    (start, delete)
}

/// Does something so many times, some of it at a time; what came of it, in order.
fn each<T: Send>(count: usize, action: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = Mutex::new(0..count);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(number) = { next.lock().unwrap_or_else(PoisonError::into_inner).next() } {
                    let outcome = action(number);
                    outcomes
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((number, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|(number, _)| *number);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}
