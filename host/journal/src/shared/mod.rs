//! Objects that attachments share, counted: `<state>/shared/<object>/` holds
//! an empty file per user, and what Cofferdam made of it, if it did.
//!
//! The lock of the directory is the lock of the object.

mod guard;
mod name;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use cofferdam_network::nftables::Table;
use cofferdam_protocol::IpPrefix;
use cofferdam_system::{
    Errno,
    files::{self, OpenFlags},
};

pub use guard::SharedGuard;
pub(crate) use name::directory_name;

use crate::{
    AttachmentId, Error, History, Result, digest_of,
    fs::make_directories,
    lock,
    model::{Made, Operation, SharedObject},
    state_directory::{attachment_of_key, summary_of_key},
};

/// The registry of shared objects.
#[derive(Clone, Debug)]
pub struct Shared {
    state: PathBuf,
    objects: PathBuf,
}

/// What is left of an object that a user left.
#[derive(Debug)]
// Looked at once and gone: no allocation for the common case.
#[allow(clippy::large_enum_variant)]
pub enum Left {
    /// Others use it, or nobody ever did.
    StillUsed,
    /// Nobody uses it any more. While this is held nobody can begin to.
    Last(SharedGuard),
}

impl Shared {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            state: state.to_owned(),
            objects: state.join("shared"),
        }
    }

    /// The state directory that this is in.
    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    /// Takes the object's lock and counts the attachment among its users.
    /// Counted twice is counted once.
    ///
    /// # Errors
    /// [`Error::Busy`] at the deadline, [`Error::Io`] when it can't be
    /// recorded.
    pub fn join(&self, object: &SharedObject, user: &AttachmentId, deadline: Instant) -> Result<SharedGuard> {
        let path = self.path(object, user);
        loop {
            let directory = match files::open(&path, OpenFlags::O_RDONLY | OpenFlags::O_DIRECTORY, 0) {
                Ok(directory) => directory,
                Err(Errno::ENOENT) => {
                    make_directories(&path, 0o700).map_err(|errno| Error::io("make directory", &path, errno))?;
                    continue;
                }
                Err(errno) => return Err(Error::io("open directory", &path, errno)),
            };
            lock::lock(&directory, &path, &self.state, deadline, || object.to_string())?;
            let mut guard = SharedGuard::new(directory, path.clone(), &self.state, object, user);
            // In a directory that the last user removed meanwhile no file can
            // be made: that tells without another look.
            if guard.add_user()? {
                guard.read_made()?;
                return Ok(guard);
            }
        }
    }

    /// Takes the attachment off the object's users. The last one is told so
    /// also where that can't be recorded: what was made can go all the same.
    ///
    /// # Errors
    /// [`Error::Busy`] at the deadline, [`Error::Io`] when it can't be
    /// recorded and there are others.
    pub fn leave(&self, object: &SharedObject, user: &AttachmentId, deadline: Instant) -> Result<Left> {
        let path = self.path(object, user);
        let directory = match files::open(&path, OpenFlags::O_RDONLY | OpenFlags::O_DIRECTORY, 0) {
            Ok(directory) => directory,
            Err(Errno::ENOENT) => return Ok(Left::StillUsed),
            Err(errno) => return Err(Error::io("open directory", &path, errno)),
        };
        lock::lock(&directory, &path, &self.state, deadline, || object.to_string())?;
        let mut guard = SharedGuard::new(directory, path, &self.state, object, user);
        let recorded = guard.remove_user();
        if guard.is_removed()? || guard.has_other_users()? {
            return recorded.map(|()| Left::StillUsed);
        }
        guard.read_made()?;
        Ok(Left::Last(guard))
    }

    /// What an attachment whose journal was lost may have left: the objects
    /// that count it among their users, and those of the node that nobody uses,
    /// as far as it is on record what Cofferdam made of them. The attachment is
    /// taken off the users of all others.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub(crate) fn left_by(&self, user: &AttachmentId) -> Result<Vec<SharedObject>> {
        let mut left = Vec::new();
        for name in self.named(|name| Some(name.to_owned()))? {
            let directory = self.objects.join(&name);
            let is_user = files::is_there(directory.join(user.key()));
            match guard::object_of(&directory) {
                // A record that does not belong here is not believed.
                Some(object) if directory_name(&object, &user.container_id) != name => {}
                Some(object) if is_user || !guard::has_users(&directory, "")? => left.push(object),
                None if is_user => {
                    let _ = files::remove_file(directory.join(user.key()));
                    // Others may be using it.
                    let _ = files::remove_dir(&directory);
                }
                _ => {}
            }
        }
        // A chain goes with its table; by itself it stays while a rule leads
        // to it. A bridge stays while it has a port.
        left.sort_by_key(|object| !matches!(object, SharedObject::Table { .. } | SharedObject::VlanGateway { .. }));
        Ok(left)
    }

    /// What Cofferdam made of an object, without its lock. `user` says whose
    /// container's namespace is meant.
    ///
    /// # Errors
    /// [`Error::Io`] when it can't be read.
    pub fn made(&self, object: &SharedObject, user: &AttachmentId) -> Result<Option<Made>> {
        guard::read_made(&self.path(object, user), object)
    }

    /// Whether an attachment uses an object, without its lock.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn is_user(&self, object: &SharedObject, user: &AttachmentId) -> Result<bool> {
        let path = self.path(object, user).join(user.key());
        files::exists(&path).map_err(|error| Error::io("look at", &path, error))
    }

    /// Whether any attachment uses an object, without its lock.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn is_used(&self, object: &SharedObject, user: &AttachmentId) -> Result<bool> {
        guard::has_users(&self.path(object, user), "")
    }

    /// Whether other attachments than this one use an object, without its
    /// lock.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn is_used_by_others(&self, object: &SharedObject, user: &AttachmentId) -> Result<bool> {
        guard::has_users(&self.path(object, user), &user.key())
    }

    /// One of the attachments that use an object besides this one, for an
    /// error; without the object's lock.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn other_user(&self, object: &SharedObject, user: &AttachmentId) -> Result<Option<String>> {
        guard::other_user(&self.path(object, user), &self.state, &user.key())
    }

    /// All other attachments that use an object, without its lock. `None` for
    /// one whose journal does not tell its name, or is gone.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn others(&self, object: &SharedObject, user: &AttachmentId) -> Result<Vec<Option<AttachmentId>>> {
        let mut keys = guard::users(&self.path(object, user), &user.key())?;
        keys.sort();
        Ok(keys.iter().map(|key| attachment_of_key(&self.state, key)).collect())
    }

    /// Whether an attachment uses an object, by whichever of its units;
    /// without the object's lock.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn is_used_by(&self, object: &SharedObject, user: &AttachmentId) -> Result<bool> {
        let path = self.path(object, user);
        if files::is_there(path.join(user.key())) {
            return Ok(true);
        }
        let users = guard::users(&path, "")?;
        let mut users = users.iter().filter_map(|key| attachment_of_key(&self.state, key));
        Ok(users.any(|other| other.is_with(user)))
    }

    /// A table's declaration that has this digest, from the journals of those
    /// who use the table; without any lock. `None` where nobody who declared it
    /// so uses it any more.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub(crate) fn declaration(
        &self,
        object: &SharedObject,
        user: &AttachmentId,
        digest: &str,
    ) -> Result<Option<Table>> {
        let users = guard::users(&self.path(object, user), "")?;
        let mut journals = users.iter().filter_map(|key| summary_of_key(&self.state, key)?.history);
        Ok(journals.find_map(|history| declared_in(&history, object, digest)))
    }

    /// The bridges of the node that are shared, by name.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn node_bridges(&self) -> Result<Vec<String>> {
        self.named(name::node_bridge)
    }

    /// The names of the node's links that links of attachments are upon, with
    /// the VLAN where it is one.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn node_parents(&self) -> Result<Vec<(String, Option<u16>)>> {
        self.named(name::node_parent)
    }

    /// The addresses of the node that are shared, with the names of their
    /// links.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn node_addresses(&self) -> Result<Vec<(String, IpPrefix)>> {
        self.named(name::node_address)
    }

    /// What attachments share of a link of the node, be it one thing of
    /// several: its network, an address or a setting of it, or the whole as a
    /// bridge.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn uses_of_link(&self, link: &str) -> Result<Option<&'static str>> {
        let uses = self.named(|name| name::use_of_link(name, link))?;
        Ok(uses.first().copied())
    }

    fn named<T>(&self, of_name: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
        let failed = |error| Error::io("read directory", &self.objects, error);
        let entries = match files::read_dir(&self.objects) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut named = Vec::new();
        for entry in entries {
            named.extend(entry.map_err(failed)?.file_name().to_str().and_then(&of_name));
        }
        Ok(named)
    }

    /// Whether no object is shared at all.
    ///
    /// # Errors
    /// [`Error::Io`] when the registry can't be read.
    pub fn is_empty(&self) -> Result<bool> {
        match files::read_dir(&self.objects) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(Error::io("read directory", &self.objects, error)),
        }
    }

    fn path(&self, object: &SharedObject, user: &AttachmentId) -> PathBuf {
        self.objects.join(directory_name(object, &user.container_id))
    }
}

fn declared_in(history: &History, object: &SharedObject, digest: &str) -> Option<Table> {
    history.entries().iter().find_map(|entry| match &entry.operation {
        Operation::CreateTable { place, table } => {
            let is_it =
                matches!(object, SharedObject::Table { place: of, table: id } if of == place && *id == table.id);
            (is_it && digest_of(table) == digest).then(|| table.clone())
        }
        _ => None,
    })
}
