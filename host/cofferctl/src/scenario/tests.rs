#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path};

use proptest::prelude::*;

use super::model::ScenarioFile;

fn parse(text: &str) -> String {
    match ScenarioFile::parse(Path::new("a.toml"), text) {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    }
}

const PLAIN: &str = "[[scenario]]\nname = \"a\"\nconfig = '{}'\n[[scenario.step]]\ndo = \"ADD\"\n";

#[test]
fn a_mistake_is_told_with_its_line_and_what_was_meant() {
    for (text, words) in [
        (PLAIN.to_owned(), "fine"),
        (String::new(), "no [[scenario]]"),
        (
            format!("[givn]\n{PLAIN}"),
            "a.toml:1: givn: there is no such key; did you mean \"given\"?",
        ),
        (
            format!("[given]\npolcy = []\n{PLAIN}"),
            "a.toml:2: given.polcy: there is no such key; did you mean \"policy\"?",
        ),
        (
            format!("{PLAIN}reslt = '{{}}'\n"),
            "a.toml:6: scenario.step.reslt: there is no such key; did you mean \"result\"?",
        ),
        (
            PLAIN.replace("ADD", "ADDD"),
            "a.toml:5: scenario.step.do: nothing is called \"ADDD\"; did you mean \"ADD\"?",
        ),
        (
            PLAIN.replace("'{}'", "'{'"),
            "a.toml:3: scenario.config: the string is not JSON",
        ),
        (
            PLAIN.replace("'{}'", "'[]'"),
            "a.toml:3: scenario.config: expected an object",
        ),
        (PLAIN.replace("config = '{}'\n", ""), "it has no configuration"),
        (
            PLAIN.replace("name = \"a\"\n", ""),
            "a.toml:1: scenario: it has no name",
        ),
        (
            PLAIN.replace("ADD", "CHECK") + "result = '{}'\n",
            "scenario.step.result: there is no such key",
        ),
        (format!("{PLAIN}result = '{{}}'\nerror = {{}}\n"), "is expected, too"),
        (
            format!("{PLAIN}node.there = [\"lnk a\"]\n"),
            "a.toml:6: scenario.step.node.there: a line begins with",
        ),
        (
            format!("{PLAIN}node.set = []\n"),
            "a.toml:6: scenario.step.node.set: there is no such key",
        ),
        (PLAIN.replace("ADD", "GC"), "needs \"valid\""),
        (PLAIN.replace("ADD", "change"), "it changes nothing"),
        (
            PLAIN.replace("config = '{}'", "config-file = \"missing.json\""),
            "a.toml:3: scenario.config-file: read missing.json",
        ),
    ] {
        let found = parse(&text);
        assert!(found.contains(words), "{text}\n{found}");
    }
}

proptest! {
    /// Whatever bytes somebody has in a file, it is read or refused.
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.toml");
        fs::write(&path, bytes).unwrap();
        let _ = ScenarioFile::load(&path);
    }

    /// The same of what is nearly a file of scenarios.
    #[test]
    fn no_alteration_makes_it_panic(
        at in 0_usize..2000, length in 0_usize..40, text in "[\\[\\]{}=\"'a-z0-9 .\n*-]{0,40}",
    ) {
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        for kind in ["interface", "ipam", "chained"] {
            let path = templates.join(kind).join("scenarios/my-plugin.toml");
            let mut whole = fs::read_to_string(&path).unwrap();
            let begin = whole.floor_char_boundary(at.min(whole.len()));
            let end = whole.floor_char_boundary((begin + length).min(whole.len()));
            whole.replace_range(begin..end, &text);
            let _ = ScenarioFile::parse(&path, &whole);
        }
    }
}
