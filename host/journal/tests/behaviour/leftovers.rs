//! Files that a process which was killed left before anything was in them.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use cofferdam_journal::{AttachmentId, Left, Leftover, LeftoverKind, Made, Owner, Records};
use cofferdam_system::files::{self as fs, File};

use crate::{
    fixture::{State, attachment, soon},
    things::{bridge_object, mac},
};

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

    assert!(!fs::is_there(journal("left")));
    assert!(fs::is_there(journal("held")) && fs::is_there(journal("written")));
    assert!(fs::is_there(directory.join("other")));
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

/// As a process leaves it that is killed between writing a file and putting it
/// in place of the old one.
#[test]
fn what_was_being_written_when_a_process_was_killed_goes_with_what_it_was_to_replace() {
    let state = State::new();
    let id = attachment("c1");
    let directory = state.root().join("records");
    let open = || Records::open(&directory, state.directory.path(), &id, owner(&id), soon()).unwrap();
    let address = "10.22.0.2".parse().unwrap();
    let mut records = open();
    assert!(records.claim(&address).unwrap());
    assert_eq!(records.owned().unwrap(), [address]);
    drop(records);
    let mut guard = state.directory.shared().join(&bridge_object(), &id, soon()).unwrap();
    let made = Made::Bridge {
        mac: mac(0x50),
        index: None,
    };
    guard.set_made(made).unwrap();
    drop(guard);
    for path in files(state.root()) {
        let mut next = path.into_os_string();
        next.push(".next");
        fs::write(next, "half").unwrap();
    }
    fs::write(directory.join(".cofferdam.next"), "half").unwrap();

    assert!(open().release(&address).unwrap());
    let Left::Last(guard) = state.directory.shared().leave(&bridge_object(), &id, soon()).unwrap() else {
        panic!("nobody else uses it");
    };
    guard.remove().unwrap();
    // Those of files that are written in place are nobody's.
    for name in ["10.22.0.2.next", "lock.next"] {
        fs::remove_file(directory.join(name)).unwrap();
    }
    for path in files(&state.directory.path().join("shared")) {
        assert!(path.ends_with(format!("{}.next", id.key())), "{path:?}");
    }
    assert!(open().tidy().unwrap());

    let left = files(state.root());
    let left: Vec<_> = left
        .iter()
        .filter(|path| !path.starts_with(state.directory.path().join("shared")))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

fn owner(id: &AttachmentId) -> Owner {
    Owner {
        container_id: id.container_id.clone(),
        interface_name: Some(id.interface_name.clone()),
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if fs::is_directory(&path) {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
