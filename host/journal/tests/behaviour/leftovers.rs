//! Files that a process which was killed left before anything was in them.

use std::fs;

use crate::fixture::{State, attachment, soon};

#[test]
fn an_empty_journal_is_removed_unless_somebody_holds_or_wrote_it() {
    let state = State::new();
    let held = state.directory.lock(&attachment("held"), soon()).unwrap();
    drop(state.begin(&attachment("written")));
    let left = state.journal_path(&attachment("left"));
    fs::write(&left, "").unwrap();
    let other = left.with_file_name("a-directory");
    fs::create_dir(&other).unwrap();

    state.directory.clear_empty(&attachment("any").network).unwrap();

    assert!(!left.exists());
    for container in ["held", "written"] {
        assert!(state.journal_path(&attachment(container)).exists(), "{container}");
    }
    assert!(other.exists());
    drop(held);
}
