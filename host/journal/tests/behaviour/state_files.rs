//! Every file that is written for an attachment, cut or changed at any byte,
//! emptied, replaced by garbage or by a directory: others are attached and
//! detached as ever, and nothing that was made stays.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

use cofferdam_journal::{
    AttachmentId, Error, Header, Inverse, Journal, Limit, LockedAttachment, Made, Operation, Outcome, OwnedBy, Owner,
    Records, Report, Shared, SharedObject, StateDirectory, Taken, Thing, Undo,
};
use cofferdam_network::Kernel;
use cofferdam_protocol::Place;
use cofferdam_system::files::{self as fs, symlink};
use cofferdam_tests::{Namespace, needs_kernel};
use tempfile::TempDir;

use crate::{
    fixture::{attachment, soon, temporary_directory},
    things::{bridge, mac},
};

const LIMIT: Limit<'static> = Limit {
    counter: "network:mynet:bridge:0123456789abcdef",
    max: 3,
};
const VALUE: &str = "last_reserved_ip.0";
/// Of larger files so many places are tried; `damage` tries all of a journal.
const MOST_PLACES: usize = 300;

/// A node's files, at the same place for each attempt.
struct Node {
    root: TempDir,
}

impl Node {
    fn state(&self) -> StateDirectory {
        StateDirectory::open(&self.root.path().join("state")).unwrap()
    }

    fn records(&self) -> PathBuf {
        self.root.path().join("networks/mynet")
    }

    fn clear(&self) {
        for entry in fs::read_dir(self.root.path()).unwrap() {
            fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
    }

    /// Does one of everything that is on record in a file.
    fn attach(&self, container: &str, last: u8) {
        let (state, id) = (self.state(), attachment(container));
        let header = Header::new(id.clone(), None, Vec::new(), 0, String::new());
        let mut journal = state.lock(&id, soon()).unwrap().begin(header).unwrap();
        self.claim(&state, &mut journal);
        share(&state, &mut journal);
        own(&state, &mut journal, last);
        let by = OwnedBy::new(&id, "bridge");
        let slot = state.quota().take(&mut journal, LIMIT, &by, soon()).unwrap();
        assert!(slot.is_some(), "{container} needs a slot");
        journal.commit(r#"{"cniVersion": "1.0.0"}"#).unwrap();
    }

    /// The first address that is free.
    fn claim(&self, state: &StateDirectory, journal: &mut Journal) {
        let directory = self.records();
        let id = journal.id().clone();
        let mut records = Records::open(&directory, state.path(), &id, owner(&id), soon()).unwrap();
        for last in 2..9_u8 {
            let address = [10, 22, 0, last].into();
            let operation = Operation::Claim {
                directory: directory.clone(),
                address,
            };
            let inverse = Inverse::ReleaseClaim {
                directory: directory.clone(),
                address,
            };
            let sequence = journal.intend("host-local", &operation, &inverse).unwrap();
            if records.claim(&address).unwrap() {
                journal.done(sequence, Outcome::default());
                let before = records.get(VALUE).unwrap();
                let written = records.compare_and_set(VALUE, before.as_deref(), &address.to_string());
                assert!(written.unwrap());
                // What is known without reading all claims is on record, too.
                assert_eq!(records.owned().unwrap(), [address]);
                return;
            }
            journal.abandon(sequence);
        }
        panic!("{id} needs an address");
    }

    /// What DEL does: the journal, what a component's own `del` would, and
    /// what no record tells of.
    fn detach(&self, container: &str) -> Result<Report, Error> {
        let (state, id) = (self.state(), attachment(container));
        let locked = state.lock(&id, soon())?;
        let report = if locked.history().is_empty() {
            locked.release()?;
            Report::default()
        } else {
            roll_back(&state, &id, locked)?
        };
        let records = Records::open_existing(&self.records(), state.path(), &id, owner(&id), soon())?;
        if let Some(mut records) = records {
            for address in records.owned()? {
                records.release(&address)?;
            }
        }
        let lost = undo(&state.shared(), &id, &mut kernel()).leave_unrecorded()?;
        assert!(lost.is_clean(), "{lost}");
        Ok(report)
    }

    /// What was made and is there still. `damaged` is what somebody else put
    /// there.
    fn left(&self, damaged: &Path) -> Vec<String> {
        let state = self.state();
        let mut left = Vec::new();
        for summary in state.attachments(None).unwrap() {
            left.extend(summary.header.map(|header| format!("journal of {}", header.attachment)));
        }
        if state.quota().count(LIMIT.counter).unwrap() > 0 {
            left.push("a slot".to_owned());
        }
        for last in [2, 3, 4] {
            let by = state.owned().owner(&thing(last)).unwrap();
            left.extend(by.map(|by| format!("{:?} of {by}", thing(last))));
        }
        let shared = state.shared();
        let is_used = shared.is_used(&object(), &attachment("c1")).unwrap();
        let made = shared.made(&object(), &attachment("c1")).unwrap();
        if is_used || made.is_some() {
            left.push(format!("{made:?}, used: {is_used}"));
        }
        left.extend(self.claims_left(&state, damaged));
        left
    }

    /// As a GC finds them: a claim that names a container is given back.
    fn claims_left(&self, state: &StateDirectory, damaged: &Path) -> Vec<String> {
        let id = attachment("gc");
        let mut records = Records::open(&self.records(), state.path(), &id, owner(&id), soon()).unwrap();
        let claims = records.claims().unwrap();
        let is_others = |file: PathBuf| file == damaged;
        let left = claims
            .into_iter()
            .filter(|(address, _)| !is_others(self.records().join(address.to_string())));
        left.map(|(address, owner)| format!("claim of {owner:?} on {address}"))
            .collect()
    }

    /// Every file and link below.
    fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(self.root.path(), &mut found);
        found.sort();
        found
    }
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), found);
        } else {
            found.push(entry.path());
        }
    }
}

fn owner(id: &AttachmentId) -> Owner {
    Owner {
        container_id: id.container_id.clone(),
        interface_name: Some(id.interface_name.clone()),
    }
}

fn object() -> SharedObject {
    SharedObject::Bridge {
        place: Place::Host,
        name: "cni0".to_owned(),
    }
}

fn share(state: &StateDirectory, journal: &mut Journal) {
    let operation = Operation::CreateBridge {
        bridge: bridge("cni0", 0x50),
    };
    let inverse = Inverse::LeaveShared { object: object() };
    let sequence = journal.intend("bridge", &operation, &inverse).unwrap();
    let mut guard = state.shared().join(&object(), journal.id(), soon()).unwrap();
    if guard.made().is_none() {
        let made = Made::Bridge {
            mac: mac(0x50),
            index: None,
        };
        guard.set_made(made).unwrap();
    }
    journal.done(sequence, Outcome::default());
}

fn thing(last: u8) -> Thing {
    Thing::Address {
        network: "mynet".to_owned(),
        address: [10, 22, 0, last].into(),
    }
}

fn own(state: &StateDirectory, journal: &mut Journal, last: u8) {
    let link = cofferdam_network::LinkId {
        place: Place::Container,
        index: 7,
    };
    let operation = Operation::AddAddress {
        link,
        name: "eth0".to_owned(),
        address: format!("10.22.0.{last}/16").parse().unwrap(),
        skip_duplicate_detection: true,
    };
    let sequence = journal
        .intend("bridge", &operation, &Inverse::WithLink { link })
        .unwrap();
    let by = OwnedBy::new(journal.id(), "bridge");
    let taken = state.owned().take(vec![thing(last)], &by, soon()).unwrap();
    assert_eq!(taken, Taken::All(vec![thing(last)]));
    journal.done(sequence, Outcome::default());
}

fn kernel() -> Kernel {
    Kernel::new(Duration::from_secs(5))
}

fn undo<'a>(shared: &'a Shared, id: &'a AttachmentId, network: &'a mut Kernel) -> Undo<'a> {
    Undo {
        network,
        shared,
        id,
        deadline: soon(),
    }
}

fn roll_back(state: &StateDirectory, id: &AttachmentId, locked: LockedAttachment) -> Result<Report, Error> {
    let mut journal = locked.reopen()?;
    let report = journal.roll_back(&mut undo(&state.shared(), id, &mut kernel()));
    assert!(report.is_clean(), "{report}");
    journal.finish()?;
    Ok(report)
}

/// What becomes of a file.
#[derive(Clone, Debug)]
enum Damage {
    Content(Vec<u8>),
    Target(String),
    Directory,
    FullDirectory,
}

impl Damage {
    fn inflict(&self, path: &Path) {
        fs::remove_file(path).unwrap();
        match self {
            Self::Content(bytes) => fs::write(path, bytes).unwrap(),
            Self::Target(target) => symlink(target, path).unwrap(),
            Self::Directory => fs::create_dir(path).unwrap(),
            Self::FullDirectory => {
                fs::create_dir(path).unwrap();
                fs::write(path.join("something"), "of somebody's").unwrap();
            }
        }
    }
}

fn damages(path: &Path) -> Vec<(String, Damage)> {
    let mut damages = match fs::read_link(path) {
        Ok(target) => damages_of_link(target.to_str().unwrap()),
        Err(_) => damages_of_file(&fs::read(path).unwrap()),
    };
    damages.push(("a directory in its place".to_owned(), Damage::Directory));
    damages.push(("a directory that is not empty".to_owned(), Damage::FullDirectory));
    damages
}

fn damages_of_file(whole: &[u8]) -> Vec<(String, Damage)> {
    let mut damages = Vec::new();
    for place in (0..whole.len()).step_by(whole.len() / MOST_PLACES + 1) {
        damages.push((format!("cut at {place}"), Damage::Content(whole[..place].to_vec())));
        for change in [0x01, 0x80] {
            let mut changed = whole.to_vec();
            changed[place] ^= change;
            damages.push((format!("byte {place} changed by {change:#x}"), Damage::Content(changed)));
        }
    }
    let garbage: [&[u8]; 5] = [b"", b"garbage", b"{}\n", &[0; 4096], &[0xff; 100]];
    damages.extend(garbage.map(|bytes| {
        (
            format!("{} bytes of garbage", bytes.len()),
            Damage::Content(bytes.to_vec()),
        )
    }));
    damages
}

fn damages_of_link(target: &str) -> Vec<(String, Damage)> {
    let mut damages = vec![
        ("leads nowhere".to_owned(), Damage::Target("garbage".to_owned())),
        ("is a file".to_owned(), Damage::Content(target.as_bytes().to_vec())),
    ];
    for place in 1..target.len() {
        damages.push((format!("cut at {place}"), Damage::Target(target[..place].to_owned())));
    }
    for place in 0..target.len() {
        let mut changed = target.as_bytes().to_vec();
        changed[place] ^= 0x02;
        let changed = String::from_utf8(changed).unwrap();
        damages.push((format!("byte {place} changed"), Damage::Target(changed)));
    }
    damages
}

/// One of each kind of file: those of one attachment, and what all share.
fn kinds(node: &Node) -> Vec<PathBuf> {
    node.attach("c1", 2);
    let first = node.files();
    node.clear();
    node.attach("c1", 2);
    node.attach("c2", 3);
    let files = node.files();
    assert!(first.iter().all(|path| files.contains(path)));
    first
}

/// What is wrong after a damage, if anything is.
fn fault(node: &Node, path: &Path, what: &str, damage: &Damage) -> Option<String> {
    let tried = catch_unwind(AssertUnwindSafe(|| attempt(node, path, damage)));
    let failed = tried.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.unwrap_or_else(|| "a panic".to_owned()))
    });
    failed.err().map(|text| format!("{what}: {text}"))
}

fn attempt(node: &Node, path: &Path, damage: &Damage) -> Result<(), String> {
    node.clear();
    node.attach("c1", 2);
    node.attach("c2", 3);
    damage.inflict(path);

    node.attach("c3", 4);
    for container in ["c1", "c2", "c3"] {
        let detached = node.detach(container);
        detached.map_err(|error| format!("DEL of {container}: {error}"))?;
    }
    let left = node.left(path);
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("left: {left:?}"))
    }
}

#[test]
fn whatever_file_is_damaged_others_go_on_and_nothing_stays() {
    needs_kernel!();
    Namespace::container().run(|| {
        let node = Node {
            root: temporary_directory(),
        };
        let mut faults = Vec::new();
        for path in kinds(&node) {
            let name = path.strip_prefix(node.root.path()).unwrap().display().to_string();
            node.clear();
            node.attach("c1", 2);
            node.attach("c2", 3);
            let damages = damages(&path);
            println!("state files: {} damages of {name}", damages.len());
            let failed = damages
                .iter()
                .filter_map(|(what, damage)| fault(&node, &path, what, damage));
            faults.extend(failed.take(3).map(|text| format!("{name}: {text}")));
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

/// A newer Cofferdam's journal is nobody's to read but its own.
#[test]
fn the_journal_of_a_newer_version_is_left_alone_and_stops_nobody_else() {
    needs_kernel!();
    Namespace::container().run(|| {
        let node = Node {
            root: temporary_directory(),
        };
        node.attach("c1", 2);
        let path = node
            .files()
            .into_iter()
            .find(|path| path.extension().is_some_and(|end| end == "journal"));
        let path = path.unwrap();
        let newer = with_header(&fs::read(&path).unwrap(), |header| header["version"] = 99.into());
        fs::write(&path, &newer).unwrap();
        node.attach("c2", 3);

        let error = node.detach("c1").unwrap_err().to_string();

        assert!(
            error.contains("was written in format 99") && error.contains("use the newer one"),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap(), newer);
        node.detach("c2").unwrap();
    });
}

/// An older one did not know all that a header has today.
#[test]
fn the_journal_of_an_older_version_is_undone() {
    needs_kernel!();
    Namespace::container().run(|| {
        let node = Node {
            root: temporary_directory(),
        };
        node.attach("c1", 2);
        let files = node.files();
        let path = files
            .iter()
            .find(|path| path.extension().is_some_and(|end| end == "journal"));
        let path = path.unwrap();
        let older = with_header(&fs::read(path).unwrap(), |header| {
            header["version"] = 0.into();
            header["something"] = "that is not known any more".into();
        });
        fs::write(path, older).unwrap();

        let report = node.detach("c1").unwrap();

        assert!(!report.has_remarks(), "{report}");
        assert_eq!(node.left(Path::new("")), Vec::<String>::new());
    });
}

fn with_header(journal: &[u8], change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let end = journal.iter().position(|byte| *byte == b'\n').unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&journal[9..end]).unwrap();
    change(&mut record["header"]);
    let json = record.to_string();
    let mut changed = format!("{:08x} {json}", crc32fast::hash(json.as_bytes())).into_bytes();
    changed.extend(&journal[end..]);
    changed
}
