//! What has to be looked after while an attachment lasts: a file for each
//! plugin of an attachment that keeps something.

use std::{
    io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};

use cofferdam_network::{Datagram, LinkId, Ports};
use cofferdam_system::{
    Errno, boot,
    files::{self, OpenFlags},
};
use serde::{Deserialize, Serialize};

use crate::{
    AttachmentId, Error, NamespaceRecord, Result,
    fs::{make_directory, read_all, remove_replaced, replace_file},
    names::escape,
    state_directory::entries,
};

/// The directory of the records, below that of the state.
pub(crate) const UPKEEP: &str = "upkeep";
/// What a file is called while it is written.
const NEXT: &str = ".next";

/// A record of what one plugin of an attachment keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpkeepRecord {
    /// Whose it is.
    pub attachment: AttachmentId,
    /// The plugin that is called when it is due.
    pub plugin: String,
    /// Where the attachment was made.
    pub namespace: Option<NamespaceRecord>,
    /// The plugin's configuration, as it came.
    pub config: String,
    /// `CNI_ARGS`, as it came.
    pub args: String,
    /// The address that the attachment was lent.
    pub address: Option<Ipv4Addr>,
    /// When it was kept, by [`since_boot`].
    pub kept: Duration,
    /// When it is due, by [`since_boot`]; absent: never.
    pub due: Option<Duration>,
    /// For the plugin.
    pub state: Vec<u8>,
    /// What is sent when the attachment goes.
    pub farewell: Option<Farewell>,
}

impl UpkeepRecord {
    /// Whole seconds since it was kept.
    #[must_use]
    pub fn elapsed(&self) -> u32 {
        let elapsed = since_boot().saturating_sub(self.kept).as_secs();
        u32::try_from(elapsed).unwrap_or(u32::MAX)
    }
}

/// A datagram that is sent when an attachment goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// The link that it is sent on.
    pub link: LinkId,
    /// Its name.
    pub name: String,
    /// From and to.
    pub ports: Ports,
    /// What is sent.
    pub datagram: Datagram,
}

/// Time since the boot, suspension included.
#[must_use]
pub fn since_boot() -> Duration {
    boot::elapsed()
}

/// The records of all attachments. Who changes one holds the attachment's
/// lock.
#[derive(Clone, Debug)]
pub struct Upkeep {
    directory: PathBuf,
}

impl Upkeep {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            directory: state.join(UPKEEP),
        }
    }

    /// Where they are; it may not be there.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Keeps a record, in the place of the one that there was.
    ///
    /// # Errors
    /// [`Error::Io`] when it can't be written; the old one stays.
    pub fn keep(&self, record: &UpkeepRecord) -> Result<()> {
        let path = self.path(&record.attachment, &record.plugin);
        let failed = |error: io::Error| Error::io("write", &path, error);
        make_directory(&self.directory, 0o700).map_err(|errno| Error::io("make directory", &self.directory, errno))?;
        let text = serde_json::to_vec(record).map_err(|error| failed(error.into()))?;
        replace_file(&path, &text).map_err(failed)
    }

    /// The record of a plugin.
    ///
    /// # Errors
    /// [`Error::Io`] when it is there and can't be read.
    pub fn read(&self, attachment: &AttachmentId, plugin: &str) -> Result<Option<UpkeepRecord>> {
        let record = read(&self.path(attachment, plugin))?;
        Ok(record.filter(|record| record.attachment == *attachment && record.plugin == plugin))
    }

    /// Removes the record of a plugin. Whether it was there.
    ///
    /// # Errors
    /// [`Error::Io`] when it can't be removed.
    pub fn remove(&self, attachment: &AttachmentId, plugin: &str) -> Result<bool> {
        let path = self.path(attachment, plugin);
        let was_there = files::is_there(&path);
        remove_replaced(&path).map_err(|error| Error::io("remove", &path, error))?;
        Ok(was_there)
    }

    /// Removes all records of an attachment.
    ///
    /// # Errors
    /// [`Error::Io`] when one can't be removed.
    pub fn remove_all(&self, attachment: &AttachmentId) -> Result<()> {
        let key = attachment.key();
        for path in self.paths()? {
            let name = path.file_name().and_then(|name| name.to_str());
            if name
                .and_then(|name| name.split_once('.'))
                .is_some_and(|(of, _)| of == key)
            {
                remove_replaced(&path).map_err(|error| Error::io("remove", &path, error))?;
            }
        }
        Ok(())
    }

    /// All records, without any lock: one may change or go meanwhile. What
    /// can't be read is told with its file.
    ///
    /// # Errors
    /// [`Error::Io`] when the directory can't be read.
    pub fn all(&self) -> Result<Vec<(PathBuf, Result<UpkeepRecord>)>> {
        let mut all = Vec::new();
        for path in self.paths()? {
            match read(&path) {
                Ok(Some(record)) => all.push((path, Ok(record))),
                Ok(None) => {}
                Err(error) => all.push((path, Err(error))),
            }
        }
        Ok(all)
    }

    fn paths(&self) -> Result<Vec<PathBuf>> {
        let mut paths = entries(&self.directory)?;
        paths.retain(|path| !path.to_string_lossy().ends_with(NEXT));
        paths.sort();
        Ok(paths)
    }

    fn path(&self, attachment: &AttachmentId, plugin: &str) -> PathBuf {
        self.directory.join(format!("{}.{}", attachment.key(), escape(plugin)))
    }
}

fn read(path: &Path) -> Result<Option<UpkeepRecord>> {
    let failed = |error: io::Error| Error::io("read", path, error);
    let mut file = match files::open(path, OpenFlags::O_RDONLY | OpenFlags::O_NONBLOCK, 0) {
        Err(Errno::ENOENT) => return Ok(None),
        opened => opened.map_err(|errno| failed(errno.into()))?,
    };
    let text = read_all(&mut file).map_err(failed)?;
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| failed(error.into()))
}
