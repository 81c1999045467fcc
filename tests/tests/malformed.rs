//! Whatever is on standard input, and for whichever verb: one JSON document
//! comes out, with the code that the specification has for it, and nothing is
//! done.

#![allow(clippy::unwrap_used, clippy::panic)]

use cofferdam_tests::{Container, Output, Site, Snapshot, needs_kernel};
use serde_json::{Value, json};

const VERBS: [&str; 5] = ["ADD", "DEL", "CHECK", "GC", "STATUS"];

/// Codes of the specification.
const VERSION: u64 = 1;
const IO: u64 = 5;
const DECODING: u64 = 6;
const CONFIGURATION: u64 = 7;

/// A node on which the plugin may do nothing, and does not want to.
fn site() -> Site {
    let site = Site::new();
    site.installation().policy("hostile.toml", "[plugin.hostile]\n");
    site
}

fn config() -> Value {
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile",
        "ipam": { "type": "host-local", "dataDir": "/var/lib/cni/networks", "resolvConf": "/etc/resolv.conf" },
        "dns": { "nameservers": ["192.0.2.53"], "domain": "a.example", "search": ["a.example"], "options": ["x"] },
        "capabilities": { "ips": true },
        "runtimeConfig": { "ips": ["10.22.0.5/16"] },
        "args": { "cni": { "ips": ["10.22.0.5/16"] } },
        "cni.dev/valid-attachments": [{ "containerID": "c1", "ifname": "eth0" }],
        "cni.dev/attachments": [{ "containerID": "c1", "ifname": "eth0" }],
        "prevResult": {
            "cniVersion": "1.1.0",
            "interfaces": [{ "name": "lo", "mac": "00:00:00:00:00:00", "mtu": 65536, "sandbox": "" }],
            "ips": [{ "address": "127.0.0.1/8", "interface": 0, "gateway": "127.0.0.2" }],
            "routes": [{ "dst": "127.0.0.0/8", "gw": "127.0.0.2", "mtu": 1, "priority": 1, "table": 1, "scope": 1 }],
            "dns": { "nameservers": ["192.0.2.53"] },
        },
    })
}

struct Inputs {
    site: Site,
    container: Container,
    before: (Snapshot, Snapshot),
    calls: u32,
}

impl Inputs {
    fn new() -> Self {
        let (site, container) = (site(), Container::new("c1"));
        let before = (site.snapshot(), Snapshot::of(&container.namespace));
        Self {
            site,
            container,
            before,
            calls: 0,
        }
    }

    /// Each call is about another container: a success is no obstacle.
    fn send(&mut self, verb: &str, bytes: &[u8]) -> Output {
        self.calls += 1;
        let call = self.site.cni().command(verb).container_id(&format!("c{}", self.calls));
        call.netns(&self.container.namespace).stdin(bytes).run()
    }

    fn assert_untouched(&self) {
        self.before.0.assert_same(&self.site.snapshot());
        self.before.1.assert_same(&Snapshot::of(&self.container.namespace));
    }
}

/// An error, or a success, in the form that it has to have.
#[track_caller]
fn assert_answer(what: &str, output: &Output) {
    if output.code == 0 {
        assert!(
            output.stdout.is_empty() || output.stdout_json.is_some(),
            "{what}: {output}"
        );
        return;
    }
    let error = output.error();
    assert!(!error.message.is_empty(), "{what}: {output}");
    assert!(!error.text().contains("has a fault"), "{what}: {output}");
    assert!(!output.stderr.contains("panicked"), "{what}: {output}");
}

#[test]
fn what_is_no_configuration_is_refused_by_every_verb() {
    needs_kernel!();
    let mut inputs = Inputs::new();
    let head = r#"{"cniVersion":"1.1.0","name":"mynet","type":"cofferdam","plugin":"hostile""#;
    let deep = |open: &str, close: &str| format!("{head},\"x\":{}1{}}}", open.repeat(50_000), close.repeat(50_000));
    for (what, bytes, code) in [
        ("nothing", Vec::new(), DECODING),
        ("blanks", b" \n\t ".to_vec(), DECODING),
        ("no JSON", b"hello".to_vec(), DECODING),
        ("a number", b"1".to_vec(), DECODING),
        ("a text", b"\"x\"".to_vec(), DECODING),
        ("a list", b"[]".to_vec(), DECODING),
        ("zeros", vec![0; 4096], DECODING),
        ("no UTF-8", b"{\"name\":\"\xff\xfe\"}".to_vec(), DECODING),
        ("a UTF-16 text", b"\xff\xfe{\0}\0".to_vec(), DECODING),
        ("a byte order mark", format!("\u{feff}{head}}}").into_bytes(), DECODING),
        ("half of one", head.as_bytes().to_vec(), DECODING),
        ("one and a half", format!("{head}}}{{").into_bytes(), DECODING),
        ("two of them", format!("{head}}}{head}}}").into_bytes(), DECODING),
        ("a comment", format!("{head}}} // x").into_bytes(), DECODING),
        (
            "a lone surrogate",
            format!("{head},\"x\":\"\\ud800\"}}").into_bytes(),
            DECODING,
        ),
        (
            "a line break in a text",
            format!("{head},\"x\":\"\n\"}}").into_bytes(),
            DECODING,
        ),
        (
            "a number out of range",
            format!("{head},\"x\":1e999999}}").into_bytes(),
            DECODING,
        ),
        ("no number", format!("{head},\"x\":NaN}}").into_bytes(), DECODING),
        ("lists in lists", deep("[", "]").into_bytes(), DECODING),
        ("objects in objects", deep("{\"a\":", "}").into_bytes(), DECODING),
        ("an empty object", b"{}".to_vec(), CONFIGURATION),
        ("null", b"null".to_vec(), CONFIGURATION),
        (
            "a version that is none",
            format!("{head},\"cniVersion\":\"x\"}}").into_bytes(),
            VERSION,
        ),
        (
            "a version to come",
            format!("{head},\"cniVersion\":\"9.9.9\"}}").into_bytes(),
            VERSION,
        ),
    ] {
        for verb in VERBS {
            let output = inputs.send(verb, &bytes);
            assert_answer(what, &output);
            let found = output.error().code;
            assert!(
                found == code || (code != DECODING && found == DECODING),
                "{verb} of {what}: {output}"
            );
        }
    }
    inputs.assert_untouched();
}

#[test]
fn a_configuration_has_at_most_four_mebibytes() {
    needs_kernel!();
    let mut inputs = Inputs::new();
    let sized = |bytes: usize| {
        let mut config = config();
        config["x"] = json!("");
        let rest = bytes - config.to_string().len();
        config["x"] = json!("x".repeat(rest));
        config.to_string().into_bytes()
    };
    for verb in VERBS {
        let output = inputs.send(verb, &sized((4 << 20) + 1));
        assert_eq!(output.error().code, IO, "{verb}: {output}");
        let output = inputs.send(verb, &sized(4 << 20));
        assert_answer(verb, &output);
        assert!(output.code == 0 || output.error().code != IO, "{verb}: {output}");
    }
    let output = inputs.send("ADD", &vec![b'['; 64 << 20]);
    assert_eq!(output.error().code, IO, "{output}");
    inputs.assert_untouched();
}

/// Replaces the value at a path.
fn with(path: &str, value: &Value) -> Value {
    let mut config = config();
    *config.pointer_mut(path).unwrap() = value.clone();
    config
}

/// The paths of all values of a document.
fn paths(value: &Value, path: &str, all: &mut Vec<String>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, value) in below {
        let path = format!("{path}/{key}");
        paths(value, &path, all);
        all.push(path);
    }
}

#[test]
fn every_field_may_be_of_any_type() {
    needs_kernel!();
    let mut inputs = Inputs::new();
    let mut all = Vec::new();
    paths(&config(), "", &mut all);
    assert!(all.len() > 40, "{all:?}");
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!("\u{1b}[2J\n/.."),
        json!([]),
        json!([[{}]]),
        json!({ "": { "\0": 1 } }),
    ];
    for path in &all {
        for value in &values {
            let bytes = with(path, value).to_string().into_bytes();
            for verb in VERBS {
                let what = format!("{verb} with {path} = {value}");
                let output = inputs.send(verb, &bytes);
                assert_answer(&what, &output);
            }
        }
    }
    inputs.assert_untouched();
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts() {
    needs_kernel!();
    let mut inputs = Inputs::new();
    for (text, code) in [
        (
            r#""name":"../x","name":"mynet","type":"cofferdam","plugin":"hostile""#,
            None,
        ),
        (
            r#""name":"mynet","type":"cofferdam","plugin":"hostile","NAME":"../x""#,
            Some(CONFIGURATION),
        ),
        (
            r#""name":"mynet","type":"cofferdam","plugin":"hostile","plugin":"/bin/sh""#,
            Some(CONFIGURATION),
        ),
        (
            r#""name":"mynet","type":"cofferdam","plugin":"/bin/sh","Plugin":"hostile""#,
            None,
        ),
        (
            r#""name":"mynet","type":"cofferdam","plugin":"hostile","plugin":["hostile"]"#,
            Some(DECODING),
        ),
    ] {
        let output = inputs.send("ADD", format!("{{\"cniVersion\":\"1.0.0\",{text}}}").as_bytes());
        assert_answer(text, &output);
        let found = (output.code != 0).then(|| output.error().code);
        assert_eq!(found, code, "{text}: {output}");
    }
    inputs.assert_untouched();
}
