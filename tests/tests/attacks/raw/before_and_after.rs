//! Code that runs before a component is called, and after it has answered.

use cofferdam_tests::needs_kernel;
use serde_json::json;

use super::{
    component::Raw,
    ground::{TRY_AGAIN_LATER, add, arena_with, fails, forwards_until_del, is_ended},
};
use crate::arena::config;

fn starts_with(body: &str) -> Raw {
    Raw::new().plugin(&format!("(func $first {body}) (start $first)"))
}

#[test]
fn what_is_done_before_the_call_belongs_to_the_attachment() {
    needs_kernel!();
    forwards_until_del(&starts_with("(call $forward)"));
}

#[test]
fn what_is_done_before_a_trap_is_undone() {
    needs_kernel!();
    let before = is_ended(
        "before the call",
        &starts_with("(call $forward) (unreachable)"),
        "aborted",
    );
    let within = Raw::new().add("(call $forward) (unreachable)");
    let within = is_ended("within the call", &within, "aborted");
    let after = Raw::new()
        .add("(call $forward) (i32.const 1024)")
        .after("(unreachable)");
    let after = is_ended("after the call", &after, "aborted");
    for error in [before, within, after] {
        assert!(error.details.contains("rolled back: 1 of 1 operations"), "{error:?}");
    }
}

#[test]
fn what_is_asked_for_before_the_call_is_checked() {
    needs_kernel!();
    // The same setting with a value that is not granted.
    let body = "(call $host (i32.const 3072))
                (call $set (i32.load (i32.const 3076)) (i32.const 2048) (i32.const 3) (i32.const 3300) (i32.const 1)
                    (i32.const 3200))
                (if (i32.ne (i32.load8_u (i32.const 3200)) (i32.const 1)) (then (unreachable)))
                (if (i32.ne (i32.load8_u (i32.const 3204)) (i32.const 0)) (then (unreachable)))";
    let raw = Raw::new().plugin(&format!(
        "(data (i32.const 3300) \"0\") (func $first {body}) (start $first)"
    ));
    let arena = arena_with(&raw.wasm());
    let output = add(&arena);
    assert_eq!(output.code, 0, "it was told that it is denied: {output}");
    let audit = std::fs::read_to_string(arena.site.installation().root().join("var/log/cofferdam/audit.jsonl"));
    let audit = audit.unwrap_or_else(|error| panic!("{error}"));
    assert!(audit.contains("sysctl.write"), "{audit}");
    arena.site.del(&arena.container, &config(&json!([])));
    arena.assert_untouched("a denied setting");
}

#[test]
fn code_without_end_ends_with_the_time_of_the_call() {
    needs_kernel!();
    let endless = "(loop $again (br $again))";
    let inner = format!(
        "(component $inner (core module $inner-module (func $first {endless}) (start $first))
             (core instance (instantiate $inner-module)))
         (instance (instantiate $inner))"
    );
    for (attack, raw) in [
        ("before the call", starts_with(endless)),
        (
            "before the plugin is there",
            Raw::new().memory(&format!(
                "(memory (export \"memory\") 16) (func $first {endless}) (start $first)"
            )),
        ),
        ("in a component within", Raw::new().more(&inner)),
        ("after the call", Raw::new().after(endless)),
    ] {
        let error = fails(attack, &raw);
        assert_eq!(error.code, TRY_AGAIN_LATER, "{attack}: {error:?}");
        assert!(
            error.message.contains("did not return within the time"),
            "{attack}: {error:?}"
        );
    }
}

#[test]
fn recursion_before_the_call_has_an_end() {
    needs_kernel!();
    is_ended("recursion", &starts_with("(call $first)"), "too deep");
}

/// The host has read the answer then; nothing may change any more.
#[test]
fn no_host_is_called_after_the_answer() {
    needs_kernel!();
    let raw = Raw::new().after("(call $forward)");
    is_ended("the host", &raw, "cannot leave component instance");
}

#[test]
fn a_component_that_exits_is_ended() {
    needs_kernel!();
    let exit = r#"
        (import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
        (alias export $exit "exit" (func $exits))
        (core func $exits (canon lower (func $exits)))
        (core module $leaver (import "h" "exit" (func $exit (param i32))) (func $first (call $exit (i32.const 0)))
            (start $first))
        (core instance (instantiate $leaver (with "h" (instance (export "exit" (func $exits))))))"#;
    is_ended("exit", &Raw::new().more(exit), "exited instead of returning");
}
