//! The registry of shared objects: many users at once, and records that were
//! cut or changed at any byte.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use cofferdam_journal::{Left, Made, SharedObject};
use cofferdam_protocol::Place;
use cofferdam_system::files as fs;

use crate::fixture::{State, attachment, soon};

fn object() -> SharedObject {
    SharedObject::Bridge {
        place: Place::Host,
        name: "cni0".to_owned(),
    }
}

fn made() -> Made {
    Made::Bridge {
        mac: "02:00:00:00:00:01".parse().unwrap(),
        index: Some(7),
    }
}

#[test]
fn the_first_of_many_makes_it_and_the_last_removes_it() {
    let state = State::new();
    let shared = state.directory.shared();
    let exists = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 0..8 {
            let (shared, exists) = (&shared, &exists);
            scope.spawn(move || {
                let id = attachment(&format!("c{number}"));
                for _ in 0..50 {
                    let mut guard = shared.join(&object(), &id, soon()).unwrap();
                    assert_eq!(guard.made().is_some(), exists.load(Ordering::SeqCst));
                    if guard.made().is_none() {
                        guard.set_made(made()).unwrap();
                        assert!(!exists.swap(true, Ordering::SeqCst), "made twice");
                    }
                    drop(guard);
                    thread::yield_now();
                    assert!(exists.load(Ordering::SeqCst), "removed under its users");
                    if let Left::Last(guard) = shared.leave(&object(), &id, soon()).unwrap() {
                        assert_eq!(guard.made(), Some(&made()));
                        assert!(exists.swap(false, Ordering::SeqCst), "removed twice");
                        guard.remove().unwrap();
                    }
                }
            });
        }
    });
    assert!(!exists.load(Ordering::SeqCst));
    assert!(shared.is_empty().unwrap());
}

#[test]
fn users_are_counted_once_each() {
    let state = State::new();
    let shared = state.directory.shared();
    let (first, second) = (attachment("c1"), attachment("c2"));
    assert!(!shared.join(&object(), &first, soon()).unwrap().joined_before());
    assert!(shared.join(&object(), &first, soon()).unwrap().joined_before());
    let is_used_by_others = |user| shared.is_used_by_others(&object(), user).unwrap();
    assert!(shared.is_used(&object(), &first).unwrap());
    assert_eq!((is_used_by_others(&first), is_used_by_others(&second)), (false, true));
    // Files that are none of ours are no users.
    let directory = state.directory.path().join("shared/bridge.host.cni0");
    fs::write(directory.join("README"), "").unwrap();
    assert!(!is_used_by_others(&first));
    assert!(!shared.join(&object(), &second, soon()).unwrap().joined_before());
    assert_eq!((is_used_by_others(&first), is_used_by_others(&second)), (true, true));
    assert!(matches!(
        shared.leave(&object(), &first, soon()).unwrap(),
        Left::StillUsed
    ));
    let Left::Last(guard) = shared.leave(&object(), &second, soon()).unwrap() else {
        panic!("nobody uses it");
    };
    guard.remove().unwrap();
    assert!(
        fs::is_there(directory.join("README")),
        "what is not ours keeps the directory, and harms nobody"
    );
    assert!(matches!(
        shared.leave(&object(), &second, soon()).unwrap(),
        Left::Last(_)
    ));
}

#[test]
fn a_record_that_was_cut_or_changed_says_nothing_and_stops_nothing() {
    let state = State::new();
    let shared = state.directory.shared();
    let id = attachment("c1");
    let mut guard = shared.join(&object(), &id, soon()).unwrap();
    guard.set_made(made()).unwrap();
    drop(guard);
    let path = state.directory.path().join("shared/bridge.host.cni0/made");
    let whole = fs::read(&path).unwrap();
    assert_eq!(shared.made(&object(), &id).unwrap(), Some(made()));
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 0x04;
        for damaged in [&whole[..place], &changed] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(shared.made(&object(), &id).unwrap(), None, "at {place}");
            let guard = shared.join(&object(), &id, soon()).unwrap();
            assert!(guard.is_damaged() && guard.made().is_none(), "at {place}");
        }
    }
    // A new record takes its place.
    let mut guard = shared.join(&object(), &id, soon()).unwrap();
    guard.set_made(made()).unwrap();
    assert!(!guard.is_damaged());
    drop(guard);
    assert_eq!(fs::read(&path).unwrap(), whole);
}

/// What another object's record says is not believed.
#[test]
fn a_record_in_the_wrong_place_says_nothing() {
    let state = State::new();
    let shared = state.directory.shared();
    let id = attachment("c1");
    let other = SharedObject::Bridge {
        place: Place::Host,
        name: "cni1".to_owned(),
    };
    shared.join(&object(), &id, soon()).unwrap().set_made(made()).unwrap();
    drop(shared.join(&other, &id, soon()).unwrap());
    let registry = state.directory.path().join("shared");
    let made = fs::read(registry.join("bridge.host.cni0/made")).unwrap();
    fs::write(registry.join("bridge.host.cni1/made"), made).unwrap();
    assert!(shared.join(&other, &id, soon()).unwrap().is_damaged());
    assert_eq!(shared.made(&other, &id).unwrap(), None);
}
