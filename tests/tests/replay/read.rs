//! Recordings as they are read: on the node that has them, and elsewhere, where
//! they may be anybody's.

use std::{fs, path::PathBuf};

use cofferdam_tests::{Container, needs_kernel, with};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, components},
    node::{SOME_GRANTS, directory, last, masquerading, network, site},
};

#[test]
fn recordings_are_listed_with_how_they_ended() {
    needs_kernel!();
    let site = site("always", &["bridge", "hostile"]);
    site.installation().policy("hostile.toml", SOME_GRANTS);
    assert!(site.cofferctl(&["recordings"]).stdout.contains("nothing is recorded"));
    site.add(&Container::new("c1"), &masquerading());
    let trapping = network("cofferdam", json!({ "plugin": "hostile", "attack": "unreachable" }));
    site.try_add(&Container::new("c2"), &trapping).error();
    fs::write(directory(&site).join("20990101T000000.json"), "{").unwrap();
    let listed = site.cofferctl_json(&["recordings"]);
    let [first, second, third] = &listed["recordings"].as_array().unwrap()[..] else {
        panic!("{listed:#}")
    };
    assert_eq!(first["attachment"], "mynet/c1/eth0", "{listed:#}");
    assert_eq!(first["plugins"], "bridge, host-local", "{listed:#}");
    assert_eq!((&first["verb"], &first["outcome"]), (&json!("ADD"), &json!("success")));
    assert!(second["outcome"].as_str().unwrap().contains("was ended"), "{listed:#}");
    assert!(
        third["problem"].as_str().unwrap().contains("20990101T000000.json"),
        "{listed:#}"
    );
    let words = site.cofferctl(&["recordings"]).stdout;
    assert!(
        words.contains("mynet/c2/eth0") && words.contains("not listed: "),
        "{words}"
    );
}

#[test]
fn what_is_no_recording_is_refused_by_file_and_place() {
    needs_kernel!();
    let site = site("always", &["loopback"]);
    site.add(&Container::new("c1"), &network("loopback", json!({})));
    let whole = fs::read_to_string(last(&site)).unwrap();
    let recording: Value = serde_json::from_str(&whole).unwrap();
    let changed = |changes: Value| with(recording.clone(), changes).to_string();
    let desk = Desk::new();
    for (content, said) in [
        (String::new(), "line 1"),
        ("not json".to_owned(), "line 1"),
        (whole[..whole.len() / 2].to_owned(), "column"),
        (changed(json!({ "format": 99 })), "format 99"),
        (changed(json!({ "told": null })), "told"),
        (
            changed(json!({ "told": [{ "call": "links(Host)", "answer": 1, "more": 2 }] })),
            "more",
        ),
        (changed(json!({ "files": { "../x": { "text": "" } } })), "\"../x\""),
        (
            changed(json!({ "files": { "run/cofferdam/x": { "link": "/etc" } } })),
            "run/cofferdam/x",
        ),
        (changed(json!({ "random": "0" })), "random"),
        (changed(json!({ "variables": { "CNI_COMMAND": "GC" } })), "CNI_COMMAND"),
        (changed(json!({ "variables": { "CNI_CONTAINERID": "../x" } })), "../x"),
        (changed(json!({ "configuration": "{" })), "configuration"),
        (changed(json!({ "outcome": { "exit": 7 } })), "outcome.exit"),
        (
            changed(
                json!({ "configuration": network("loopback", json!({ "ipam": { "dataDir": "/a/../../b" } })).to_string() }),
            ),
            "/a/../../b",
        ),
        (changed(json!({ "surroundings": [] })), "surroundings"),
    ] {
        let file = desk.put("damaged.json", content.as_bytes());
        let refused = desk.replay(&file, &components(&["loopback"]), &[]);
        assert_eq!(refused.code, Some(1), "{said}: {refused:?}");
        assert!(refused.stderr.contains("recording.json"), "{refused:?}");
        assert!(refused.stderr.contains(said), "{said}: {refused:?}");
        assert_eq!(desk.litter(), Vec::<PathBuf>::new(), "{said}");
    }
    let long = desk.put("damaged.json", &vec![b' '; (8 << 20) + 1]);
    let refused = desk.replay(&long, &[], &[]);
    assert!(refused.stderr.contains("more than"), "{refused:?}");
}
