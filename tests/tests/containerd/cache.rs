//! containerd keeps results through the reference library, and Cofferdam's runtime library in the same place.

use cofferdam_runtime::ResultCache;
use cofferdam_tests::{libcni::Libcni, with};
use serde_json::{Map, Value, json};

use crate::{
    needs_containerd,
    node::{Node, list},
    pods::published_and_limited,
};

#[test]
fn a_result_that_containerd_kept_is_ours_to_read_and_one_of_ours_is_containerds() {
    needs_containerd!();
    let mut node = Node::new(&list());
    let before = node.machine.snapshot();
    let pod = node.run_pod("web", published_and_limited());
    let cache = ResultCache::new(node.machine.installation().root().join("var/lib/cni"));

    let kept = cache.attachments("podnet");
    let [attachment] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!(attachment.request.container_id, pod.id);
    assert_eq!(attachment.request.interface_name, "eth0");
    assert!(attachment.request.args.contains(&("K8S_POD_NAME".into(), "web".into())));
    assert!(attachment.request.capability_args.is_some());
    assert!(attachment.result.is_some());
    assert_eq!(serde_json::from_slice::<Value>(&attachment.config).unwrap(), list());

    node.stop();
    let file = cache.path().join(format!("podnet-{}-eth0", pod.id));
    let theirs = parsed(&file);
    let replayed: Value = serde_json::from_slice(&Libcni::rewritten(&file).unwrap()).unwrap();
    // The library of this containerd is of an age that wrote empty settings for names, too.
    assert_eq!(theirs["result"]["dns"].as_object().map_or(0, Map::len), 0);
    let without_dns = with(theirs.clone(), json!({ "result": { "dns": null } }));
    assert_eq!(replayed, without_dns, "the replay of the library writes the same");
    std::fs::remove_file(&file).unwrap();
    cache.store(attachment).unwrap();
    assert_eq!(parsed(&file), theirs, "the same keys and values");
    node.start();

    node.call("StopPodSandbox", &json!({ "pod_sandbox_id": pod.id }));
    assert!(!file.exists());
    node.delete_pod(&pod);
    before.assert_same(&node.machine.snapshot());
}

fn parsed(file: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}
