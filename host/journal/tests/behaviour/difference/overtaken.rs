//! A repair beside an ADD that agrees on another value at that moment.

use std::{
    path::Path,
    thread::{self, ScopedJoinHandle},
    time::Duration,
};

use cofferdam_journal::{History, Made, Operation, Repair, Repaired, SharedObject};
use cofferdam_network::{Kernel, Network as _};
use cofferdam_protocol::Place;
use cofferdam_tests::needs_kernel;

use crate::{
    cases::joined,
    fixture::{attachment, soon},
    ground::Ground,
    steps::do_it,
    things::forwarding,
};

fn object() -> SharedObject {
    SharedObject::Sysctl {
        place: Place::Host,
        key: forwarding(),
    }
}

fn made(old: &str, new: &str) -> Made {
    Made::Sysctl {
        old: old.to_owned(),
        new: new.to_owned(),
    }
}

/// An attachment that needs a setting of the node to be 1, and that somebody
/// set to 0.
fn drifted(ground: &mut Ground) -> History {
    let operation = Operation::SetSysctl {
        place: Place::Host,
        key: forwarding(),
        value: "1".to_owned(),
    };
    let case = joined(operation, object(), made("0", "1"), |ground| set(ground, "1"));
    let mut journal = ground.begin();
    do_it(ground, &mut journal, &case);
    journal.commit("{}").unwrap();
    set(ground, "0");
    journal.history().clone()
}

fn set(ground: &mut Ground, value: &str) {
    ground.kernel.set_sysctl(Place::Host, &forwarding(), value).unwrap();
}

fn value(ground: &mut Ground) -> String {
    ground.kernel.sysctl(Place::Host, &forwarding()).unwrap()
}

/// How many descriptors of this process lead to the object's directory.
fn opened(directory: &Path) -> usize {
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let leads = descriptors.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|path| path == directory));
    leads.count()
}

/// Whether a repair came to wait for the lock, and is not through.
fn waits_for_lock(repair: &ScopedJoinHandle<'_, Repaired>, directory: &Path) -> bool {
    while opened(directory) < 2 {
        if repair.is_finished() {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Repairs while another attachment has the object's lock, which does
/// something when the repair has looked and waits.
fn repaired_beside(
    ground: &mut Ground,
    history: &History,
    other: impl FnOnce(&mut Ground, &mut cofferdam_journal::SharedGuard),
) -> Repaired {
    let shared = ground.shared();
    let id = ground.id.clone();
    let mut guard = shared.join(&object(), &attachment("c2"), soon()).unwrap();
    let objects = ground.state.directory.path().join("shared");
    let directory = std::fs::read_dir(objects).unwrap().next().unwrap().unwrap().path();
    thread::scope(|scope| {
        let repair = scope.spawn(|| {
            let mut kernel = Kernel::new(Duration::from_secs(10));
            let mut repair = Repair {
                network: &mut kernel,
                shared: &shared,
                id: &id,
                deadline: soon(),
            };
            repair.run(history).unwrap()
        });
        assert!(waits_for_lock(&repair, &directory), "the repair did not wait");
        other(ground, &mut guard);
        drop(guard);
        repair.join().unwrap()
    })
}

#[test]
fn what_others_agreed_on_meanwhile_stays() {
    needs_kernel!();
    Ground::run(|ground| {
        let history = drifted(ground);
        let repaired = repaired_beside(ground, &history, |ground, guard| {
            guard.set_made(made("1", "2")).unwrap();
            set(ground, "2");
        });
        assert_eq!(value(ground), "2");
        assert_eq!(repaired, Repaired::default());
    });
}

#[test]
fn what_others_agreed_on_and_lost_meanwhile_is_put_back_as_they_have_it() {
    needs_kernel!();
    Ground::run(|ground| {
        let history = drifted(ground);
        let repaired = repaired_beside(ground, &history, |_, guard| guard.set_made(made("1", "2")).unwrap());
        assert_eq!(value(ground), "2");
        assert_eq!((repaired.mended.len(), repaired.left.len()), (1, 0), "{repaired:?}");
    });
}

#[test]
fn what_stays_agreed_on_is_put_back_after_the_wait() {
    needs_kernel!();
    Ground::run(|ground| {
        let history = drifted(ground);
        let repaired = repaired_beside(ground, &history, |_, _| {});
        assert_eq!(value(ground), "1");
        assert_eq!((repaired.mended.len(), repaired.left.len()), (1, 0), "{repaired:?}");
    });
}
