//! Using up what the node has, and not coming to an end.

use std::hint::black_box;

use cofferdam_guest_sdk::{Failure, Namespace, log};

/// False when there is no such attack.
pub(crate) fn tried(attack: &str) -> Result<bool, Failure> {
    match attack {
        "loop" => loop_for_ever(),
        "memory" => drop(black_box(vec![1_u8; 1 << 30])),
        "recursion" => drop(black_box(recurse(1))),
        "panic" => panic_with_a_message(),
        "unreachable" => trap(),
        "handles" => {
            let handles: Vec<_> = (0..10_000).map(|_| Namespace::host()).collect();
            drop(black_box(handles));
        }
        // One handle at a time: only their number is excessive.
        "calls" => (0..1_000_000).for_each(|_| drop(Namespace::host())),
        "log-flood" => (0..10_000).for_each(|_| log::warn("\u{1b}[2Jflood\nforged line")),
        "huge-message" => return Err(Failure::internal("x".repeat(8 << 20))),
        "huge-log" => log::warn(&"x".repeat(8 << 20)),
        "huge-name" => drop(Namespace::host()?.find(&"x".repeat(8 << 20))?),
        "huge-key" => {
            let parts = vec!["net"; 400_000];
            drop(Namespace::host()?.sysctl(&parts)?);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

pub(crate) fn loop_for_ever() {
    let mut count = 0_u64;
    while black_box(count) < u64::MAX {
        count = count.wrapping_add(1) & 0xffff;
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = [depth; 64];
    black_box(&frame);
    if depth == u64::MAX {
        0
    } else {
        recurse(depth + 1) + frame[3]
    }
}

#[allow(clippy::panic)]
fn panic_with_a_message() {
    panic!("the plugin's own words");
}

#[cfg(target_family = "wasm")]
fn trap() {
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_family = "wasm"))]
fn trap() {
    std::process::abort()
}
