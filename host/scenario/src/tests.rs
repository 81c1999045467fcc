#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path};

use proptest::prelude::*;

use cofferdam_protocol::Place;

use crate::{
    Deed, Fact, Pictures, ScenarioFile, arrange,
    fact::SUBJECTS,
    file::{ANSWER_KEYS, DEEDS, GIVEN_KEYS, REQUEST_KEYS},
};

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
        (
            format!("[given.files]\n\"/etc/../x\" = \"\"\n{PLAIN}"),
            "a.toml:2: given.files./etc/../x: expected the whole path",
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
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cofferctl/templates");
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

/// Lines that are mostly about what is there.
fn line() -> impl Strategy<Value = String> {
    let link = prop::sample::select(vec!["lo", "eth0", "br0", "x"]);
    let address = prop::sample::select(vec!["10.0.0.1/24", "10.0.0.0/8", "fd00::1/64", "0.0.0.0/0", "default"]);
    let number = prop::sample::select(vec!["0", "1", "68", "254", "1500", "4294967296"]);
    (0..8, link, address, number, any::<bool>()).prop_map(|(kind, link, address, number, flag)| match kind {
        0 => format!("link {link} kind {} mtu {number}", if flag { "bridge" } else { "veth" }),
        1 => format!("link {link} {} master br0", if flag { "up" } else { "down" }),
        2 => format!("address {address} on {link}"),
        3 => format!("route {address} on {link} metric {number}"),
        4 => format!("route {address} via 10.0.0.9 on {link} table {number}"),
        5 => format!("rule from {address} table {number}"),
        6 => format!("setting net/ipv4/conf/{link}/forwarding {number}"),
        _ => format!("table inet t{number}"),
    })
}

proptest! {
    /// Whatever is asked of the network in memory, it does or refuses, and an
    /// address or a table that was added can be seen.
    #[test]
    fn no_change_makes_it_panic(changes in prop::collection::vec((0..3, any::<bool>(), line()), 0..30)) {
        let mut network = arrange::fresh();
        for (deed, on_node, line) in changes {
            let deed = [Deed::Add, Deed::Set, Deed::Delete][usize::try_from(deed).unwrap()];
            let place = if on_node { Place::Host } else { Place::Container };
            let fact: Fact = line.parse().unwrap();
            let done = arrange::apply(&mut network, place, deed, &fact);
            if done.is_ok() && deed == Deed::Add && (line.starts_with("address") || line.starts_with("table")) {
                prop_assert!(Pictures::of(&network).at(place).has(&fact), "{line}");
            }
        }
    }
}

/// The page has all that a file can hold.
#[test]
fn the_page_tells_of_every_key_and_line() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scenarios.md")).unwrap();
    let keys = GIVEN_KEYS.iter().chain(&REQUEST_KEYS).chain(&ANSWER_KEYS).chain(&DEEDS);
    for key in keys {
        let told = [format!("`{key}`"), format!("`{key}."), format!("`{key}:")];
        assert!(told.iter().any(|told| page.contains(told)), "{key}");
    }
    for subject in SUBJECTS {
        assert!(page.contains(&format!("| `{}", subject.word)), "{}", subject.word);
    }
}
