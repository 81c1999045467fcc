//! Components for a contract that this Cofferdam does not have.

use std::{collections::BTreeSet, ffi::OsString, fs};

use cofferdam_tests::Installation;

use crate::kept::components;

/// A component that was kept, altered as if it had been built against another
/// version: names in it keep their length.
fn altered(changes: &[(&str, &str)]) -> Vec<u8> {
    let (_, mut wasm) = components("0.1.0")
        .into_iter()
        .find(|(name, _)| name == "tuning")
        .unwrap();
    for (old, new) in changes {
        assert_eq!(old.len(), new.len());
        let places: Vec<usize> = (0..wasm.len() - old.len())
            .filter(|at| wasm[*at..].starts_with(old.as_bytes()))
            .collect();
        assert!(!places.is_empty(), "{old} is not in the component");
        for at in places {
            wasm[at..at + new.len()].copy_from_slice(new.as_bytes());
        }
    }
    wasm
}

/// What `cofferctl component add` says of it; there is no such plugin after.
fn refusal(wasm: &[u8]) -> String {
    let installation = Installation::new();
    let before = stored(&installation);
    let refused = installation.add_component("newcomer", wasm);
    assert_eq!(refused.code, Some(1), "{}", refused.stdout);
    assert_eq!(stored(&installation), before, "what was refused is not kept");
    refused.stderr
}

/// What the store has, plugins' names and components.
fn stored(installation: &Installation) -> BTreeSet<OsString> {
    let store = installation.root().join("var/lib/cofferdam");
    let listed = ["plugins", "components"].into_iter().flat_map(|directory| {
        let entries = fs::read_dir(store.join(directory)).unwrap();
        entries.map(|entry| entry.unwrap().file_name())
    });
    listed.collect()
}

#[test]
fn one_for_a_later_patch_runs_where_it_uses_nothing_new() {
    let wasm = altered(&[("@0.1.0", "@0.1.7")]);
    let added = Installation::new().add_component("newcomer", &wasm);
    assert!(added.printed("the newcomer").contains("newcomer"));
}

#[test]
fn one_that_uses_what_came_later_is_told_to_wait_for_an_upgrade() {
    let wasm = altered(&[("@0.1.0", "@0.1.7"), ("[method]link.set-mtu", "[method]link.set-mtv")]);
    let text = refusal(&wasm);
    assert!(text.contains("made for cofferdam:cni 0.1.7"), "{text}");
    assert!(text.contains("this Cofferdam has 0.1.1"), "{text}");
    assert!(text.contains("upgrade Cofferdam"), "{text}");
}

#[test]
fn one_for_another_minor_version_is_refused_before_it_is_compiled() {
    for version in ["@0.2.0", "@1.0.0"] {
        let text = refusal(&altered(&[("@0.1.0", version)]));
        let wanted = format!("made for cofferdam:cni {}", &version[1..]);
        assert!(text.contains(&wanted), "{text}");
        assert!(text.contains("docs/compatibility.md"), "{text}");
    }
}
