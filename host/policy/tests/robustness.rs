//! Whatever a policy file holds, reading it ends in a policy or in problems.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use cofferdam_policy::{Asked, Operation, default_policy};
use proptest::{prelude::*, sample::select};
use support::{ground::Ground, policy};

/// Damage to a policy that is in order.
fn damaged() -> impl Strategy<Value = String> {
    let cut = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        "\\PC{0,6}|[\"\\[\\]{}=.,\n#-]{1,4}",
    );
    prop::collection::vec(cut, 1..6).prop_map(|cuts| {
        let mut text: Vec<char> = default_policy("bridge")
            .unwrap()
            .replace("plugin.bridge", "plugin.test")
            .chars()
            .collect();
        for (start, length, put) in cuts {
            let start = start.index(text.len());
            let end = (start + length.index(20)).min(text.len());
            text.splice(start..end, put.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = policy(&text).map_err(|error| error.to_string());
    }

    #[test]
    fn no_text_of_toml_marks_makes_the_reader_panic(text in "[\\[\\]{}=.,\"'\n #a-z0-9_*-]{0,200}") {
        let _ = policy(&text).map_err(|error| error.to_string());
        let _ = policy(&format!("[plugin.test]\n[[plugin.test.grant]]\nallow = {text}")).map_err(|error| error.to_string());
    }

    #[test]
    fn no_damage_makes_the_reader_panic(text in damaged()) {
        let _ = policy(&text).map_err(|error| error.to_string());
    }

    #[test]
    fn nothing_in_a_directory_makes_a_check_panic(
        damaged in damaged(),
        names in prop::collection::vec("[a-z*\\\\./ \\n-]{0,6}", 3),
    ) {
        let ground = Ground::new();
        let list: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        let list = list.join(", ");
        ground.write("test.toml", damaged);
        ground.write("test.b.toml", format!("[plugin.test]\nnetworks = [{list}]\ntenants = [{list}]\n"));
        ground.write("test.c.toml", format!("[plugin.test]\n[[plugin.test.grant]]\nallow = \"link.*\"\nin = \
            \"container\"\nnames = [{list}]\n[[plugin.test.grant]]\nallow = \"link.see\"\nin = \"container\"\n\
            names = [{list}, \"x\"]\n"));
        for finding in ground.directory().check_all().findings {
            prop_assert!(!finding.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn no_words_make_a_question_panic(
        operation in select(&Operation::ALL[..]),
        words in prop::collection::vec("(in|name|kind|address|table|priority|key|hook|family)=\\PC{0,6}|\\PC{0,5}", 0..5),
    ) {
        let asked = Asked::read(operation.name(), words.iter().map(String::as_str));
        let _ = asked.map_err(|error| error.to_string());
    }
}

#[test]
fn deep_nesting_ends_in_a_problem() {
    let text = format!("plugin = {}", "[".repeat(100_000));
    assert!(policy(&text).is_err());
    let text = "[".to_owned() + &vec!["a"; 50_000].join(".") + "]";
    assert!(policy(&text).is_err());
}
