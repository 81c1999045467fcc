//! Files that a process which was killed left before anything was in them.

use std::fs;

use crate::fixture::{State, attachment, soon};

#[test]
fn an_empty_journal_is_removed_unless_somebody_holds_or_wrote_it() {
    let state = State::new();
    let held = state.directory.lock(&attachment("held"), soon()).unwrap();
    drop(state.begin(&attachment("written")));
    let directory = state.directory.path().join("attachments/mynet");
    let journal = |container: &str| directory.join(format!("{}.journal", attachment(container).key()));
    fs::write(journal("left"), "").unwrap();
    fs::create_dir(directory.join("other")).unwrap();

    state.directory.clear_empty("mynet").unwrap();

    assert!(!journal("left").exists());
    assert!(journal("held").exists() && journal("written").exists());
    assert!(directory.join("other").exists());
    drop(held);
}
