//! Whatever happens at whichever point of an attachment, nothing is left
//! behind. The points are all system calls with which the executable changes
//! something outside of itself; each of them is tried, for each scenario.

#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod killed;
mod refused;
mod scenarios;
mod stage;

use scenarios::scenarios;
use stage::Stage;

/// Tries something at point after point of every scenario, on an empty node
/// and beside another attachment, until it says that there are no more.
fn at_every_point(what: &str, mut attempt: impl FnMut(&Stage, usize) -> Attempt) {
    let mut faults = Vec::new();
    for scenario in scenarios() {
        for beside_another in [false, true] {
            let stage = Stage::new(&scenario, beside_another);
            let beside = if beside_another { " beside another" } else { "" };
            let mut number = 0;
            let points = loop {
                match attempt(&stage, number) {
                    Attempt::NoSuchPoint => break number,
                    Attempt::Well => number += 1,
                    Attempt::Fault(text) => {
                        faults.push(format!("{}{beside}, point {number}: {text}", scenario.name));
                        // What is left would be found at each point that follows.
                        break number;
                    }
                }
            };
            println!("{what}: {points} points of {}{beside}", scenario.name);
        }
    }
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n\n"));
}

/// What came of an attempt at one point.
enum Attempt {
    /// The program comes by fewer points.
    NoSuchPoint,
    Well,
    Fault(String),
}
