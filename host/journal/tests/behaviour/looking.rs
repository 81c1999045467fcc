//! Looking at a state directory without a part in it: nothing is made, and
//! nobody is kept waiting.

use std::path::Path;

use cofferdam_journal::{HeldLocks, SharedObject, StateDirectory};
use cofferdam_protocol::Place;
use cofferdam_system::files as fs;

use crate::fixture::{State, attachment, soon};

#[test]
fn a_directory_that_is_not_there_is_not_made_by_who_looks() {
    let state = State::new();
    let nowhere = state.root().join("nowhere");
    assert!(StateDirectory::open_existing(&nowhere).unwrap().is_none());
    assert!(!fs::is_there(nowhere));
    assert!(StateDirectory::open_existing(state.directory.path()).unwrap().is_some());
    let file = state.root().join("file");
    fs::write(&file, "").unwrap();
    assert!(StateDirectory::open_existing(&file).is_err());
}

#[test]
fn what_was_written_to_try_is_gone_after() {
    let state = State::new();
    state.directory.try_write().unwrap();
    assert_eq!(fs::read_dir(state.directory.path()).unwrap().count(), 0);
}

#[test]
fn a_lock_is_seen_with_its_holder_as_long_as_it_is_held() {
    let state = State::new();
    let journal = state.begin(&attachment("c1"));
    let path = state.journal_path(&attachment("c1"));
    let holder = HeldLocks::read().holder(&path);
    // Elsewhere than in the first pid namespace the kernel may not tell.
    if let Some(pid) = holder.and_then(|holder| holder.pid) {
        assert_eq!(pid, std::process::id());
    }
    drop(journal);
    assert_eq!(HeldLocks::read().holder(&path), None);
    assert_eq!(HeldLocks::read().holder(Path::new("/no/such/file")), None);
}

#[test]
fn the_others_that_use_an_object_are_named_where_their_journals_do() {
    let state = State::new();
    let bridge = SharedObject::Bridge {
        place: Place::Host,
        name: "cni0".to_owned(),
    };
    let shared = state.directory.shared();
    let _journals = ["c1", "c2"].map(|container| {
        let id = attachment(container);
        drop(shared.join(&bridge, &id, soon()).unwrap());
        state.begin(&id)
    });
    drop(shared.join(&bridge, &attachment("gone"), soon()).unwrap());
    let others = shared.others(&bridge, &attachment("c1")).unwrap();
    assert_eq!(others.len(), 2);
    assert!(
        others.contains(&Some(attachment("c2"))) && others.contains(&None),
        "{others:?}"
    );
}
