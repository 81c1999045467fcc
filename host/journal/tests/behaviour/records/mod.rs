//! Address records against the layout of the reference plugin host-local,
//! which writes in place, and against whatever else lies about.

mod earlier_boot;
mod held;
mod hints;
mod layout;
mod together;
mod trouble;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use cofferdam_journal::{AttachmentId, Error, Owner, Records};
use cofferdam_system::files as fs;

use crate::fixture::{attachment, soon, temporary_directory};

/// A node's records and state, as files.
pub(crate) struct Node {
    pub(crate) root: tempfile::TempDir,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self {
            root: temporary_directory(),
        }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.root.path().join("networks/mynet")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// Opens the records as an ADD of `c1`, `c2`, …
    pub(crate) fn open(&self, container: &str) -> Records {
        self.try_open(container, soon()).unwrap()
    }

    pub(crate) fn try_open(&self, container: &str, deadline: Instant) -> Result<Records, Error> {
        let id = attachment(container);
        Records::open(&self.directory(), &self.state(), &id, owner(&id), deadline)
    }

    pub(crate) fn open_existing(&self, container: &str) -> Result<Option<Records>, Error> {
        let id = attachment(container);
        Records::open_existing(&self.directory(), &self.state(), &id, owner(&id), soon())
    }

    /// As the reference plugin writes a claim: in place, under the lock.
    pub(crate) fn write_as_reference(&self, name: &str, content: &str) {
        let lock = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.file("lock"))
            .unwrap();
        lock.lock().unwrap();
        let mut file = fs::OpenOptions::new()
            .create_new(true)
            .write(true)
            .open(self.file(name))
            .unwrap();
        std::io::Write::write_all(&mut file, content.as_bytes()).unwrap();
    }
}

fn owner(id: &AttachmentId) -> Owner {
    Owner {
        container_id: id.container_id.clone(),
        interface_name: Some(id.interface_name.clone()),
    }
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
