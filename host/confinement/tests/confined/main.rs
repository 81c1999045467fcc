//! Processes that confine themselves, and then try what they no longer may
//! and what they still have to.
//!
//! Confinement can't be taken back, so each scenario is a process of its own:
//! this very program, started again. What it finds it prints, and the test
//! that started it judges. A scenario begins in the main thread, with no other
//! beside it, which the standard test harness can't offer.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

/// Lists a module's tests.
macro_rules! tests {
    ($($test:ident),* $(,)?) => {
        pub(crate) const TESTS: &[(&str, fn())] = &[$((stringify!($test), $test)),*];
    };
}

mod allowed;
mod files;
mod inheritance;
mod refused;
mod scenario;
mod services;
mod status;
mod threads;

use libtest_mimic::{Arguments, Trial};
use scenario::Scenario;

/// What this program does when it is started again.
const SCENARIOS: &[Scenario] = &[
    ("free", refused::free),
    ("confined", refused::confined),
    ("killed", refused::killed),
    ("twice", refused::twice),
    ("work", allowed::work),
    ("services", services::services),
    ("status", status::of_a_process),
    ("prepared", status::prepared),
    ("no right to close the bounding set", status::without_setpcap),
    ("files", files::files),
    ("missing directory", files::missing_directory),
    ("many threads", threads::many),
    ("threads that confine themselves", threads::by_themselves),
    ("threads that make threads", threads::restless),
    ("thread with signals blocked", threads::deaf),
    ("thread with a filter", threads::filtered),
    ("environment", inheritance::environment),
    ("environment beside a thread", inheritance::environment_beside_a_thread),
    ("descriptors", inheritance::descriptors),
];

fn main() {
    match scenario::name() {
        Some(name) => scenario::run_named(&name, SCENARIOS),
        None => libtest_mimic::run(&Arguments::from_args(), tests()).exit(),
    }
}

fn tests() -> Vec<Trial> {
    let modules = [
        ("refused", refused::TESTS),
        ("allowed", allowed::TESTS),
        ("services", services::TESTS),
        ("status", status::TESTS),
        ("files", files::TESTS),
        ("threads", threads::TESTS),
        ("inheritance", inheritance::TESTS),
    ];
    let trial = |module: &str, (name, test): &(&str, fn())| {
        let test = *test;
        Trial::test(format!("{module}::{name}"), move || {
            test();
            Ok(())
        })
    };
    modules
        .into_iter()
        .flat_map(|(module, tests)| tests.iter().map(move |test| trial(module, test)))
        .collect()
}
