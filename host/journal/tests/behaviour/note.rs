//! The note that nothing of earlier boots is left.

use cofferdam_journal::boot_id;
use cofferdam_system::files as fs;

use crate::fixture::{State, attachment};

#[test]
fn nothing_is_left_of_a_state_directory_that_holds_nothing() {
    let state = State::new();
    state.directory.set_reclaimed().unwrap();
    state.directory.tidy().unwrap();
    assert!(!fs::is_there(state.directory.path()));
}

#[test]
fn what_is_attached_keeps_a_state_directory_and_its_note() {
    let state = State::new();
    state.directory.set_reclaimed().unwrap();
    let journal = state.begin(&attachment("c1"));
    state.directory.tidy().unwrap();
    assert!(fs::symlink_metadata(state.directory.path().join("boot")).is_ok());
    drop(journal);
}

#[test]
fn the_note_of_an_earlier_boot_is_replaced() {
    let state = State::new();
    let note = state.directory.path().join("boot");
    fs::symlink("00000000-0000-4000-8000-000000000000", &note).unwrap();
    state.directory.set_reclaimed().unwrap();
    state.directory.set_reclaimed().unwrap();
    assert_eq!(fs::read_link(&note).unwrap().to_string_lossy(), boot_id());
}
