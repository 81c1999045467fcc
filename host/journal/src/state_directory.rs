use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use cofferdam_system::{
    Errno,
    files::{self, MetadataExt as _, OpenFlags},
};

use crate::{
    AttachmentId, Error, Header, History, LockedAttachment, Owned, Quota, Result, Shared, Upkeep,
    attachment_id::is_key,
    boot::boot_id,
    digest::digest_of_text,
    earlier_boot::MARK,
    format::FORMAT_VERSION,
    fs::{make_directories, read_all},
    history::NewerFormat,
    journal::JournalFile,
    upkeep::UPKEEP,
};

/// The journals, a directory for each network.
pub(crate) const ATTACHMENTS: &str = "attachments";

/// Longer names are replaced by their digest.
const LONGEST_NAME: usize = 100;

/// What [`StateDirectory::try_write`] writes, with the process's number.
pub(crate) const PROBE: &str = ".probe.";
const PROBE_BYTES: usize = 16 << 10;

/// The directory that holds all state of one boot, as `/run/cofferdam`.
#[derive(Clone, Debug)]
pub struct StateDirectory {
    path: PathBuf,
}

/// One attachment in a listing. What could not be read is told, and does not
/// keep the others from being listed.
#[derive(Clone, Debug)]
pub struct AttachmentSummary {
    /// The journal's file.
    pub path: PathBuf,
    /// Whose it is; absent when the header can't be read.
    pub header: Option<Header>,
    /// All that is on record; absent when it can't be read.
    pub history: Option<History>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl StateDirectory {
    /// Opens the directory, making it if it is missing.
    ///
    /// # Errors
    /// [`Error::Untrusted`] when somebody else than the caller owns it or can
    /// write in it, [`Error::Io`] when it can't be opened or made.
    pub fn open(path: &Path) -> Result<Self> {
        if !is_trusted(path)? {
            make_directories(path, 0o700).map_err(|errno| Error::io("make directory", path, errno))?;
            is_trusted(path)?;
        }
        Ok(Self::opened(path))
    }

    /// The same for who only looks: one that is missing is not made, and has
    /// nothing in it.
    ///
    /// # Errors
    /// As [`StateDirectory::open`].
    pub fn open_to_look(path: &Path) -> Result<Self> {
        is_trusted(path)?;
        Ok(Self::opened(path))
    }

    fn opened(path: &Path) -> Self {
        // Read now: a process that gives up what it does not need can't later.
        let _known = boot_id();
        Self::at(path)
    }

    /// The directory that a registry is in, which was looked at before.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The same, but `None` for one that is missing.
    ///
    /// # Errors
    /// As [`StateDirectory::open`].
    pub fn open_existing(path: &Path) -> Result<Option<Self>> {
        Ok(is_trusted(path)?.then(|| Self::opened(path)))
    }

    /// Whether something can be recorded: writes a file as large as a journal
    /// usually gets, and removes it. Where the directory is missing, one that
    /// has no name in the directory that it would be made in.
    ///
    /// # Errors
    /// [`Error::Io`] when the file system is full, read-only or broken.
    pub fn try_write(&self) -> Result<()> {
        let path = self.path.join(format!("{PROBE}{}", std::process::id()));
        let flags = OpenFlags::O_WRONLY | OpenFlags::O_CREAT | OpenFlags::O_TRUNC;
        let written = match files::open(&path, flags, 0o600) {
            Err(Errno::ENOENT) => return self.try_write_above(),
            opened => opened
                .map_err(io::Error::from)
                .and_then(|mut file| file.write_all(&[0; PROBE_BYTES])),
        };
        let removed = match files::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        written
            .and(removed)
            .map_err(|error| Error::io("write to", &self.path, error))
    }

    fn try_write_above(&self) -> Result<()> {
        let above = self.path.ancestors().skip(1).find(|path| files::is_directory(path));
        let above = above.unwrap_or(Path::new("/"));
        let written = match files::open(above, OpenFlags::O_WRONLY | OpenFlags::O_TMPFILE, 0o600) {
            // Of a file system that has no such files nothing is known.
            Err(Errno::EOPNOTSUPP | Errno::EISDIR) => Ok(()),
            opened => opened
                .map_err(io::Error::from)
                .and_then(|mut file| file.write_all(&[0; PROBE_BYTES])),
        };
        written.map_err(|error| Error::io("write to", above, error))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The registry of shared objects.
    #[must_use]
    pub fn shared(&self) -> Shared {
        Shared::new(&self.path)
    }

    /// The registry of what attachments own.
    #[must_use]
    pub fn owned(&self) -> Owned {
        Owned::new(&self.path)
    }

    /// The registry of what is counted across attachments.
    #[must_use]
    pub fn quota(&self) -> Quota {
        Quota::new(&self.path)
    }

    /// The records of what has to be looked after.
    #[must_use]
    pub fn upkeep(&self) -> Upkeep {
        Upkeep::new(&self.path)
    }

    /// Takes an attachment's lock, and reads what an earlier call left.
    ///
    /// # Errors
    /// [`Error::Busy`] names who has the lock at the deadline;
    /// [`Error::NewerFormat`] when a newer Cofferdam wrote the journal;
    /// [`Error::Io`] otherwise.
    pub fn lock(&self, id: &AttachmentId, deadline: Instant) -> Result<LockedAttachment> {
        let path = journal_path(&self.path, id);
        let file = JournalFile::lock(&path, &self.path, true, deadline, || id.to_string())?;
        let file = file.ok_or_else(|| Error::io("open", &path, Errno::ENOENT))?;
        LockedAttachment::read(id.clone(), file)
    }

    /// The same for an attachment that has a journal; `None`, and nothing is
    /// made, for one that has none. Works on a file system that is full or
    /// read-only.
    ///
    /// # Errors
    /// As [`StateDirectory::lock`].
    pub fn lock_existing(&self, id: &AttachmentId, deadline: Instant) -> Result<Option<LockedAttachment>> {
        let file = JournalFile::lock(&journal_path(&self.path, id), &self.path, false, deadline, || {
            id.to_string()
        })?;
        file.map(|file| LockedAttachment::read(id.clone(), file)).transpose()
    }

    /// The attachments of one network, or of all, without their locks: what
    /// is read may be changing.
    ///
    /// # Errors
    /// [`Error::Io`] when a directory can't be read.
    pub fn attachments(&self, network: Option<&str>) -> Result<Vec<AttachmentSummary>> {
        let mut summaries = Vec::new();
        for directory in self.network_directories(network)? {
            let mut files = entries(&directory)?;
            files.sort();
            summaries.extend(files.into_iter().filter_map(summarize));
        }
        Ok(summaries)
    }

    /// What is on record of one interface of a container, on whichever network
    /// and of whichever unit, without locks.
    ///
    /// # Errors
    /// [`Error::Io`] when a directory can't be read.
    pub fn of_interface(&self, container_id: &str, interface_name: &str) -> Result<Vec<AttachmentSummary>> {
        let mut found = Vec::new();
        for directory in self.network_directories(None)? {
            let files = entries(&directory)?.into_iter();
            let summaries = files.filter(|path| mentions(path, container_id)).filter_map(summarize);
            found.extend(summaries.filter(|summary| {
                let id = summary.header.as_ref().map(|header| &header.attachment);
                id.is_some_and(|id| id.container_id == container_id && id.interface_name == interface_name)
            }));
        }
        Ok(found)
    }

    /// Removes the journals of one network, or of all, that nothing was ever
    /// written to, and that nobody holds: they were made for their locks, by
    /// processes that were killed then. Nobody is kept waiting.
    ///
    /// # Errors
    /// [`Error::Io`] when a directory can't be read.
    pub fn clear_empty(&self, network: Option<&str>) -> Result<()> {
        for directory in self.network_directories(network)? {
            for path in entries(&directory)?.into_iter().filter(|path| is_empty_file(path)) {
                // It goes when it is let go.
                drop(JournalFile::lock(&path, &self.path, false, Instant::now(), String::new));
            }
        }
        Ok(())
    }

    pub(crate) fn network_directories(&self, network: Option<&str>) -> Result<Vec<PathBuf>> {
        let root = self.path.join(ATTACHMENTS);
        match network {
            Some(network) => Ok(vec![root.join(directory_name(network))]),
            None => {
                let mut directories = entries(&root)?;
                directories.sort();
                Ok(directories)
            }
        }
    }

    /// Removes the directory and those in it, as far as they are empty.
    ///
    /// # Errors
    /// [`Error::Io`] when a directory can't be removed for another reason.
    pub fn tidy(&self) -> Result<()> {
        let failed = |error| Error::io("tidy", &self.path, error);
        self.quota().tidy().map_err(failed)?;
        for name in [ATTACHMENTS, "shared", "claims", "owned", "quota", UPKEEP] {
            remove_empty(&self.path.join(name))?;
        }
        // That nothing of earlier boots is left says nothing of an empty one.
        let mark = self.path.join(MARK);
        if entries(&self.path)?.iter().all(|path| *path == mark) {
            match files::remove_file(&mark) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        remove_empty(&self.path)
    }
}

/// Removes a directory that may be missing, or in use.
fn remove_empty(path: &Path) -> Result<()> {
    use io::ErrorKind::{DirectoryNotEmpty, NotFound, ResourceBusy};
    match files::remove_dir(path) {
        Err(error) if !matches!(error.kind(), NotFound | DirectoryNotEmpty | ResourceBusy) => {
            Err(Error::io("remove directory", path, error))
        }
        _ => Ok(()),
    }
}

/// The file of an attachment's journal, below a state directory.
pub(crate) fn journal_path(state: &Path, id: &AttachmentId) -> PathBuf {
    let mut path = state.join(ATTACHMENTS);
    path.push(directory_name(&id.network));
    path.push(format!("{}.journal", id.key()));
    path
}

/// The attachment whose key this is, as far as its journal tells.
pub(crate) fn attachment_of_key(state: &Path, key: &str) -> Option<AttachmentId> {
    let summary = summary_of_key(state, key)?;
    summary.header.map(|header| header.attachment)
}

/// What is on record of the attachment whose key this is.
pub(crate) fn summary_of_key(state: &Path, key: &str) -> Option<AttachmentSummary> {
    let networks = entries(&state.join(ATTACHMENTS)).ok()?;
    let journals = networks
        .into_iter()
        .map(|network| network.join(format!("{key}.journal")));
    journals.filter(|path| files::is_there(path)).find_map(summarize)
}

/// The attachment whose journal a process is at work on, and since when, by
/// what it wrote there.
pub(crate) fn attachment_of_writer(state: &Path, pid: u32) -> Option<(AttachmentId, SystemTime)> {
    let networks = entries(&state.join(ATTACHMENTS)).ok()?;
    let journals = networks
        .into_iter()
        .filter_map(|network| entries(&network).ok())
        .flatten();
    journals.filter_map(summarize).find_map(|summary| {
        let history = summary.history?;
        let (writer, begun) = history.writer()?;
        // A number is soon another process's.
        let is_at_work = writer == pid && !history.is_committed() && !history.is_of_earlier_boot();
        let begun = UNIX_EPOCH + Duration::from_millis(begun);
        summary
            .header
            .filter(|_| is_at_work)
            .map(|header| (header.attachment, begun))
    })
}

/// Whether there is a state directory at a path; one that others can write in
/// is an error.
fn is_trusted(path: &Path) -> Result<bool> {
    let directory = match files::open(path, OpenFlags::O_RDONLY | OpenFlags::O_DIRECTORY, 0) {
        Ok(directory) => directory,
        Err(Errno::ENOENT) => return Ok(false),
        Err(errno) => return Err(Error::io("open directory", path, errno)),
    };
    let status = directory
        .metadata()
        .map_err(|error| Error::io("look at", path, error))?;
    check_owner(path, status.uid(), status.mode())?;
    Ok(true)
}

fn check_owner(path: &Path, owner: u32, mode: u32) -> Result<()> {
    let untrusted = |why: String| {
        Err(Error::Untrusted {
            path: path.to_owned(),
            why,
        })
    };
    let user = files::user();
    if owner != user {
        return untrusted(format!(
            "it belongs to user {owner}, not to {user}; remove it or change its owner"
        ));
    }
    if mode & 0o022 != 0 {
        return untrusted(format!(
            "others can write in it (mode {:04o}); chmod it to 0700",
            mode & 0o7777
        ));
    }
    Ok(())
}

/// A network's name where it is a plain file name of moderate length; else
/// its digest, marked by a sign that no network's name can hold.
fn directory_name(network: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let usual = network.len() <= LONGEST_NAME && network.bytes().all(plain) && !network.starts_with('.');
    if usual && !network.is_empty() {
        network.to_owned()
    } else {
        format!("sha256={}", digest_of_text(network))
    }
}

pub(crate) fn is_empty_file(path: &Path) -> bool {
    files::symlink_metadata(path).is_ok_and(|status| status.is_file() && status.len() == 0)
}

/// Paths in a directory; a missing one has none.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::io("read directory", directory, error);
    match files::read_dir(directory) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
            .collect(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
}

/// Whether a journal has a container's id in it, which takes less than reading
/// what it says.
fn mentions(path: &Path, container_id: &str) -> bool {
    let bytes = files::open(path, OpenFlags::O_RDONLY | OpenFlags::O_NONBLOCK, 0)
        .ok()
        .and_then(|mut file| read_all(&mut file).ok());
    let text = bytes.as_deref().map(String::from_utf8_lossy);
    text.is_some_and(|text| text.contains(container_id))
}

/// `None` for what went since the directory was read, and for a file that was
/// made for its lock only.
fn summarize(path: PathBuf) -> Option<AttachmentSummary> {
    let problem = |problem: String| {
        Some(AttachmentSummary {
            path: path.clone(),
            header: None,
            history: None,
            problem: Some(problem),
        })
    };
    let bytes = match files::open(&path, OpenFlags::O_RDONLY | OpenFlags::O_NONBLOCK, 0) {
        Err(Errno::ENOENT) => return None,
        Err(errno) => return problem(format!("it can't be opened: {}", errno.desc())),
        Ok(mut file) => match read_all(&mut file) {
            Ok(bytes) => bytes,
            Err(error) => return problem(format!("it can't be read: {error}")),
        },
    };
    let key = path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.strip_suffix(".journal"));
    let Some(key) = key.filter(|key| is_key(key)) else {
        return problem("it is no journal".to_owned());
    };
    if bytes.is_empty() {
        return None;
    }
    match History::parse(&bytes) {
        Err(NewerFormat(found)) => problem(format!(
            "it was written in format {found}, and this Cofferdam knows formats up to {FORMAT_VERSION}"
        )),
        Ok(history) => {
            let header = history
                .header()
                .filter(|header| header.attachment.key() == key)
                .cloned();
            let problem = match (&header, history.header(), history.damaged_lines()) {
                (None, Some(other), _) => Some(format!("it is the journal of {}, misplaced", other.attachment)),
                (None, None, _) => Some("its header can't be read".to_owned()),
                (Some(_), _, 0) => None,
                (Some(_), _, damaged) => Some(format!("{damaged} of its lines can't be read")),
            };
            Some(AttachmentSummary {
                path,
                header,
                history: Some(history),
                problem,
            })
        }
    }
}
