//! A state directory of the test's own, and short words for what the tests
//! say often.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use cofferdam_journal::{AttachmentId, Header, Inverse, Journal, Operation, StateDirectory};
use cofferdam_network::LinkId;
use cofferdam_protocol::Place;
use cofferdam_system::files as fs;
use tempfile::TempDir;

/// A state directory that goes with this value.
pub(crate) struct State {
    root: TempDir,
    pub(crate) directory: StateDirectory,
}

impl State {
    pub(crate) fn new() -> Self {
        let root = temporary_directory();
        let directory = StateDirectory::open(&root.path().join("state")).unwrap();
        Self { root, directory }
    }

    /// Where a test may put what else it needs.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// The journal of a fresh ADD.
    pub(crate) fn begin(&self, id: &AttachmentId) -> Journal {
        self.begin_at(id, 0)
    }

    /// The same of an ADD that started so many milliseconds after 1970.
    pub(crate) fn begin_at(&self, id: &AttachmentId, started: u64) -> Journal {
        let header = Header::new(id.clone(), None, Vec::new(), started, String::new());
        self.directory.lock(id, soon()).unwrap().begin(header).unwrap()
    }

    /// The file of the only journal.
    pub(crate) fn journal_path(&self, id: &AttachmentId) -> PathBuf {
        let directory = self.directory.path().join("attachments").join(&id.network);
        let mut files = fs::read_dir(directory).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none(), "there is one journal");
        file
    }
}

/// In memory where there is such a place, as `/run` is; of the file system that
/// state is in.
pub(crate) fn temporary_directory() -> TempDir {
    let directory = tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap();
    fs::create_dir_all(directory.path()).unwrap();
    directory
}

/// A deadline that no lock here takes.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub(crate) fn attachment(container_id: &str) -> AttachmentId {
    AttachmentId {
        network: "mynet".to_owned(),
        container_id: container_id.to_owned(),
        interface_name: "eth0".to_owned(),
        unit: "bridge".to_owned(),
    }
}

/// Operations and inverses that are told apart, and touch nothing.
pub(crate) fn harmless(number: u32) -> (Operation, Inverse) {
    let link = LinkId {
        place: Place::Host,
        index: 1000 + number,
    };
    let operation = Operation::SetLinkMtu {
        link,
        name: format!("veth{number}"),
        mtu: 1400,
    };
    (operation, Inverse::WithLink { link })
}
