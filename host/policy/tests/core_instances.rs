//! How many core instances a component may be made of.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use cofferdam_policy::{NO_KEYS, PluginPolicy};
use support::policy;

fn count(texts: &[&str]) -> Option<u32> {
    let named = |(index, text): (usize, &&str)| (format!("test.{index}.toml").into(), format!("[plugin.test]\n{text}"));
    let files: Vec<_> = texts.iter().enumerate().map(named).collect();
    PluginPolicy::parse("test", &files, NO_KEYS).unwrap().core_instances()
}

#[test]
fn the_most_that_a_file_says_holds() {
    assert_eq!(count(&[""]), None);
    assert_eq!(count(&["core-instances = 48"]), Some(48));
    assert_eq!(
        count(&["core-instances = 48", "", "core-instances = 64", "core-instances = 33"]),
        Some(64)
    );
}

#[test]
fn it_is_a_whole_number_within_bounds() {
    for (value, problem) in [
        ("0", "the number is out of range (1 to 256)"),
        ("257", "the number is out of range (1 to 256)"),
        ("-1", "the number is out of range (1 to 256)"),
        ("\"48\"", "it has to be a whole number"),
        ("4.8", "it has to be a whole number"),
    ] {
        let error = policy(&format!("[plugin.test]\ncore-instances = {value}")).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("test.core-instances") && text.contains(problem),
            "{value}: {text}"
        );
    }
}

#[test]
fn it_is_shown_with_the_plugin() {
    let shown = policy("[plugin.test]\ncore-instances = 48")
        .unwrap()
        .show("mynet", None);
    assert!(shown.contains("[plugin.test]\ncore-instances = 48\n"), "{shown}");
}
