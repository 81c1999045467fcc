//! What the fuzzers were started with and what they found holds.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

/// Every input of a target's corpus, in the order of their names.
fn replay(target: &str, body: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut inputs: Vec<_> = fs::read_dir(&corpus)
        .unwrap_or_else(|error| panic!("{}: {error}", corpus.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    inputs.sort();
    assert!(!inputs.is_empty(), "{} is empty", corpus.display());
    for path in inputs {
        let input = fs::read(&path).unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&input)));
        assert!(outcome.is_ok(), "{} does not hold", path.display());
    }
}

#[test]
fn policies_are_read_or_refused_and_decide_alike_however_they_are_written() {
    replay("policy", cofferdam_invariants::policy);
}

#[cfg(feature = "components")]
#[test]
fn requests_are_answered_with_one_document_and_leave_nothing() {
    replay("request", cofferdam_invariants::request);
}

#[test]
fn results_are_printed_in_every_version_as_they_are_read() {
    replay("result", cofferdam_invariants::result);
}

#[test]
fn scenarios_are_read_or_refused_with_their_line() {
    replay("scenario", cofferdam_invariants::scenario);
}

#[test]
fn schemas_are_read_or_refused_and_checks_end_with_few_words() {
    replay("schema", cofferdam_invariants::schema);
}

#[cfg(feature = "components")]
#[test]
fn calls_do_nothing_that_is_not_granted_and_on_record_and_everything_goes_back() {
    replay("calls", cofferdam_invariants::calls);
}

#[cfg(feature = "components")]
#[test]
fn compiled_components_that_are_not_roots_own_or_were_altered_are_not_mapped() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can give files away");
        return;
    }
    replay("artifact", cofferdam_invariants::artifact);
}

#[test]
fn journals_are_read_and_undone_whatever_they_hold() {
    replay("journal", cofferdam_invariants::journal);
}
