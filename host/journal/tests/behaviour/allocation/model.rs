//! A node on which processes die, and what it owes its containers.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use cofferdam_journal::{AttachmentId, Inverse, Journal, Operation, Outcome, Owner, Records, State as Stage, Undo};
use cofferdam_network::Kernel;
use cofferdam_system::files as fs;
use proptest::sample::Index;

use super::Step;
use crate::fixture::{State, attachment, soon};

/// Addresses and containers, few enough for them to meet.
const ADDRESSES: u8 = 6;
pub(super) const CONTAINERS: usize = 4;

/// Counts steps down; at nought the process is dead.
struct Life(Option<u8>);

impl Life {
    /// Whether the process lives through one more step.
    fn goes_on(&mut self) -> bool {
        match &mut self.0 {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

pub(super) struct Model {
    state: State,
    /// Addresses that a container was told to use.
    live: BTreeMap<IpAddr, usize>,
}

impl Model {
    pub(super) fn new() -> Self {
        let state = State::new();
        fs::create_dir_all(state.root().join("records")).unwrap();
        Self {
            state,
            live: BTreeMap::new(),
        }
    }

    fn id(container: usize) -> AttachmentId {
        attachment(&format!("c{container}"))
    }

    fn owner(container: usize) -> Owner {
        Owner {
            container_id: format!("c{container}"),
            interface_name: Some("eth0".to_owned()),
        }
    }

    fn open(&self, container: usize) -> Records {
        let directory = self.state.root().join("records");
        let state = self.state.directory.path();
        Records::open(&directory, state, &Self::id(container), Self::owner(container), soon()).unwrap()
    }

    fn addresses() -> impl Iterator<Item = IpAddr> {
        (2..2 + ADDRESSES).map(|last| IpAddr::from([10, 22, 0, last]))
    }

    pub(super) fn run(&mut self, step: &Step) {
        match step {
            Step::Add { container, dies } => self.add(*container, Life(*dies)),
            Step::Del { container, dies } => self.del(*container, Life(*dies)),
            Step::ReferenceAdd { container, killed } => self.reference_add(*container, *killed),
            Step::ReferenceDel { container } => self.reference_del(*container),
            Step::Forget => {
                let _ = fs::remove_dir_all(self.state.directory.path().join("claims"));
            }
            Step::LoseJournals => {
                let _ = fs::remove_dir_all(self.state.directory.path().join("attachments"));
            }
            Step::Damage { file, keep } => self.damage(*file, *keep),
        }
    }

    /// Leftovers are undone first, then one address is claimed: journal, claim,
    /// commit. Told to use an address the container is only at the end.
    fn add(&mut self, container: usize, mut life: Life) {
        let id = Self::id(container);
        let locked = self.state.directory.lock(&id, soon()).unwrap();
        match locked.history().state() {
            Stage::Committed => return,
            Stage::None => drop(locked),
            _ => {
                let journal = locked.reopen().unwrap();
                if !self.roll_back(container, journal, &mut life) {
                    return;
                }
            }
        }
        if !life.goes_on() {
            return;
        }
        let mut journal = self.state.begin(&id);
        let mut records = self.open(container);
        if !records.owned().unwrap().is_empty() {
            // Somebody else's plugin attached it.
            drop(records);
            self.roll_back(container, journal, &mut life);
            return;
        }
        for address in Self::addresses() {
            if !life.goes_on() {
                return self.die(records);
            }
            if records.owner(&address).unwrap().is_some() {
                continue;
            }
            let operation = Operation::Claim {
                directory: records.directory().to_owned(),
                address,
            };
            let inverse = Inverse::ReleaseClaim {
                directory: records.directory().to_owned(),
                address,
            };
            let sequence = journal.intend("host-local", &operation, &inverse).unwrap();
            if !life.goes_on() {
                return self.die(records);
            }
            assert!(records.claim(&address).unwrap());
            if !life.goes_on() {
                return self.die(records);
            }
            journal.done(sequence, Outcome::default());
            drop(records);
            journal.commit("{}").unwrap();
            assert_eq!(
                self.live.insert(address, container),
                None,
                "{address} is given out twice"
            );
            return;
        }
        drop(records);
        self.roll_back(container, journal, &mut life);
    }

    /// The journal first, then what the plugin finds by itself.
    fn del(&mut self, container: usize, mut life: Life) {
        let id = Self::id(container);
        // From here on the container does not use its address.
        self.live.retain(|_, user| *user != container);
        let locked = self.state.directory.lock(&id, soon()).unwrap();
        if !locked.history().is_empty() {
            let journal = locked.reopen().unwrap();
            if !self.roll_back(container, journal, &mut life) {
                return;
            }
        } else {
            drop(locked);
        }
        let mut records = self.open(container);
        for address in records.owned().unwrap() {
            if !life.goes_on() {
                return self.die(records);
            }
            assert!(records.release(&address).unwrap());
        }
    }

    /// False when the process died on the way.
    fn roll_back(&self, container: usize, mut journal: Journal, life: &mut Life) -> bool {
        if !life.goes_on() {
            return false;
        }
        let id = Self::id(container);
        let report = journal.roll_back(&mut Undo {
            network: &mut Kernel::new(Duration::from_secs(1)),
            shared: &self.state.directory.shared(),
            id: &id,
            deadline: soon(),
        });
        assert!(report.is_clean(), "{report}");
        if !life.goes_on() {
            return false;
        }
        journal.finish().unwrap();
        true
    }

    /// The lock goes with the process; nothing else is done.
    fn die(&self, records: Records) {
        let claims = self.state.directory.path().join("claims");
        let surveys: Vec<_> = fs::read_dir(&claims)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .map(|path| (fs::read(&path).unwrap(), path))
            .collect();
        let directory = fs::File::open(self.state.root().join("records")).unwrap();
        let time = directory.metadata().unwrap().modified().unwrap();
        drop(records);
        for (bytes, path) in surveys {
            fs::write(path, bytes).unwrap();
        }
        directory.set_modified(time).unwrap();
    }

    fn reference_add(&mut self, container: usize, killed: bool) {
        if self.owned_on_disk(container) || self.has_journal(container) {
            return;
        }
        let directory = self.state.root().join("records");
        let free = Self::addresses().find(|address| !fs::is_there(directory.join(address.to_string())));
        let Some(address) = free else { return };
        let path = directory.join(address.to_string());
        if killed {
            fs::write(path, "").unwrap();
        } else {
            fs::write(path, format!("c{container}\r\neth0")).unwrap();
            assert_eq!(self.live.insert(address, container), None);
        }
    }

    fn reference_del(&mut self, container: usize) {
        if self.has_journal(container) {
            return;
        }
        self.live.retain(|_, user| *user != container);
        for (path, holder) in self.on_disk() {
            if holder == Some(container) {
                fs::remove_file(path).unwrap();
            }
        }
    }

    fn damage(&mut self, file: Index, keep: Index) {
        let claims = self.state.directory.path().join("claims");
        let Ok(entries) = fs::read_dir(claims) else { return };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        // The index of an attachment has to name all; only what is made again
        // may be damaged without anybody's noticing.
        files.retain(|path| path.extension().is_some());
        if files.is_empty() {
            return;
        }
        let path = file.get(&files);
        let bytes = fs::read(path).unwrap();
        let length = keep.index(bytes.len() + 1);
        fs::write(path, &bytes[..length]).unwrap();
    }

    fn has_journal(&self, container: usize) -> bool {
        let id = Self::id(container);
        self.state.directory.lock_existing(&id, soon()).unwrap().is_some()
    }

    fn owned_on_disk(&self, container: usize) -> bool {
        self.on_disk().iter().any(|(_, holder)| *holder == Some(container))
    }

    /// The claims as any reader sees them.
    fn on_disk(&self) -> Vec<(std::path::PathBuf, Option<usize>)> {
        let directory = self.state.root().join("records");
        let claims = Self::addresses().map(|address| directory.join(address.to_string()));
        claims
            .filter(|path| fs::is_there(path))
            .map(|path| {
                let text = fs::read_to_string(&path).unwrap();
                let holder = text.strip_prefix('c').and_then(|text| text.split("\r\n").next());
                (path, holder.and_then(|number| number.parse().ok()))
            })
            .collect()
    }

    /// Whoever was told to use an address holds the claim on it.
    pub(super) fn assert_none_twice(&self) {
        for (address, container) in &self.live {
            let path = self.state.root().join("records").join(address.to_string());
            let text = fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(text, format!("c{container}\r\neth0"), "{address}");
        }
    }

    /// When every container is detached, every address can be had again.
    pub(super) fn assert_none_lost(&mut self) {
        for container in 0..CONTAINERS {
            self.del(container, Life(None));
        }
        assert!(self.live.is_empty());
        let mut records = self.open(0);
        for address in Self::addresses() {
            assert!(records.claim(&address).unwrap(), "{address} is lost");
        }
    }
}
