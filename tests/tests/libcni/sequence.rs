//! The library's verbs on chains of our plugins.

use std::fs;

use cofferdam_tests::{
    Container,
    libcni::{NetworkConfigList, PluginError, RuntimeConf},
    needs_kernel, with,
};
use serde_json::json;

use crate::stage::{Stage, VERSIONS, asked, both, chain};

#[test]
fn a_chain_is_attached_checked_and_detached() {
    needs_kernel!();
    for version in VERSIONS {
        let stage = Stage::new();
        let container = Container::new("c1");
        let (list, _) = both(&chain(version));
        let (conf, _) = asked(&container);
        let libcni = stage.libcni();
        let before = stage.snapshot();

        stage.on_node(|| libcni.validate_network_list(&list)).unwrap();
        assert_eq!(
            stage.calls(),
            [
                "VERSION bridge",
                "VERSION portmap",
                "VERSION bandwidth",
                "VERSION tuning"
            ]
        );
        let result = stage.on_node(|| libcni.add_network_list(&list, &conf)).unwrap();
        assert_eq!(
            stage.calls(),
            ["ADD bridge", "ADD portmap", "ADD bandwidth", "ADD tuning"]
        );
        assert_eq!(result.document()["cniVersion"], version);
        assert_eq!(result.document()["ips"][0]["address"], "10.22.0.2/16");
        assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16"]);
        assert_eq!(container.namespace.sysctl("net/core/somaxconn"), "512");
        assert!(stage.site.node().ruleset().contains("8080"), "{version}");
        assert_eq!(stage.results(), [libcni.cache_file(&list, &conf)]);

        let check = stage.on_node(|| libcni.check_network_list(&list, &conf));
        if version == "0.3.1" {
            let error = check.unwrap_err().to_string();
            assert!(error.contains("does not support the CHECK command"), "{error}");
            assert!(stage.calls().is_empty());
        } else {
            check.unwrap();
            assert_eq!(
                stage.calls(),
                ["CHECK bridge", "CHECK portmap", "CHECK bandwidth", "CHECK tuning"]
            );
        }

        stage.on_node(|| libcni.del_network_list(&list, &conf)).unwrap();
        let detached = stage.recorder.take();
        let calls: Vec<_> = detached.iter().map(|recorded| recorded.call()).collect();
        assert_eq!(calls, ["DEL tuning", "DEL bandwidth", "DEL portmap", "DEL bridge"]);
        for recorded in detached {
            let previous = recorded.config()["prevResult"].clone();
            assert_eq!(previous.is_null(), version == "0.3.1", "{version}: {previous}");
        }
        assert_eq!(container.namespace.link_names(), ["lo"]);
        assert!(stage.results().is_empty());
        before.assert_same(&stage.snapshot());
        // Once more, without a result and without a namespace.
        let gone = RuntimeConf {
            netns: String::new(),
            ..conf
        };
        stage.on_node(|| libcni.del_network_list(&list, &gone)).unwrap();
        before.assert_same(&stage.snapshot());
    }
}

#[test]
fn the_result_is_kept_as_the_library_keeps_it() {
    needs_kernel!();
    let stage = Stage::new();
    let container = Container::new("c1");
    let (list, _) = both(&chain("1.1.0"));
    let (conf, _) = asked(&container);
    let libcni = stage.libcni();

    let result = stage.on_node(|| libcni.add_network_list(&list, &conf)).unwrap();

    let text = fs::read_to_string(libcni.cache_file(&list, &conf)).unwrap();
    let start = r#"{"kind":"cniCacheV1","containerId":"c1","config":""#;
    assert!(text.starts_with(start), "{text}");
    let end = format!(
        r#""ifName":"eth0","networkName":"podnet","netns":"{}","cniArgs":[["IgnoreUnknown","1"],["K8S_POD_NAME","web"]],"capabilityArgs":{{"bandwidth":{{"ingressRate":80000000,"ingressBurst":8000000}},"mac":"02:00:00:00:00:01","portMappings":[{{"hostPort":8080,"containerPort":80,"protocol":"tcp"}}]}},"result":{}}}"#,
        conf.netns,
        result.document()
    );
    assert!(text.ends_with(&end), "{text}\n{end}");
    stage.on_node(|| libcni.del_network_list(&list, &conf)).unwrap();
}

#[test]
fn what_is_not_valid_any_more_is_collected() {
    needs_kernel!();
    for version in VERSIONS {
        let stage = Stage::new();
        let network = plain(version);
        let libcni = stage.libcni();
        let before = stage.snapshot();
        let [kept, stale, unknown] = ["kept", "stale", "unknown"].map(Container::new);
        for container in [&kept, &stale, &unknown] {
            let (conf, _) = asked(container);
            stage.on_node(|| libcni.add_network_list(&network, &conf)).unwrap();
        }
        // A runtime that has lost its results does not know what it has to delete.
        fs::remove_file(libcni.cache_file(&network, &asked(&unknown).0)).unwrap();
        stage.calls();

        stage
            .on_node(|| libcni.gc_network_list(&network, Some(&[("kept", "eth0")])))
            .unwrap();

        let has_gc = version == "1.1.0";
        let dels = ["DEL tuning", "DEL bridge"].as_slice();
        let gcs = if has_gc {
            ["GC bridge", "GC tuning"].as_slice()
        } else {
            &[]
        };
        assert_eq!(stage.calls(), [dels, gcs].concat(), "{version}");
        assert!(kept.namespace.link("eth0").is_some());
        assert!(stale.namespace.link("eth0").is_none());
        assert_eq!(unknown.namespace.link("eth0").is_none(), has_gc, "{version}");
        stage.on_node(|| libcni.gc_network_list(&network, None)).unwrap();
        assert!(kept.namespace.link("eth0").is_none());
        let (conf, _) = asked(&unknown);
        stage.on_node(|| libcni.del_network_list(&network, &conf)).unwrap();
        before.assert_same(&stage.snapshot());
    }
}

/// A chain that any number of containers can be attached to with the same arguments.
fn plain(version: &str) -> NetworkConfigList {
    let bridge = chain(version)["plugins"][0].clone();
    let tuning = chain(version)["plugins"][3].clone();
    both(&with(chain(version), json!({ "plugins": [bridge, tuning] }))).0
}

#[test]
fn a_list_that_is_not_to_be_checked_or_collected_is_not() {
    needs_kernel!();
    let stage = Stage::new();
    let container = Container::new("c1");
    let disabled = json!({ "disableCheck": "TRUE", "disableGC": true });
    let (list, _) = both(&with(chain("1.1.0"), disabled));
    let (conf, _) = asked(&container);
    let libcni = stage.libcni();
    stage.on_node(|| libcni.add_network_list(&list, &conf)).unwrap();
    stage.calls();

    stage.on_node(|| libcni.check_network_list(&list, &conf)).unwrap();
    stage.on_node(|| libcni.gc_network_list(&list, Some(&[]))).unwrap();

    assert!(stage.calls().is_empty());
    assert!(container.namespace.link("eth0").is_some());
    stage.on_node(|| libcni.del_network_list(&list, &conf)).unwrap();
}

#[test]
fn the_code_of_a_plugin_that_is_not_ready_survives() {
    needs_kernel!();
    let stage = Stage::new();
    let libcni = stage.libcni();
    let (list, _) = both(&chain("1.1.0"));
    stage.on_node(|| libcni.get_status_network_list(&list)).unwrap();
    assert_eq!(
        stage.calls(),
        ["STATUS bridge", "STATUS portmap", "STATUS bandwidth", "STATUS tuning"]
    );

    stage.site.installation().remove_component("portmap");
    let error = stage.on_node(|| libcni.get_status_network_list(&list)).unwrap_err();

    let error = error.downcast_ref::<PluginError>().unwrap();
    assert_eq!(error.code, 50, "{error}");
    assert_eq!(stage.calls(), ["STATUS bridge", "STATUS portmap"]);
    let (older, _) = both(&chain("1.0.0"));
    stage.on_node(|| libcni.get_status_network_list(&older)).unwrap();
    assert!(stage.calls().is_empty());
}

#[test]
fn after_a_failure_in_the_middle_del_takes_all_away() {
    needs_kernel!();
    for version in VERSIONS {
        let stage = Stage::new();
        let container = Container::new("c1");
        let libcni = stage.libcni();
        let (list, _) = both(&chain(version));
        let (mut conf, _) = asked(&container);
        conf.capability_args["portMappings"] = json!([{ "hostPort": 0, "containerPort": 80, "protocol": "pigeon" }]);
        let before = stage.snapshot();

        let error = stage.on_node(|| libcni.add_network_list(&list, &conf)).unwrap_err();

        let text = format!("{error:#}");
        assert!(text.starts_with("plugin type=\"portmap\" failed (add): "), "{text}");
        assert!(error.downcast_ref::<PluginError>().is_some(), "{text}");
        assert_eq!(stage.calls(), ["ADD bridge", "ADD portmap"]);
        assert!(
            container.namespace.link("eth0").is_some(),
            "nothing is undone by itself"
        );
        assert!(stage.results().is_empty());
        stage.on_node(|| libcni.del_network_list(&list, &conf)).unwrap();
        before.assert_same(&stage.snapshot());
    }
}

#[test]
fn a_result_that_got_broken_keeps_nobody_attached() {
    needs_kernel!();
    for broken in ["", "{", r#"{"kind":"cniCacheV2"}"#, r#"{"cniVersion":"7.0.0"}"#] {
        let stage = Stage::new();
        let container = Container::new("c1");
        let libcni = stage.libcni();
        let (list, _) = both(&chain("1.0.0"));
        let (conf, _) = asked(&container);
        let before = stage.snapshot();
        stage.on_node(|| libcni.add_network_list(&list, &conf)).unwrap();
        fs::write(libcni.cache_file(&list, &conf), broken).unwrap();

        assert!(
            stage.on_node(|| libcni.check_network_list(&list, &conf)).is_err(),
            "{broken}"
        );
        stage.on_node(|| libcni.del_network_list(&list, &conf)).unwrap();

        assert!(stage.results().is_empty(), "{broken}");
        before.assert_same(&stage.snapshot());
    }
}

#[test]
fn the_highest_version_that_is_offered_and_known_is_used() {
    needs_kernel!();
    let stage = Stage::new();
    let container = Container::new("c1");
    let libcni = stage.libcni();
    let offered = json!({ "cniVersions": ["0.3.1", "1.1.0", "2.0.0"] });
    let (list, _) = both(&with(chain("0.4.0"), offered));
    let (conf, _) = asked(&container);

    let result = stage.on_node(|| libcni.add_network_list(&list, &conf)).unwrap();

    assert_eq!(result.document()["cniVersion"], "1.1.0");
    stage.on_node(|| libcni.check_network_list(&list, &conf)).unwrap();
    stage.on_node(|| libcni.del_network_list(&list, &conf)).unwrap();
    // A version that no plugin supports is the plugin's to refuse.
    let (unknown, _) = both(&with(chain("1.1.0"), json!({ "cniVersion": "1.2.0" })));
    let error = stage.on_node(|| libcni.add_network_list(&unknown, &conf)).unwrap_err();
    assert_eq!(error.downcast_ref::<PluginError>().unwrap().code, 1, "{error:#}");
}
