//! File systems that are full or can't be written to: what can't be recorded
//! is not begun, and what is on record is undone all the same.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use cofferdam_journal::{
    AttachmentId, Error, Header, Inverse, Journal, Made, Operation, OwnedBy, Owner, Records, Report, Scope,
    SharedObject, StateDirectory, Undo,
};
use cofferdam_network::Kernel;
use cofferdam_protocol::Place;
use cofferdam_tests::skip;
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
};

use crate::{
    fixture::{attachment, harmless, soon},
    things::others_rule,
};

/// A small file system of its own, that the other tests don't see.
struct Disk {
    path: PathBuf,
}

impl Disk {
    fn run(test: impl FnOnce(&Self) + Send + 'static) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().to_owned();
        let name = thread::current().name().unwrap_or_default().to_owned();
        let outcome = thread::Builder::new()
            .name(name)
            .spawn(move || {
                if let Err(errno) = unshare(CloneFlags::CLONE_NEWNS) {
                    return skip(&format!("no mount namespace can be made here ({errno})"));
                }
                let none = None::<&str>;
                mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
                mount(none, &path, Some("tmpfs"), MsFlags::empty(), Some("size=256k")).unwrap();
                test(&Self { path });
            })
            .unwrap()
            .join();
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }

    fn state(&self) -> StateDirectory {
        StateDirectory::open(&self.path.join("state")).unwrap()
    }

    fn records(&self) -> PathBuf {
        self.path.join("networks/mynet")
    }

    fn open_records(&self) -> Result<Records, Error> {
        let id = attachment("c1");
        let owner = Owner {
            container_id: id.container_id.clone(),
            interface_name: Some(id.interface_name.clone()),
        };
        Records::open(&self.records(), &self.path.join("state"), &id, owner, soon())
    }

    /// Takes all space there is.
    fn fill(&self) {
        let mut filler = fs::File::create(self.path.join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.path.join("filler")).unwrap();
    }

    fn set_read_only(&self, on: bool) {
        let none = None::<&str>;
        let flag = if on { MsFlags::MS_RDONLY } else { MsFlags::empty() };
        mount(none, &self.path, none, MsFlags::MS_REMOUNT | flag, none).unwrap();
    }

    fn roll_back(&self, journal: &mut Journal) -> Report {
        journal.roll_back(&mut Undo {
            network: &mut Kernel::new(Duration::from_secs(1)),
            shared: &self.state().shared(),
            id: &attachment("c1"),
            deadline: soon(),
        })
    }
}

fn header(id: &AttachmentId) -> Header {
    Header::new(id.clone(), None, Vec::new(), 0, String::new())
}

fn begin(state: &StateDirectory) -> Journal {
    let id = attachment("c1");
    state.lock(&id, soon()).unwrap().begin(header(&id)).unwrap()
}

fn claim(directory: &Path) -> (Operation, Inverse) {
    let address = "10.22.0.2".parse().unwrap();
    let directory = directory.to_owned();
    let operation = Operation::Claim {
        directory: directory.clone(),
        address,
    };
    (operation, Inverse::ReleaseClaim { directory, address })
}

/// An attachment with a claim, on record and made.
fn attached(disk: &Disk) -> Journal {
    let mut journal = begin(&disk.state());
    let (operation, inverse) = claim(&disk.records());
    journal.intend("host-local", &operation, &inverse).unwrap();
    assert!(
        disk.open_records()
            .unwrap()
            .claim(&"10.22.0.2".parse().unwrap())
            .unwrap()
    );
    journal
}

fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[track_caller]
fn assert_full<T: std::fmt::Debug>(result: Result<T, Error>) {
    let text = result.unwrap_err().to_string();
    assert!(text.contains("No space left on device"), "{text}");
}

#[track_caller]
fn assert_read_only<T: std::fmt::Debug>(result: Result<T, Error>) {
    let text = result.unwrap_err().to_string();
    assert!(text.contains("Read-only file system"), "{text}");
}

#[test]
fn on_a_full_disk_nothing_is_begun() {
    Disk::run(|disk| {
        let state = disk.state();
        disk.fill();
        let id = attachment("c1");
        assert_full(state.lock(&id, soon()).unwrap().begin(header(&id)));
        assert!(state.attachments(None).unwrap().is_empty());
        disk.empty();
        begin(&state).commit("{}").unwrap();
    });
}

#[test]
fn a_disk_that_fills_up_stops_the_journal_at_a_whole_line() {
    Disk::run(|disk| {
        let state = disk.state();
        let mut journal = begin(&state);
        disk.fill();
        // The page that the file ends in has room for some.
        let mut written = 0;
        let refusal = loop {
            let (operation, inverse) = harmless(written);
            match journal.intend("bridge", &operation, &inverse) {
                Ok(_) => written += 1,
                Err(error) => break error,
            }
        };
        assert_full(Err::<(), _>(refusal));
        assert_full(journal.commit(&"{}".repeat(4096)));
        drop(journal);

        let locked = state.lock(&attachment("c1"), soon()).unwrap();
        assert_eq!(locked.history().damaged_lines(), 0);
        assert_eq!(locked.history().pending().count(), written as usize);
        assert!(!locked.history().is_committed());

        // With room again it goes on where it stopped.
        disk.empty();
        let mut journal = locked.reopen().unwrap();
        let (operation, inverse) = harmless(written);
        journal.intend("bridge", &operation, &inverse).unwrap();
        drop(journal);
        let locked = state.lock(&attachment("c1"), soon()).unwrap();
        assert_eq!(locked.history().pending().count(), written as usize + 1);
        assert_eq!(locked.history().damaged_lines(), 0);
    });
}

#[test]
fn a_full_disk_stops_no_undoing() {
    Disk::run(|disk| {
        let mut journal = attached(disk);
        disk.fill();
        let report = disk.roll_back(&mut journal);
        assert!(report.is_clean(), "{report}");
        assert_eq!(files(&disk.records()), ["lock"]);
        journal.finish().unwrap();
        assert!(disk.state().attachments(None).unwrap().is_empty());
    });
}

#[test]
fn a_claim_that_finds_no_room_is_none() {
    Disk::run(|disk| {
        drop(disk.open_records().unwrap());
        disk.fill();
        let mut records = disk.open_records().unwrap();
        let address: std::net::IpAddr = "10.22.0.2".parse().unwrap();
        assert_full(records.claim(&address));
        assert_full(records.compare_and_set("cursor", None, "1"));
        assert_eq!(records.owner(&address).unwrap(), None);
        assert!(records.owned().unwrap().is_empty());
        drop(records);
        assert_eq!(files(&disk.records()), ["lock"]);
        disk.empty();
        assert!(disk.open_records().unwrap().claim(&address).unwrap());
    });
}

#[test]
fn an_object_that_can_not_be_recorded_is_not_made() {
    Disk::run(|disk| {
        let shared = disk.state().shared();
        let object = SharedObject::Bridge {
            place: Place::Host,
            name: "cni0".to_owned(),
        };
        let id = attachment("c1");
        let mut guard = shared.join(&object, &id, soon()).unwrap();
        disk.fill();
        let made = Made::Bridge {
            mac: "02:00:00:00:00:01".parse().unwrap(),
            index: None,
        };
        assert_full(guard.set_made(made));
        assert_eq!(guard.made(), None);
        drop(guard);
        assert_eq!(shared.made(&object, &id).unwrap(), None);
        assert!(matches!(
            shared.leave(&object, &id, soon()).unwrap(),
            cofferdam_journal::Left::Last(_)
        ));
    });
}

#[test]
fn on_a_read_only_disk_what_is_on_record_can_be_read_and_is_kept() {
    Disk::run(|disk| {
        let journal = attached(disk);
        drop(journal);
        disk.set_read_only(true);
        let state = disk.state();
        let other = attachment("c2");
        assert_read_only(state.lock(&other, soon()));
        assert!(state.lock_existing(&other, soon()).unwrap().is_none());
        assert_eq!(state.attachments(None).unwrap().len(), 1);
        let address: std::net::IpAddr = "10.22.0.2".parse().unwrap();
        let mut records = disk.open_records().unwrap();
        assert_eq!(records.owned().unwrap(), [address]);
        assert_read_only(records.claim(&"10.22.0.3".parse().unwrap()));
        drop(records);

        let mut journal = state.lock(&attachment("c1"), soon()).unwrap().reopen().unwrap();
        let report = disk.roll_back(&mut journal);

        let text = report.to_string();
        assert!(text.contains("not undone: claim 10.22.0.2 in"), "{text}");
        assert!(text.contains("Read-only file system"), "{text}");
        drop(journal);
        disk.set_read_only(false);
        let mut journal = state.lock(&attachment("c1"), soon()).unwrap().reopen().unwrap();
        assert!(disk.roll_back(&mut journal).is_clean());
        journal.finish().unwrap();
        assert_eq!(files(&disk.records()), ["lock"]);
    });
}

/// Who comes later would undo it once more, and it may be somebody else's by then.
#[test]
fn what_is_not_on_record_as_undone_is_not_given_up() {
    Disk::run(|disk| {
        let state = disk.state();
        let id = attachment("c1");
        let mut journal = begin(&state);
        let (_, inverse) = harmless(1);
        let operation = Operation::AddRule {
            place: Place::Host,
            rule: others_rule(),
        };
        journal.intend("bridge", &operation, &inverse).unwrap();
        let scope = Scope {
            network: &id.network,
            namespace: None,
        };
        let things = scope.things(&operation, &inverse);
        state
            .owned()
            .take(things.clone(), &OwnedBy::new(&id, "bridge"), soon())
            .unwrap();
        let owned = || state.owned().owner(&things[0]).unwrap().is_some();
        disk.fill();
        let (other, way_back) = harmless(1);
        while journal.intend("bridge", &other, &way_back).is_ok() {}
        assert!(disk.roll_back(&mut journal).is_clean());
        assert!(owned());
        drop(journal);
        disk.empty();
        let mut journal = state.lock(&id, soon()).unwrap().reopen().unwrap();
        assert!(disk.roll_back(&mut journal).is_clean());
        assert!(!owned());
    });
}

#[test]
fn trying_to_write_tells_of_a_disk_that_takes_nothing() {
    Disk::run(|disk| {
        let state = disk.state();
        state.try_write().unwrap();
        disk.fill();
        assert!(matches!(state.try_write(), Err(Error::Io { .. })));
        disk.empty();
        state.try_write().unwrap();
        disk.set_read_only(true);
        assert!(matches!(state.try_write(), Err(Error::Io { .. })));
        disk.set_read_only(false);
    });
}
