//! Files that a process which was killed left before anything was in them.

use std::{
    fs,
    fs::File,
    path::Path,
    time::{Duration, SystemTime},
};

use cofferdam_journal::{Leftover, LeftoverKind};

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

    state.directory.clear_empty(Some("mynet")).unwrap();

    assert!(!journal("left").exists());
    assert!(journal("held").exists() && journal("written").exists());
    assert!(directory.join("other").exists());
    drop(held);
}

/// Makes something a day old.
fn age(path: &Path) {
    let yesterday = SystemTime::now() - Duration::from_secs(86_400);
    File::open(path).unwrap().set_modified(yesterday).unwrap();
}

#[test]
fn what_is_left_is_told_of_once_no_call_can_be_at_it() {
    let state = State::new();
    let id = attachment("c1");
    drop(state.begin(&id));
    let (network, shared) = (
        state.directory.path().join("attachments/mynet"),
        state.directory.path().join("shared/x"),
    );
    fs::create_dir_all(&shared).unwrap();
    let unknown = "0".repeat(32);
    for (path, kind) in [
        (network.join(format!("{unknown}.journal")), LeftoverKind::EmptyJournal),
        (shared.join(&unknown), LeftoverKind::UserWithoutJournal),
        (shared.join("made.next"), LeftoverKind::Temporary),
        (state.directory.path().join(".probe.7"), LeftoverKind::Temporary),
    ] {
        fs::write(&path, "").unwrap();
        assert_eq!(state.directory.leftovers().unwrap(), [], "{}", path.display());
        age(&path);
        let left = Leftover {
            path: path.clone(),
            kind,
        };
        assert_eq!(state.directory.leftovers().unwrap(), [left]);
        fs::remove_file(&path).unwrap();
    }
    fs::write(shared.join(id.key()), "").unwrap();
    age(&shared.join(id.key()));
    assert_eq!(state.directory.leftovers().unwrap(), [], "a user that is on record");
    fs::remove_file(shared.join(id.key())).unwrap();
    age(&shared);
    let empty = Leftover {
        path: shared,
        kind: LeftoverKind::EmptyDirectory,
    };
    assert_eq!(state.directory.leftovers().unwrap(), [empty]);
}
