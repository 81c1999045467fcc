//! The function by which the host asks a component for memory of its own.

use cofferdam_tests::needs_kernel;
use serde_json::json;

use super::{
    component::Raw,
    ground::{TRY_AGAIN_LATER, arena_with, fails, is_ended},
};
use crate::arena::config;

#[test]
fn an_allocator_that_lies_ends_the_plugin() {
    needs_kernel!();
    for (attack, allocator, words) in [
        (
            "beyond the memory",
            "(i32.const -16)",
            "realloc return: beyond end of memory",
        ),
        (
            "just beyond the memory",
            "(i32.const 1048568)",
            "realloc return: beyond end of memory",
        ),
        ("at an odd address", "(i32.const 65537)", "realloc return"),
        ("a trap", "(unreachable)", "aborted"),
        (
            "itself without end",
            "(call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1))",
            "too deep",
        ),
    ] {
        is_ended(attack, &Raw::new().allocator(allocator), words);
    }
}

#[test]
fn an_allocator_without_end_ends_with_the_time_of_the_call() {
    needs_kernel!();
    let error = fails(
        "a loop",
        &Raw::new().allocator("(loop $again (br $again)) (unreachable)"),
    );
    assert_eq!(error.code, TRY_AGAIN_LATER, "{error:?}");
}

/// While its arguments are being written, or its result is being read, a
/// component is not to be left.
#[test]
fn an_allocator_calls_no_host() {
    needs_kernel!();
    let allocator = "(call_indirect $later (type $nothing) (i32.const 0)) (i32.const 65536)";
    is_ended(
        "the host",
        &Raw::new().allocator(allocator),
        "cannot leave component instance",
    );
}

/// What the host writes into the memory of a component is the component's own
/// business, as long as it is its memory.
#[test]
fn an_allocator_that_harms_its_own_component_harms_nothing_else() {
    needs_kernel!();
    for (attack, allocator) in [
        ("nothing is at 0", "(i32.const 0)"),
        ("the same each time", "(i32.const 65536)"),
        (
            "all the memory that there may be",
            "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (i32.const 65536)",
        ),
    ] {
        let raw = Raw::new()
            .allocator(allocator)
            .add("(memory.fill (i32.const 1024) (i32.const 0) (i32.const 64)) (i32.const 1024)");
        let arena = arena_with(&raw.wasm());
        let config = config(&json!([]));
        arena.site.add(&arena.container, &config);
        arena.site.del(&arena.container, &config);
        arena.assert_untouched(attack);
    }
}

/// The host's answer to a change finds no place: the change was made by then.
#[test]
fn a_change_whose_answer_finds_no_place_is_undone() {
    needs_kernel!();
    for (attack, place, words) in [
        ("beyond the memory", "0x7ffffff0", "out of bounds"),
        ("at an odd address", "3201", "aligned"),
    ] {
        let add = format!(
            "(call $host (i32.const 3072))
             (call $set (i32.load (i32.const 3076)) (i32.const 2048) (i32.const 3) (i32.const 2117) (i32.const 1)
                 (i32.const {place}))
             (i32.const 1024)"
        );
        is_ended(attack, &Raw::new().add(&add), words);
    }
}
