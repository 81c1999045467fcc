//! Handles that the host did not give, text that is none, and memory that is
//! not there.

use cofferdam_tests::{CniError, needs_kernel};
use serde_json::json;

use crate::arena::{Arena, config};

const FAULT: u64 = 111;

#[track_caller]
fn ended(arena: &Arena, attack: &str) -> CniError {
    let mut config = config(&json!([]));
    config["attack"] = json!(attack);
    let error = arena.site.try_add(&arena.container, &config).error();
    arena.assert_untouched(attack);
    assert_eq!(error.code, FAULT, "{attack}: {error:?}");
    assert!(
        error.message.contains("plugin \"hostile\" was ended"),
        "{attack}: {error:?}"
    );
    error
}

#[test]
fn a_handle_can_not_be_made_by_number() {
    needs_kernel!();
    let arena = Arena::new();
    for attack in [
        "forged-link",
        "forged-link-0",
        "forged-link-max",
        "forged-link-dropped",
        "forged-namespace",
        "forged-records",
        "used-after-drop",
        "dropped-twice",
    ] {
        let error = ended(&arena, attack);
        assert!(error.message.contains("handle"), "{attack}: {error:?}");
    }
}

#[test]
fn a_handle_is_of_one_kind() {
    needs_kernel!();
    let arena =
        Arena::with_grants("[[plugin.hostile.grant]]\nallow = \"link.see\"\nin = \"container\"\nnames = [\"lo\"]\n");
    for attack in [
        "link-that-is-a-namespace",
        "namespace-that-is-a-link",
        "records-that-are-a-namespace",
    ] {
        let error = ended(&arena, attack);
        assert!(error.message.contains("handle"), "{attack}: {error:?}");
    }
}

#[test]
fn text_is_utf8_or_the_component_ends() {
    needs_kernel!();
    let arena = Arena::new();
    for attack in ["name-without-utf8", "surrogate", "overlong", "message-without-utf8"] {
        let error = ended(&arena, attack);
        assert!(error.message.contains("utf-8"), "{attack}: {error:?}");
    }
}

#[test]
fn arguments_lie_within_the_memory_and_mean_something() {
    needs_kernel!();
    let arena = Arena::new();
    for (attack, words) in [
        ("text-beyond-memory", "out of bounds"),
        ("text-across-the-end", "out of bounds"),
        ("text-of-all-lengths", "out of bounds"),
        ("level-that-is-none", "discriminant"),
        ("key-of-all-lengths", "out of bounds"),
        ("key-at-an-odd-address", "aligned"),
        ("answer-beyond-memory", "out of bounds"),
        ("answer-at-an-odd-address", "aligned"),
    ] {
        let error = ended(&arena, attack);
        assert!(error.message.contains(words), "{attack}: {error:?}");
    }
}
