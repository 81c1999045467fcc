//! The kernel's rules by name, each a few steps with the way they end.
//!
//! A step is done unless `=>` says otherwise. One that begins with `?` takes
//! something that not every kernel has: without it the case is skipped.

mod addresses;
mod bridges;
mod kinds;
mod links;
mod moves;
mod neighbors;
pub(crate) mod nftables;
mod pairs;
mod routes_ipv4;
mod routes_ipv6;
mod rules;
mod settings;
mod traffic;
mod vlans;
mod vxlans;

use cofferdam_tests::skip_for_kernel;

use crate::{
    both::{Both, in_new_namespaces},
    language,
    outcome::Outcome,
    step::Step,
};

/// A rule of the kernel's.
pub(crate) struct Case(&'static str, &'static [&'static str]);

/// Holds the simulation against the kernel, case by case.
pub(crate) fn hold(cases: &[Case]) {
    if let Err(reason) = cofferdam_tests::kernel_access() {
        return cofferdam_tests::skip(&reason);
    }
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let outcome = in_new_namespaces(true, |both| run(both, case));
            outcome.err().map(|why| format!("{}:\n  {why}", case.0))
        })
        .collect();
    assert!(failed.is_empty(), "not as the kernel:\n\n{}", failed.join("\n\n"));
}

fn run(both: &mut Both, case: &Case) -> Result<(), String> {
    for line in case.1 {
        let (words, expected) = line.split_once("=>").unwrap_or((line, "done"));
        let expected: Outcome = expected.trim().parse()?;
        let words = words.trim();
        let at = |why: String| format!("at {line:?}: {why}");
        if words == "?vlans" {
            if !both.look_at_vlans() {
                skip_for_kernel(&format!("{}: this kernel's bridges do not filter by VLAN", case.0));
                return Ok(());
            }
            continue;
        }
        match words.strip_prefix('?') {
            Some(words) => {
                let step = language::step(words);
                if both.kernel_alone(&step) == Outcome::Unsupported {
                    skip_for_kernel(&format!("{}: this kernel has no {words}", case.0));
                    return Ok(());
                }
                assert_eq!(both.simulated_alone(&step), Outcome::Done, "{line}");
            }
            None => check(both, &language::step(words), expected).map_err(at)?,
        }
        both.compare().map_err(at)?;
    }
    Ok(())
}

fn check(both: &mut Both, step: &Step, expected: Outcome) -> Result<(), String> {
    let outcome = both.run(step)?;
    if outcome == expected {
        return Ok(());
    }
    Err(format!("both end with {outcome:?}, and not with {expected:?}"))
}
