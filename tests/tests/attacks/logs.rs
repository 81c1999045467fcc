//! Text for people and machines to read, with something else in it.

use std::fs;

use cofferdam_tests::needs_kernel;
use serde_json::{Value, json};

use crate::arena::{Arena, config};

/// What a terminal, a line reader or a JSON reader would take for its own.
const TRICKS: [&str; 8] = [
    "\n{\"event\":\"granted\",\"plugin\":\"hostile\"}",
    "\r\ncofferdam: warn: forged",
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "\"},\"code\":0,{\"",
    "\0\u{8}\u{7f}",
    "\u{9b}31m",
    "\u{202e}gnihtemos\u{2066}",
    "\u{2028}next\u{2029}",
];

fn assert_plain(text: &str) {
    let bad = |symbol: char| {
        (symbol.is_control() && symbol != '\n') || matches!(symbol, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    assert!(!text.contains(bad), "{text:?}");
}

#[test]
fn messages_are_one_line_each_whatever_is_in_them() {
    needs_kernel!();
    let arena = Arena::new();
    for trick in TRICKS {
        let output = arena.run(&json!([{ "do": "log", "text": format!("a{trick}b") }, { "do": "tell" }]));
        assert_eq!(output.stderr.lines().count(), 1, "{trick:?}: {output}");
        assert!(
            output
                .stderr
                .starts_with("cofferdam: warn: hostile for container attacker: a"),
            "{output}"
        );
        assert_plain(&output.stderr);
    }
}

#[test]
fn errors_and_audit_records_are_one_document_each_whatever_is_in_the_names() {
    needs_kernel!();
    let arena = Arena::new();
    for trick in TRICKS {
        let name = format!("x{trick}");
        for calls in [
            json!([{ "do": "find", "in": "host", "name": name }]),
            json!([{ "do": "bridge", "in": "host", "name": name }]),
            json!([{ "do": "read-setting", "in": "host", "key": ["net", name] }]),
            json!([{ "do": "ensure-table", "in": "host", "table": { "family": "inet", "name": name } }]),
            json!([{ "do": "open-records" }, { "do": "claim", "name": name }]),
        ] {
            let error = arena.fails(&name, &calls);
            assert_plain(&error.text());
        }
        let mut delegate = config(&json!([{ "do": "delegate" }]));
        delegate["ipam"]["type"] = json!(name);
        assert_plain(&arena.site.try_add(&arena.container, &delegate).error().text());
    }
    let audit = arena.site.installation().root().join("var/log/cofferdam/audit.jsonl");
    let text = fs::read_to_string(audit).unwrap();
    assert_plain(&text);
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_ne!(record["event"], "granted", "{line}");
    }
}

#[test]
fn a_flood_of_denials_does_not_fill_the_disk() {
    needs_kernel!();
    let arena = Arena::new();
    let find = json!({ "do": "find", "in": "host", "name": "up0" });
    let mut config = config(&json!([{ "do": "repeat", "times": 9_000, "calls": [find] }]));
    config["undaunted"] = json!(true);
    let output = arena.site.try_add(&arena.container, &config);
    assert_eq!(output.code, 0, "{output}");
    let audit = arena.site.installation().root().join("var/log/cofferdam/audit.jsonl");
    let size = fs::metadata(audit).unwrap().len();
    assert!(size < 1 << 20, "{size} bytes");
    assert!(output.stderr.len() < 128 << 10, "{} bytes", output.stderr.len());
}

#[test]
fn values_that_outlive_the_attachment_are_few_and_small() {
    needs_kernel!();
    let arena = Arena::new();
    for (attack, value) in [
        ("large", "x".repeat(300)),
        ("lines", "a\nb".to_owned()),
        ("zero", "\0".to_owned()),
    ] {
        let calls = json!([{ "do": "open-records" }, { "do": "write-value", "name": "cursor", "value": value }]);
        arena.refused(attack, &calls, crate::arena::INVALID, "a value has at most 256 bytes");
    }
    let long = "a".repeat(65);
    for name in ["web-0", "10.22.0.5", "../cursor", "", "last.1000", &long, "lock"] {
        let calls = json!([{ "do": "open-records" }, { "do": "write-value", "name": name, "value": "1" }]);
        arena.refused(name, &calls, crate::arena::INVALID, "can't be the name of a value");
    }
    let calls = json!([
        { "do": "open-records" },
        { "do": "repeat", "times": 1000, "calls": [{ "do": "write-value", "name": "last_reserved_ip.{n}", "value": "1" }] },
    ]);
    let error = arena.run(&calls).error();
    assert!(
        error.message.contains("as many values as a network can have"),
        "{error:?}"
    );
    let files = fs::read_dir(arena.site.leases().join("mynet")).unwrap().count();
    assert!(files < 70, "{files} files");
}

/// Runtimes log errors as they come, and unescape the JSON before they do.
#[test]
fn errors_about_what_the_runtime_passed_on_are_one_line() {
    needs_kernel!();
    let arena = Arena::new();
    for trick in TRICKS {
        let text = format!("x{trick}");
        for path in [
            "/name",
            "/cniVersion",
            "/type",
            "/plugin",
            "/ipam/type",
            "/ipam/dataDir",
            "/ipam/resolvConf",
        ] {
            let mut config =
                config(&json!([{ "do": "open-records" }, { "do": "read-resolver" }, { "do": "delegate" }]));
            config["ipam"]["resolvConf"] = json!("/etc/resolv.conf");
            config["ipam"]["dataDir"] = json!("/var/lib/cni/networks");
            *config.pointer_mut(path).unwrap() = json!(text);
            assert_one_line(
                &arena
                    .site
                    .cni()
                    .command("ADD")
                    .netns(&arena.container.namespace)
                    .config(&config)
                    .run(),
            );
        }
        let chain = json!({
            "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "chain": [{ "type": text }]
        });
        assert_one_line(&arena.site.try_add(&arena.container, &chain));
        let mut wrong = config(&json!([]));
        wrong["prevResult"] = json!({ "ips": [{ "address": text }] });
        assert_one_line(&arena.site.try_add(&arena.container, &wrong));
        // A variable can't hold NUL.
        if trick.contains('\0') {
            continue;
        }
        let call = || {
            arena.site.call(
                "ADD",
                &arena.container,
                &config(&json!([{ "do": "find", "in": "host", "name": "up0" }])),
            )
        };
        for output in [
            call().command(&text).run(),
            call().container_id(&text).run(),
            call().ifname(&text).run(),
            call().netns_path(&text).run(),
            call().args(&format!("K8S_POD_NAMESPACE={text}")).run(),
        ] {
            assert_one_line(&output);
        }
    }
}

#[track_caller]
fn assert_one_line(output: &cofferdam_tests::Output) {
    let text = output.error().text();
    assert!(!text.contains('\n'), "{text:?}");
    assert_plain(&text);
    assert_plain(&output.stderr);
    assert_plain(
        output.stdout_json.as_ref().unwrap()["cniVersion"]
            .as_str()
            .unwrap_or_default(),
    );
}

#[test]
fn a_failure_is_short_and_has_a_code() {
    needs_kernel!();
    let arena = Arena::new();
    let find = json!([{ "do": "bridge", "in": "host", "name": "x".repeat(500_000) }]);
    let error = arena.fails("a long name", &find);
    assert!(error.text().len() < 24 << 10, "{} bytes", error.text().len());
}
