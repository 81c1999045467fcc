//! Components that are large, deep, or made of what plugins do not need.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use cofferdam_tests::{Ended, Installation, Running, finish, needs_kernel};

use serde_json::json;

use super::{
    component::{Raw, assemble},
    ground::{COMPONENT, FAULT, add, arena_with, fails, refused},
};
use crate::arena::config;

/// `cofferctl component add`, with these limits.
fn add_within(limits: &[&str], wasm: &[u8]) -> Ended {
    let installation = Installation::new();
    let file = installation.root().join("large.wasm");
    fs::write(&file, wasm).unwrap();
    let mut add = installation.cofferctl();
    add.args(["component", "add", "--name", "hostile"])
        .args(limits)
        .arg(&file);
    finish(&mut add, b"")
}

/// What makes a component one of more than forty core instances.
fn forty_modules() -> String {
    "(core module $empty)".to_owned() + &"(core instance (instantiate $empty))".repeat(40)
}

#[test]
fn what_is_too_large_from_the_start_does_not_start() {
    needs_kernel!();
    for (attack, raw) in [
        ("a memory", Raw::new().memory("(memory (export \"memory\") 600)")),
        ("a table", Raw::new().plugin("(table 100000 funcref)")),
        (
            "a table of all lengths",
            Raw::new().plugin("(table 0xffffffff funcref)"),
        ),
        ("instances", Raw::new().more(&forty_modules())),
    ] {
        let error = fails(attack, &raw);
        assert!([COMPONENT, FAULT].contains(&error.code), "{attack}: {error:?}");
    }
}

#[test]
fn a_policy_can_let_a_component_have_more_core_instances() {
    needs_kernel!();
    let arena = arena_with(&Raw::new().more(&forty_modules()).wasm());
    let error = add(&arena).error();
    assert_eq!(
        (error.code, error.message.as_str()),
        (
            FAULT,
            "plugin \"hostile\" was ended: it is made of more core instances than it may; core-instances in the \
             policy of a plugin that you trust allows more"
        )
    );
    let more = "[plugin.hostile]\ncore-instances = 48\n";
    arena.site.installation().policy("hostile.more.toml", more);
    assert_eq!(add(&arena).code, 0);
    arena.site.del(&arena.container, &config(&json!([])));
    arena.assert_untouched("more core instances");
}

#[test]
fn many_parts_are_refused() {
    needs_kernel!();
    for (attack, more, words) in [
        ("modules", "(core module)".repeat(10_000), "limit"),
        ("components", "(component)".repeat(10_000), "limit"),
        ("instances", "(instance)".repeat(10_000), "limit"),
        (
            "a long name",
            format!("(export \"{}\" (type $request))", "a".repeat(200_000)),
            "",
        ),
    ] {
        refused(attack, &Raw::new().more(&more).wasm(), words);
    }
}

/// A component within a component within a component.
fn nested(depth: usize) -> Vec<u8> {
    const BEGIN: &[u8] = b"\0asm\x0d\0\x01\0";
    const A_COMPONENT: u8 = 4;
    (0..depth).fold(BEGIN.to_owned(), |within, _| {
        let mut length = within.len();
        let mut around = BEGIN.to_owned();
        around.push(A_COMPONENT);
        while length > 0x7f {
            around.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        around.push(u8::try_from(length).unwrap());
        around.extend(within);
        around
    })
}

/// Depth costs bytes and nothing else: no reader of components recurses.
#[test]
fn components_that_are_deep_end_nobody() {
    needs_kernel!();
    let mut wasm = Raw::new().wasm();
    let within = nested(5_000);
    wasm.extend_from_slice(&within[8..]);
    let arena = arena_with(&wasm);
    let config = config(&json!([]));
    arena.site.add(&arena.container, &config);
    arena.site.del(&arena.container, &config);
    arena.assert_untouched("components within components");
}

#[test]
fn types_that_are_deep_are_refused() {
    needs_kernel!();
    let mut types = "(type $t0 (list u8))".to_owned();
    for depth in 1..10_000 {
        types.push_str(&format!("(type $t{depth} (list $t{}))", depth - 1));
    }
    refused("lists of lists", &Raw::new().more(&types).wasm(), "");
}

#[test]
fn what_plugins_do_not_need_is_refused() {
    needs_kernel!();
    for (attack, module) in [
        ("a memory with large addresses", "(memory i64 1)"),
        ("a second memory", "(memory 1) (memory 1)"),
        ("a hundred memories", &"(memory 1)".repeat(100)),
        ("a shared memory", "(memory 1 1 shared)"),
        ("garbage collection", "(type (struct (field i32)))"),
        ("exceptions", "(tag (param i32))"),
        ("tail calls", "(func $f (return_call $f))"),
        (
            "instructions that differ between machines",
            "(func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))",
        ),
    ] {
        let more = format!("(core module {module})");
        refused(attack, &Raw::new().more(&more).wasm(), "not a valid component");
    }
}

/// A function that is small as a file and large as a graph.
fn of_branches() -> Vec<u8> {
    let targets = "0 ".repeat(60_000);
    let table = format!("(block (br_table {targets} 0 (local.get 0)))");
    Raw::new()
        .plugin(&format!("(func (param i32) {})", table.repeat(20)))
        .wasm()
}

#[test]
fn compiling_has_bounds_of_time_and_memory() {
    needs_kernel!();
    let wasm = of_branches();
    for (limits, words) in [
        (["--compile-megabytes", "40"], "more than 40 MB of memory"),
        (["--compile-seconds", "0"], "more than 0 s of processor time"),
    ] {
        let ended = add_within(&limits, &wasm);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let ended = add_within(&[], &wasm);
    assert!(
        matches!(ended.code, Some(0 | 1)) && !ended.stderr.contains("panicked"),
        "{}",
        ended.stderr
    );
}

/// What it compiles it has from standard input; nothing else is in its reach.
#[test]
fn the_compiler_runs_without_rights() {
    needs_kernel!();
    let installation = Installation::new();
    let compiler = Running::start(installation.cofferctl().arg("compile-standard-input"));
    let path = format!("/proc/{}/status", compiler.id());
    let status = || fs::read_to_string(&path).unwrap_or_else(|error| panic!("the compiler has ended: {error}"));
    let begin = Instant::now();
    while !status().contains("Seccomp:\t2") {
        assert!(begin.elapsed() < Duration::from_secs(60), "{}", status());
        thread::sleep(Duration::from_millis(5));
    }
    let status = status();
    for line in [
        "CapEff:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "NoNewPrivs:\t1",
    ] {
        assert!(status.contains(line), "no {line:?} in {status}");
    }
}

#[test]
fn names_do_not_move_the_cursor_of_whoever_reads_them() {
    needs_kernel!();
    let mut wasm = assemble("(component)");
    let metadata = br#"{"name":"\u001b[2Jplugin","version":"1\u202e0","description":"one\ntwo","licence":"\u009b"}"#;
    let name = b"cofferdam:plugin";
    wasm.push(0);
    wasm.push(u8::try_from(1 + name.len() + metadata.len()).unwrap() & 0x7f | 0x80);
    wasm.push(u8::try_from((1 + name.len() + metadata.len()) >> 7).unwrap());
    wasm.push(u8::try_from(name.len()).unwrap());
    wasm.extend(name);
    wasm.extend(metadata);
    let installation = Installation::new();
    let file = installation.root().join("named.wasm");
    fs::write(&file, wasm).unwrap();
    let ended = finish(installation.cofferctl().args(["component", "inspect"]).arg(&file), b"");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let forbidden = |symbol: char| (symbol.is_control() && symbol != '\n') || symbol == '\u{202e}';
    assert!(!ended.stdout.contains(forbidden), "{:?}", ended.stdout);
    assert!(ended.stdout.contains("plugin"), "{:?}", ended.stdout);
}
