//! A node changes from one caller to the other while containers are attached: each goes on from the other's files.

use std::fs;

use cofferdam_protocol::AttachmentKey;
use cofferdam_tests::{Container, libcni::Libcni, needs_kernel, with};
use serde_json::{Value, json};

use crate::stage::{Stage, VERSIONS, asked, both, chain};

#[test]
fn the_runtime_library_checks_and_detaches_what_libcni_attached() {
    needs_kernel!();
    for version in VERSIONS {
        let stage = Stage::new();
        let container = Container::new("c1");
        let (theirs, ours) = both(&chain(version));
        let (conf, request) = asked(&container);
        let before = stage.snapshot();
        let result = stage
            .on_node(|| stage.libcni().add_network_list(&theirs, &conf))
            .unwrap();
        stage.recorder.take();

        let check = stage.on_node(|| stage.runtime().check(&ours, &request));
        assert_eq!(check.is_ok(), version != "0.3.1", "{version}: {check:?}");
        stage.on_node(|| stage.runtime().del(&ours, &request)).unwrap();

        assert_handed_on(&stage, version, result.document());
        assert!(stage.results().is_empty(), "{version}");
        before.assert_same(&stage.snapshot());
    }
}

/// CHECK and DEL of each plugin had the result that was kept; before 0.4.0 there
/// is no CHECK, and DEL has none.
#[track_caller]
fn assert_handed_on(stage: &Stage, version: &str, result: &Value) {
    let (count, expected) = match version {
        "0.3.1" => (4, &Value::Null),
        _ => (8, result),
    };
    let calls = stage.recorder.take();
    assert_eq!(calls.len(), count, "{version}");
    for call in calls {
        assert_eq!(&call.config()["prevResult"], expected, "{version}: {}", call.call());
    }
}

#[test]
fn libcni_checks_and_detaches_what_the_runtime_library_attached() {
    needs_kernel!();
    for version in VERSIONS {
        let stage = Stage::new();
        let container = Container::new("c1");
        let (theirs, ours) = both(&chain(version));
        let (conf, request) = asked(&container);
        let before = stage.snapshot();
        let result = stage.on_node(|| stage.runtime().add(&ours, &request)).unwrap();
        let result: Value = serde_json::from_str(&result.document().to_text()).unwrap();
        let file = stage.libcni().cache_file(&theirs, &conf);
        assert_eq!(stage.results().as_slice(), std::slice::from_ref(&file));
        assert_eq!(
            parsed(&Libcni::rewritten(&file).unwrap()),
            parsed(&fs::read(&file).unwrap())
        );
        stage.recorder.take();

        let check = stage.on_node(|| stage.libcni().check_network_list(&theirs, &conf));
        assert_eq!(check.is_ok(), version != "0.3.1", "{version}: {check:?}");
        stage
            .on_node(|| stage.libcni().del_network_list(&theirs, &conf))
            .unwrap();

        assert_handed_on(&stage, version, &result);
        assert!(stage.results().is_empty(), "{version}");
        before.assert_same(&stage.snapshot());
    }
}

#[test]
fn each_collects_what_the_other_attached() {
    needs_kernel!();
    for version in VERSIONS {
        let stage = Stage::new();
        let [first, second] = ["first", "second"].map(Container::new);
        let (theirs, ours) = both(&with(chain(version), json!({ "name": "a-net" })));
        let (mut conf, _) = asked(&first);
        let (_, mut request) = asked(&second);
        // A port of the node is one container's.
        conf.capability_args.shift_remove("portMappings");
        request.args.clear();
        let before = stage.snapshot();
        stage
            .on_node(|| stage.libcni().add_network_list(&theirs, &conf))
            .unwrap();
        stage.on_node(|| stage.runtime().add(&ours, &request)).unwrap();
        stage.recorder.take();

        let kept = AttachmentKey {
            container_id: "second".to_owned(),
            interface_name: "eth0".to_owned(),
        };
        stage.on_node(|| stage.runtime().gc(&ours, Some(&[kept]))).unwrap();
        assert!(first.namespace.link("eth0").is_none(), "{version}");
        assert!(second.namespace.link("eth0").is_some(), "{version}");
        let dels = stage.recorder.take();
        let args = dels.iter().find(|call| call.call() == "DEL portmap").unwrap();
        assert_eq!(args.environment["CNI_ARGS"], "IgnoreUnknown=1;K8S_POD_NAME=web");
        assert!(args.config().get("runtimeConfig").is_none(), "as on ADD");

        stage
            .on_node(|| stage.libcni().gc_network_list(&theirs, Some(&[])))
            .unwrap();
        assert!(second.namespace.link("eth0").is_none(), "{version}");
        let dels = stage.recorder.take();
        let args = dels.iter().find(|call| call.call() == "DEL portmap").unwrap();
        assert_eq!(args.environment["CNI_ARGS"], "");
        assert_eq!(args.config()["runtimeConfig"]["portMappings"][0]["hostPort"], 8080);
        assert!(stage.results().is_empty(), "{version}");
        before.assert_same(&stage.snapshot());
    }
}

/// The library kept nothing but the result once, and reads that still.
#[test]
fn a_file_of_the_format_before_serves_either() {
    needs_kernel!();
    let stage = Stage::new();
    let (theirs, ours) = both(&chain("1.0.0"));
    let before = stage.snapshot();
    for by_libcni in [true, false] {
        let container = Container::new("c1");
        let (conf, request) = asked(&container);
        let result = stage
            .on_node(|| stage.libcni().add_network_list(&theirs, &conf))
            .unwrap();
        let bare = with(result.document().clone(), json!({ "cniVersion": "1.1.0" }));
        fs::write(stage.libcni().cache_file(&theirs, &conf), bare.to_string()).unwrap();
        stage.recorder.take();

        if by_libcni {
            stage
                .on_node(|| stage.libcni().check_network_list(&theirs, &conf))
                .unwrap();
            stage
                .on_node(|| stage.libcni().del_network_list(&theirs, &conf))
                .unwrap();
        } else {
            stage.on_node(|| stage.runtime().check(&ours, &request)).unwrap();
            stage.on_node(|| stage.runtime().del(&ours, &request)).unwrap();
        }

        for call in stage.recorder.take() {
            assert_eq!(&call.config()["prevResult"], result.document(), "{}", call.call());
        }
        assert!(stage.results().is_empty());
        before.assert_same(&stage.snapshot());
    }
}

/// The configuration is in the file: who has lost it detaches with that.
#[test]
fn the_configuration_that_libcni_kept_is_enough_to_detach() {
    needs_kernel!();
    let stage = Stage::new();
    let container = Container::new("c1");
    let (theirs, _) = both(&chain("0.4.0"));
    let before = stage.snapshot();
    let (conf, _) = asked(&container);
    stage
        .on_node(|| stage.libcni().add_network_list(&theirs, &conf))
        .unwrap();

    let [kept] = &stage.cache().attachments_of("c1")[..] else {
        panic!("one attachment")
    };
    let network = kept.network_list().unwrap();
    stage
        .on_node(|| stage.runtime().check(&network, &kept.request))
        .unwrap();
    stage.on_node(|| stage.runtime().del(&network, &kept.request)).unwrap();

    assert!(stage.results().is_empty());
    before.assert_same(&stage.snapshot());
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}
