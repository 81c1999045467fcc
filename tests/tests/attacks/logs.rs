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
