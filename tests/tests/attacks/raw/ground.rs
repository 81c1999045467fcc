//! Plugins that were written by hand, installed and called.

use cofferdam_tests::{CniError, Output};
use serde_json::json;

use super::component::Raw;
use crate::arena::{Arena, config};

/// Codes of the host and of the specification, as `docs/errors.md` lists them.
pub(crate) const COMPONENT: u64 = 110;
pub(crate) const FAULT: u64 = 111;
pub(crate) const TRY_AGAIN_LATER: u64 = 11;

/// An arena whose plugin is this component.
#[track_caller]
pub(crate) fn arena_with(wasm: &[u8]) -> Arena {
    let arena = Arena::new();
    let ended = arena.site.installation().add_component("hostile", wasm);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    arena
}

/// ADD, with little time.
pub(crate) fn add(arena: &Arena) -> Output {
    let call = arena.site.call("ADD", &arena.container, &config(&json!([])));
    call.argument("--budget").argument("2000").run()
}

/// The plugin has the node forward packets, for as long as its attachment is
/// there.
#[track_caller]
pub(crate) fn forwards_until_del(raw: &Raw) {
    let arena = arena_with(&raw.wasm());
    let config = config(&json!([]));
    arena.site.node().set_sysctl("net/ipv4/ip_forward", "0");
    arena.site.add(&arena.container, &config);
    assert_eq!(arena.site.node().sysctl("net/ipv4/ip_forward"), "1");
    arena.site.del(&arena.container, &config);
    assert_eq!(arena.site.node().sysctl("net/ipv4/ip_forward"), "0");
}

/// The plugin's ADD, which has to fail without a trace.
#[track_caller]
pub(crate) fn fails(attack: &str, raw: &Raw) -> CniError {
    let arena = arena_with(&raw.wasm());
    let output = add(&arena);
    assert_eq!(output.code, 1, "{attack}: {output}");
    arena.assert_untouched(attack);
    output.error()
}

/// The plugin is ended for what it did, in these words.
#[track_caller]
pub(crate) fn is_ended(attack: &str, raw: &Raw, words: &str) -> CniError {
    let error = fails(attack, raw);
    assert_eq!(error.code, FAULT, "{attack}: {error:?}");
    assert!(
        error.message.starts_with("plugin \"hostile\" was ended"),
        "{attack}: {error:?}"
    );
    assert!(error.text().contains(words), "{attack}: no {words:?} in {error:?}");
    error
}

/// `cofferctl component add` refuses this, in these words, and no call finds
/// the plugin changed.
#[track_caller]
pub(crate) fn refused(attack: &str, wasm: &[u8], words: &str) {
    let site = cofferdam_tests::Site::new();
    let named = site.installation().root().join("var/lib/cofferdam/plugins/hostile");
    let before = std::fs::read_to_string(&named).unwrap();
    let ended = site.installation().add_component("hostile", wasm);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(1), ""),
        "{attack}: {}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains(words),
        "{attack}: no {words:?} in {:?}",
        ended.stderr
    );
    assert_eq!(std::fs::read_to_string(&named).unwrap(), before, "{attack}");
}
