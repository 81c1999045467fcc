//! What is counted across attachments.

use std::{sync::Barrier, thread, time::Duration};

use cofferdam_journal::{AttachmentId, Header, Journal, Limit, OwnedBy, Quota, SharedObject, Slot, Undo};
use cofferdam_network::Kernel;
use cofferdam_protocol::Place;
use cofferdam_system::files as fs;

use crate::fixture::{State, attachment, soon};

const COUNTER: &str = "network:mynet:bridge:0123456789abcdef";

fn limit(max: u32) -> Limit<'static> {
    Limit { counter: COUNTER, max }
}

fn quota(state: &State) -> Quota {
    state.directory.quota()
}

#[track_caller]
fn take(state: &State, journal: &mut Journal, max: u32) -> Option<Slot> {
    let by = OwnedBy::new(journal.id(), "bridge");
    quota(state).take(journal, limit(max), &by, soon()).unwrap()
}

fn count(state: &State) -> u32 {
    quota(state).count(COUNTER).unwrap()
}

fn journals(state: &State, number: usize) -> Vec<Journal> {
    let ids = (0..number).map(|number| attachment(&format!("c{number}")));
    ids.map(|id| state.begin(&id)).collect()
}

fn roll_back(state: &State, journal: &mut Journal) {
    let id = journal.id().clone();
    let report = journal.roll_back(&mut Undo {
        network: &mut Kernel::new(Duration::from_secs(1)),
        shared: &state.directory.shared(),
        id: &id,
        deadline: soon(),
    });
    assert!(report.is_clean() && !report.has_remarks(), "{report}");
}

/// As if the process had died: the journal is what is left.
fn reopen(state: &State, journal: Journal) -> Journal {
    let id: AttachmentId = journal.id().clone();
    drop(journal);
    state.directory.lock(&id, soon()).unwrap().reopen().unwrap()
}

#[test]
fn there_are_as_many_as_the_limit_says() {
    let state = State::new();
    for max in [1, 2, 7, 300] {
        let mut all = journals(&state, 10);
        for taken in 0..max {
            assert_eq!(count(&state), taken);
            let journal = &mut all[taken as usize % 10];
            assert!(take(&state, journal, max).is_some(), "{taken} of {max}");
        }
        assert!(take(&state, &mut all[3], max).is_none());
        for mut journal in all {
            roll_back(&state, &mut journal);
            journal.finish().unwrap();
        }
        assert_eq!(count(&state), 0, "undoing frees them");
    }
    state.directory.tidy().unwrap();
    assert!(!fs::is_there(state.directory.path()));
}

#[test]
fn what_came_to_nothing_is_given_back() {
    let state = State::new();
    let mut journal = state.begin(&attachment("c1"));
    for _ in 0..3 {
        let slot = take(&state, &mut journal, 1).unwrap();
        quota(&state).give_back(&mut journal, &slot);
    }
    assert!(take(&state, &mut journal, 1).is_some());
    assert!(take(&state, &mut journal, 1).is_none());
}

/// Before the slot is taken, and after.
#[test]
fn what_a_killed_process_took_is_freed_with_its_journal() {
    let state = State::new();
    let mut journal = state.begin(&attachment("c1"));
    take(&state, &mut journal, 2).unwrap();
    let mut journal = reopen(&state, journal);
    roll_back(&state, &mut journal);
    assert_eq!(count(&state), 0);

    let mut other = state.begin(&attachment("c2"));
    take(&state, &mut other, 1).unwrap();
    let mut again = state.begin(&attachment("c3"));
    // The line says the same slot, which somebody else has by now.
    let pending = other.history().pending().next().unwrap().clone();
    again.intend("bridge", &pending.operation, &pending.inverse).unwrap();
    roll_back(&state, &mut again);
    assert_eq!(count(&state), 1, "another's stays");
}

#[test]
fn what_an_attachment_without_a_journal_has_is_free() {
    let state = State::new();
    let mut gone = state.begin(&attachment("gone"));
    take(&state, &mut gone, 1).unwrap();
    let path = state.journal_path(gone.id());
    fs::remove_file(path).unwrap();
    let mut journal = state.begin(&attachment("c1"));
    assert_eq!(count(&state), 0);
    assert!(take(&state, &mut journal, 1).is_some());
    assert!(take(&state, &mut journal, 1).is_none());
}

#[test]
fn of_an_earlier_boot_they_are_freed() {
    let state = State::new();
    let id = attachment("c1");
    let mut header = Header::new(id.clone(), None, Vec::new(), 0, String::new());
    header.boot_id = "00000000-0000-0000-0000-000000000000".to_owned();
    let mut journal = state.directory.lock(&id, soon()).unwrap().begin(header).unwrap();
    take(&state, &mut journal, 1).unwrap();
    roll_back(&state, &mut journal);
    assert_eq!(count(&state), 0);
}

#[test]
fn a_lower_limit_counts_what_there_is() {
    let state = State::new();
    let mut all = journals(&state, 5);
    for journal in &mut all {
        take(&state, journal, 5).unwrap();
    }
    let mut next = state.begin(&attachment("next"));
    for left in (2..5).rev() {
        assert!(take(&state, &mut next, 2).is_none(), "{} are there", left + 1);
        roll_back(&state, &mut all[left]);
    }
    assert!(take(&state, &mut next, 2).is_none());
    roll_back(&state, &mut all[0]);
    assert!(take(&state, &mut next, 2).is_some());
    assert!(take(&state, &mut next, 2).is_none());
    // And a higher one again.
    assert!(take(&state, &mut next, 3).is_some());
    assert!(take(&state, &mut next, 3).is_none());
}

#[test]
fn what_another_grant_allows_counts_beyond_the_limit() {
    let state = State::new();
    let mut journal = state.begin(&attachment("c1"));
    let by = OwnedBy::new(journal.id(), "bridge");
    let first = take(&state, &mut journal, 1).unwrap();
    let beyond = quota(&state)
        .take_beyond(&mut journal, limit(1), &by, soon())
        .unwrap()
        .unwrap();
    assert_eq!(count(&state), 2);
    quota(&state).give_back(&mut journal, &first);
    assert!(take(&state, &mut journal, 1).is_none(), "one is there");
    quota(&state).give_back(&mut journal, &beyond);
    assert!(take(&state, &mut journal, 1).is_some());
}

#[test]
fn what_is_shared_counts_as_long_as_it_is_there() {
    let state = State::new();
    let object = SharedObject::Bridge {
        place: Place::Host,
        name: "cni0".to_owned(),
    };
    let (maker, user) = (attachment("c1"), attachment("c2"));
    let mut journal = state.begin(&maker);
    let slot = take(&state, &mut journal, 1).unwrap();
    for id in [&maker, &user] {
        drop(state.directory.shared().join(&object, id, soon()).unwrap());
    }
    quota(&state).hand_over(&slot, &object, &maker, soon()).unwrap();
    roll_back(&state, &mut journal);
    assert_eq!(count(&state), 1, "it is there");
    assert!(take(&state, &mut journal, 1).is_none());
    for id in [&maker, &user] {
        if let cofferdam_journal::Left::Last(guard) = state.directory.shared().leave(&object, id, soon()).unwrap() {
            guard.remove().unwrap();
        }
    }
    assert_eq!(count(&state), 0);
    assert!(take(&state, &mut journal, 1).is_some());
}

/// At any limit, and just after one was lowered.
#[test]
fn of_many_at_once_no_more_get_one_than_there_may_be() {
    const TAKERS: usize = 8;
    for (max, before) in [(1, 1), (3, 3), (3, 6), (7, 7)] {
        for round in 0..20 {
            let state = State::new();
            let mut all = journals(&state, TAKERS);
            if before > max {
                // One beyond the limit is left.
                let slots: Vec<Slot> = (0..before)
                    .map(|_| take(&state, &mut all[0], before).unwrap())
                    .collect();
                for slot in &slots[1..] {
                    quota(&state).give_back(&mut all[0], slot);
                }
            }
            let start = Barrier::new(TAKERS);
            let taken = thread::scope(|scope| {
                let (state, start) = (&state, &start);
                let takers: Vec<_> = all
                    .iter_mut()
                    .map(|journal| {
                        scope.spawn(move || {
                            start.wait();
                            take(state, journal, max).is_some()
                        })
                    })
                    .collect();
                takers
                    .into_iter()
                    .map(|taker| taker.join().unwrap())
                    .filter(|taken| *taken)
                    .count()
            });
            let there = count(&state);
            assert!(there <= max, "round {round}: {there} of {max}");
            if before == max {
                assert_eq!(taken, max as usize, "round {round}");
            }
        }
    }
}
