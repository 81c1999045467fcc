//! The runtime library beside the replay: what plugins are given, what is kept, and what is told.

use std::{fs, path::PathBuf};

use cofferdam_protocol::{AttachmentKey, NetworkList, json::Node};
use cofferdam_runtime::{AttachmentRequest, ResultCache, Runtime, RuntimeError, SearchPath};
use cofferdam_tests::{
    Recorded, Recorder,
    libcni::{Libcni, NetworkConfigList, PluginError, RuntimeConf},
    with,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::{VERSIONS, both};

/// Both callers, with the same plugins and results of their own.
struct Pair {
    recorder: Recorder,
    theirs: TempDir,
    ours: TempDir,
}

impl Pair {
    fn new() -> Self {
        let [theirs, ours] = [0; 2].map(|_| TempDir::with_prefix("cofferdam-test-").unwrap());
        Self {
            recorder: Recorder::new(),
            theirs,
            ours,
        }
    }

    fn libcni(&self) -> Libcni {
        Libcni::new(self.path(), self.theirs.path())
    }

    fn runtime(&self) -> Runtime<SearchPath> {
        Runtime::new(SearchPath::new(self.path()), ResultCache::new(self.ours.path()))
    }

    fn path(&self) -> Vec<PathBuf> {
        vec!["/no/such/directory".into(), self.recorder.bin()]
    }

    /// The calls of both, which have to be the same.
    #[track_caller]
    fn same_calls(&self, what: &str, theirs: impl FnOnce(), ours: impl FnOnce()) -> Vec<Recorded> {
        theirs();
        let expected = self.recorder.take();
        ours();
        let found = self.recorder.take();
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.call(), expected.call(), "{what}");
            assert_eq!(found.environment, expected.environment, "{what}: {}", found.call());
            assert_eq!(found.config(), expected.config(), "{what}: {}", found.call());
        }
        expected
    }
}

fn asked() -> (RuntimeConf, AttachmentRequest) {
    let capabilities = json!({
        "portMappings": [{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }],
        "unwanted": true,
        "mac": "02:00:00:00:00:01",
        "io.kubernetes.cri.pod-annotations": { "a/b": "<c>&\u{2028}" },
    });
    let conf = RuntimeConf {
        container_id: "c1_x.y-z".to_owned(),
        netns: "/run/netns/c1".to_owned(),
        ifname: "eth0".to_owned(),
        args: vec![["A".to_owned(), "1=2".to_owned()], ["B".to_owned(), String::new()]],
        capability_args: capabilities.as_object().unwrap().clone(),
    };
    let request = AttachmentRequest {
        container_id: conf.container_id.clone(),
        netns: conf.netns.clone(),
        interface_name: conf.ifname.clone(),
        args: conf
            .args
            .iter()
            .map(|[key, value]| (key.clone(), value.clone()))
            .collect(),
        capability_args: Some(Node::from(capabilities)),
    };
    (conf, request)
}

/// A list that has something of everything.
fn list(version: &str) -> Value {
    json!({ "cniVersion": version, "name": "a-net.x_1", "labels": { "kept": "yes" }, "plugins": [
        {
            "type": "one", "name": "own", "cniVersion": "0.1.0", "mtu": 1400, "share": 0.5, "text": "<é&>\u{2029}",
            "list": [1, "a", null, { "z": 1, "a": 2 }], "runtimeConfig": { "own": true },
            "capabilities": { "absent": true, "mac": false }
        },
        {
            "type": "two", "prevResult": { "cniVersion": version, "dns": {} }, "runtimeConfig": { "own": true },
            "capabilities": { "portMappings": true, "mac": true, "io.kubernetes.cri.pod-annotations": true }
        },
        { "type": "three", "ipam": {} },
    ] })
}

/// What the reference plugins print in a version.
fn result(version: &str) -> Value {
    let ip = json!({ "address": "10.1.0.5/16", "gateway": "10.1.0.1", "interface": 0 });
    let interface = json!({ "name": "eth0", "mac": "02:00:00:00:00:01", "sandbox": "/run/netns/c1" });
    let result = json!({
        "cniVersion": version, "interfaces": [interface], "ips": [ip],
        "routes": [{ "dst": "0.0.0.0/0", "gw": "10.1.0.1", "table": 0, "scope": 253 }, { "dst": "fd00::/8" }],
    });
    if version < "1.0.0" {
        let ip = with(ip, json!({ "version": "4" }));
        with(result, json!({ "ips": [ip], "dns": {} }))
    } else {
        with(
            result,
            json!({ "interfaces": [with(interface, json!({ "mtu": 1400 }))], "dns": { "nameservers": ["10.1.0.1"] } }),
        )
    }
}

#[test]
fn plugins_are_given_the_same_and_the_same_is_kept() {
    for version in VERSIONS {
        let pair = Pair::new();
        let (theirs, ours) = both(&list(version));
        let (conf, request) = asked();
        let (libcni, runtime) = (pair.libcni(), pair.runtime());
        pair.recorder.obedient("one", &result(version).to_string());
        pair.recorder
            .obedient("two", &with(result(version), json!({ "routes": null })).to_string());
        pair.recorder
            .obedient("three", &with(result(version), json!({ "cniVersion": "" })).to_string());

        let calls = pair.same_calls(
            "ADD",
            || drop(libcni.add_network_list(&theirs, &conf).unwrap()),
            || drop(runtime.add(&ours, &request).unwrap()),
        );
        assert_eq!(calls.len(), 3);
        let [kept, expected] = [pair.ours.path(), pair.theirs.path()]
            .map(|directory| fs::read(directory.join("results/a-net.x_1-c1_x.y-z-eth0")).unwrap())
            .map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
        assert_eq!(kept, expected, "{version}");

        pair.same_calls(
            "CHECK",
            || assert_eq!(libcni.check_network_list(&theirs, &conf).is_ok(), version != "0.3.1"),
            || assert_eq!(runtime.check(&ours, &request).is_ok(), version != "0.3.1"),
        );
        pair.same_calls(
            "STATUS",
            || libcni.get_status_network_list(&theirs).unwrap(),
            || runtime.status(&ours).unwrap(),
        );
        let valid = [AttachmentKey {
            container_id: conf.container_id.clone(),
            interface_name: "eth0".to_owned(),
        }];
        let calls = pair.same_calls(
            "GC",
            || {
                libcni
                    .gc_network_list(&theirs, Some(&[(&conf.container_id, "eth0")]))
                    .unwrap()
            },
            || runtime.gc(&ours, Some(&valid)).unwrap(),
        );
        assert_eq!(calls.len(), if version == "1.1.0" { 3 } else { 0 });
        let calls = pair.same_calls(
            "GC of everything",
            || libcni.gc_network_list(&theirs, None).unwrap(),
            || runtime.gc(&ours, None).unwrap(),
        );
        assert_eq!(calls.len(), if version == "1.1.0" { 6 } else { 3 });
        pair.same_calls(
            "DEL once more",
            || libcni.del_network_list(&theirs, &conf).unwrap(),
            || runtime.del(&ours, &request).unwrap(),
        );
        for directory in [&pair.ours, &pair.theirs] {
            assert_eq!(fs::read_dir(directory.path().join("results")).unwrap().count(), 0);
        }
    }
}

#[test]
fn plugins_are_asked_for_their_versions_in_the_same_way() {
    let pair = Pair::new();
    let answer = json!({ "cniVersion": "1.1.0", "supportedVersions": ["1.0.0"] });
    for plugin in ["one", "two", "three"] {
        pair.recorder.plugin(plugin, &format!("echo '{answer}'"));
    }
    for (version, is_supported) in [("1.0.0", true), ("0.4.0", false)] {
        let (theirs, ours) = both(&list(version));
        if is_supported {
            pair.same_calls(
                "VERSION",
                || pair.libcni().validate_network_list(&theirs).unwrap(),
                || drop(pair.runtime().validate(&ours).unwrap()),
            );
        } else {
            let expected = pair.libcni().validate_network_list(&theirs).unwrap_err().to_string();
            let found = pair.runtime().validate(&ours).unwrap_err().to_string();
            assert_eq!(found.lines().next(), Some(expected.as_str()));
        }
    }
}

/// What a plugin leaves when it fails.
const FAILURES: [&str; 5] = [
    r#"echo '{"cniVersion":"1.0.0","code":11,"msg":"later","details":"much"}'; exit 1"#,
    r#"echo '{"code":11,"msg":"later"}'; exit 1"#,
    r#"printf '{\n    "code": 999,\n    "msg": "said <this>"\n}'; echo noise >&2; exit 3"#,
    "exit 2",
    "echo 'no such thing' >&2; exit 1",
];

#[test]
fn the_same_is_told_of_a_plugin_that_failed() {
    for failure in FAILURES {
        let pair = Pair::new();
        let (theirs, ours) = both(&list("1.0.0"));
        let (conf, request) = asked();
        pair.recorder.obedient("one", &result("1.0.0").to_string());
        pair.recorder.plugin("two", failure);
        pair.recorder.obedient("three", "{}");

        let (expected, found) = (
            pair.libcni().add_network_list(&theirs, &conf).unwrap_err(),
            pair.runtime().add(&ours, &request).unwrap_err(),
        );
        assert_alike(failure, &expected, &found);
        let (expected, found) = (
            pair.libcni().check_network_list(&theirs, &conf).unwrap_err(),
            pair.runtime().check(&ours, &request).unwrap_err(),
        );
        assert_same_error(failure, &expected, &found);
        let (expected, found) = (
            pair.libcni().del_network_list(&theirs, &conf).unwrap_err(),
            pair.runtime().del(&ours, &request).unwrap_err(),
        );
        assert_alike(failure, &expected, &found);
        // One that has a name of its own.
        pair.recorder.plugin("one", failure);
        let (expected, found) = (
            pair.libcni().add_network_list(&theirs, &conf).unwrap_err(),
            pair.runtime().add(&ours, &request).unwrap_err(),
        );
        assert_alike(failure, &expected, &found);
    }
}

#[track_caller]
fn assert_alike(what: &str, expected: &anyhow::Error, found: &RuntimeError) {
    assert_eq!(found.to_string(), format!("{expected:#}"), "{what}");
    assert_same_error(what, expected, found);
}

#[track_caller]
fn assert_same_error(what: &str, expected: &anyhow::Error, found: &RuntimeError) {
    let expected = expected.downcast_ref::<PluginError>().expect("a plugin's error");
    let found = found.cni().expect("a plugin's error");
    let found = PluginError {
        code: found.code.into(),
        message: found.message.clone(),
        details: found.details.clone().unwrap_or_default(),
    };
    assert_eq!(&found, expected, "{what}");
}

#[test]
fn the_same_is_told_of_what_reaches_no_plugin() {
    let pair = Pair::new();
    let (conf, request) = asked();
    pair.recorder.obedient("one", "{}");
    let named = |name: &str, id: &str, ifname: &str| {
        let text = with(list("1.0.0"), json!({ "name": name })).to_string();
        let conf = RuntimeConf {
            container_id: id.to_owned(),
            ifname: ifname.to_owned(),
            ..conf.clone()
        };
        let request = AttachmentRequest {
            container_id: id.to_owned(),
            interface_name: ifname.to_owned(),
            ..request.clone()
        };
        let theirs = NetworkConfigList::from_bytes(text.as_bytes()).unwrap();
        let ours = NetworkList::parse(&text).unwrap();
        let expected = pair.libcni().add_network_list(&theirs, &conf).unwrap_err();
        (expected, pair.runtime().add(&ours, &request).unwrap_err())
    };
    for (name, id, ifname) in [
        ("../x", "c1", "eth0"),
        ("net", "", "eth0"),
        ("net", "c/1", "eth0"),
        ("net", "c1", ""),
        ("net", "c1", "a-name-of-16-bytes"),
        ("net", "c1", "."),
        ("net", "c1", "a/b"),
        ("net", "c1", "a b"),
    ] {
        let (expected, found) = named(name, id, ifname);
        let expected = expected.downcast_ref::<PluginError>().unwrap();
        let found = found.cni().unwrap();
        // The details say what was found, and where.
        assert_eq!(
            (u64::from(found.code), &found.message),
            (expected.code, &expected.message),
            "{name:?} {id:?} {ifname:?}"
        );
    }
    let (expected, found) = named("net", "c1", "eth0");
    assert_eq!(found.to_string(), format!("{expected:#}"), "two is not there");
    assert!(
        found.to_string().starts_with("plugin type=\"two\" failed (add): "),
        "{found}"
    );
    assert!(
        found.to_string().contains("failed to find plugin \"two\" in path ["),
        "{found}"
    );
}

/// What `one` is given where its configuration has this number, by the replay and by the runtime library.
fn number_given(written: &str) -> [String; 2] {
    let pair = Pair::new();
    pair.recorder.obedient("one", "{}");
    let text = format!(r#"{{"cniVersion":"1.0.0","name":"net","plugins":[{{"type":"one","list":[{written}]}}]}}"#);
    let theirs = NetworkConfigList::from_bytes(text.as_bytes()).unwrap();
    let ours = NetworkList::parse(&text).unwrap();
    let (conf, request) = asked();
    pair.libcni().add_network_list(&theirs, &conf).unwrap();
    pair.runtime().add(&ours, &request).unwrap();
    let number = |recorded: &Recorded| {
        let stdin = String::from_utf8(recorded.stdin.clone()).unwrap();
        let (_, list) = stdin.split_once(r#""list":["#).unwrap();
        list.split_once(']').unwrap().0.to_owned()
    };
    let [theirs, ours] = &pair.recorder.take()[..] else {
        panic!("two calls")
    };
    [number(theirs), number(ours)]
}

/// Go's decoder refuses `1500.0` for an integer, but no plugin sees that: the library has made it `1500`.
#[test]
fn whole_numbers_reach_a_plugin_without_a_point() {
    for (written, read) in [("1500.0", "1500"), ("15e2", "1500"), ("-3.0", "-3"), ("0.5", "0.5")] {
        assert_eq!(number_given(written), [read, read]);
    }
    // More digits than a float has, the library changes.
    assert_eq!(
        number_given("9007199254740993"),
        ["9007199254740992", "9007199254740993"]
    );
}

/// A result of another version than the list's is handed on as it is by the library, for the next plugin to refuse.
#[test]
fn a_result_of_another_version_is_handed_on_in_the_lists() {
    let pair = Pair::new();
    let (theirs, ours) = both(&list("1.0.0"));
    let (conf, request) = asked();
    for plugin in ["one", "two", "three"] {
        pair.recorder.obedient(plugin, &result("0.4.0").to_string());
    }
    pair.libcni().add_network_list(&theirs, &conf).unwrap();
    let expected = pair.recorder.take();
    pair.runtime().add(&ours, &request).unwrap();
    let found = pair.recorder.take();

    assert_eq!(expected[1].config()["prevResult"], result("0.4.0"));
    assert_eq!(found[1].config()["prevResult"]["cniVersion"], "1.0.0");
    assert_eq!(found[1].config()["prevResult"]["ips"][0].get("version"), None);
    // Kept is what the last plugin printed, and later handed out in the list's version, by both.
    pair.same_calls(
        "CHECK",
        || pair.libcni().check_network_list(&theirs, &conf).unwrap(),
        || pair.runtime().check(&ours, &request).unwrap(),
    );
}

/// The library hands on what it knows of a result; what plugins of one maker tell each other besides, it drops.
#[test]
fn a_result_is_handed_on_with_what_it_has_besides() {
    let pair = Pair::new();
    let (theirs, ours) = both(&list("1.0.0"));
    let (conf, request) = asked();
    let besides = with(result("1.0.0"), json!({ "vendor": { "key": 1 } }));
    for plugin in ["one", "two", "three"] {
        pair.recorder.obedient(plugin, &besides.to_string());
    }
    pair.libcni().add_network_list(&theirs, &conf).unwrap();
    let expected = pair.recorder.take();
    pair.runtime().add(&ours, &request).unwrap();
    let found = pair.recorder.take();

    assert_eq!(expected[1].config()["prevResult"], result("1.0.0"));
    assert_eq!(found[1].config()["prevResult"], besides);
}

/// A plugin that fails in the middle of DEL keeps those before it from being called by the library.
#[test]
fn del_goes_on_after_a_plugin_that_failed() {
    let pair = Pair::new();
    let (theirs, ours) = both(&list("1.0.0"));
    let (conf, request) = asked();
    pair.recorder.obedient("one", "{}");
    pair.recorder.plugin("two", FAILURES[0]);
    pair.recorder.obedient("three", "{}");

    pair.libcni().del_network_list(&theirs, &conf).unwrap_err();
    let expected: Vec<_> = pair.recorder.take().iter().map(Recorded::call).collect();
    pair.runtime().del(&ours, &request).unwrap_err();
    let found: Vec<_> = pair.recorder.take().iter().map(Recorded::call).collect();

    assert_eq!(expected, ["DEL three", "DEL two"]);
    assert_eq!(found, ["DEL three", "DEL two", "DEL one"]);
}
