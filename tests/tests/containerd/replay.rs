//! The replay of the reference library (`cofferdam_tests::libcni`) does what the library does in containerd.

use std::{fs, path::Path};

use cofferdam_runtime::ResultCache;
use cofferdam_tests::{
    Recorded, Recorder,
    libcni::{Libcni, NetworkConfigList, RuntimeConf},
    with,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    needs_containerd,
    node::{Node, list},
    pods::published_and_limited,
};

/// Of an age in which the library printed results as it does today.
fn network() -> Value {
    with(list(), json!({ "cniVersion": "0.4.0" }))
}

#[test]
fn plugins_are_given_the_same_bytes_by_containerd_and_by_the_replay() {
    needs_containerd!();
    let node = Node::new(&network());
    let before = node.machine.snapshot();
    let recorder = Recorder::new();
    put_in_front(&recorder, &node.machine.installation().plugin_directory());

    let pod = node.run_pod("web", published_and_limited());
    let added = recorder.take();
    let results = node.machine.installation().root().join("var/lib/cni");
    let file = format!("results/podnet-{}-eth0", pod.id);
    let kept = fs::read(results.join(&file)).unwrap();
    let list = NetworkConfigList::from_bytes(&ResultCache::new(&results).attachments("podnet")[0].config).unwrap();
    let conf = asked(&kept, &added[0]);
    node.call("StopPodSandbox", &json!({ "pod_sandbox_id": pod.id }));
    let deleted = recorder.take();
    node.delete_pod(&pod);
    before.assert_same(&node.machine.snapshot());

    let state = TempDir::with_prefix("cofferdam-test-").unwrap();
    let players = Recorder::new();
    play(&players, &added, &kept);
    let replay = Libcni::new(vec![players.bin()], state.path());
    replay.add_network_list(&list, &conf).unwrap();
    assert_same(&players.take(), &added);
    fs::write(state.path().join(&file), kept).unwrap();
    replay.del_network_list(&list, &conf).unwrap();
    assert_same(&players.take(), &deleted);
}

/// Has the plugins of the network put their calls on record.
fn put_in_front(recorder: &Recorder, bin: &Path) {
    fs::create_dir(bin.join("real")).unwrap();
    for member in network()["plugins"].as_array().unwrap() {
        let name = member["type"].as_str().unwrap();
        fs::rename(bin.join(name), bin.join("real").join(name)).unwrap();
        recorder.plugin(name, &format!("exec /opt/cni/bin/real/{name}"));
        fs::copy(recorder.bin().join(name), bin.join(name)).unwrap();
    }
}

/// What containerd had asked for.
fn asked(kept: &[u8], added: &Recorded) -> RuntimeConf {
    let kept: Value = serde_json::from_slice(kept).unwrap();
    RuntimeConf {
        container_id: kept["containerId"].as_str().unwrap().to_owned(),
        netns: added.environment["CNI_NETNS"].clone(),
        ifname: kept["ifName"].as_str().unwrap().to_owned(),
        args: serde_json::from_value(kept["cniArgs"].clone()).unwrap(),
        capability_args: kept["capabilityArgs"].as_object().unwrap().clone(),
    }
}

/// Plugins that print what those of the machine had printed.
fn play(players: &Recorder, added: &[Recorded], kept: &[u8]) {
    let kept: Value = serde_json::from_slice(kept).unwrap();
    let handed_on = added.iter().skip(1).map(|call| call.config()["prevResult"].clone());
    for (call, result) in added.iter().zip(handed_on.chain([kept["result"].clone()])) {
        players.obedient(&call.plugin, &result.to_string());
    }
}

#[track_caller]
fn assert_same(replayed: &[Recorded], containerds: &[Recorded]) {
    assert_eq!(replayed.len(), network()["plugins"].as_array().unwrap().len());
    assert_eq!(replayed.len(), containerds.len());
    for (replayed, containerds) in replayed.iter().zip(containerds) {
        assert_eq!(replayed.call(), containerds.call());
        assert_eq!(variables(replayed), variables(containerds), "{}", replayed.call());
        let [replayed, containerds] = [replayed, containerds].map(|call| String::from_utf8_lossy(&call.stdin));
        assert_eq!(replayed, containerds);
    }
}

/// CNI's variables, but for the directories; the order of arguments is another one in each of containerd's calls.
fn variables(call: &Recorded) -> Vec<(&str, Vec<&str>)> {
    let variables = call
        .environment
        .iter()
        .filter(|(name, _)| name.starts_with("CNI_") && *name != "CNI_PATH");
    variables
        .map(|(name, value)| {
            let mut parts: Vec<_> = value.split(';').collect();
            parts.sort_unstable();
            (name.as_str(), parts)
        })
        .collect()
}
