use std::{
    borrow::Cow,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use cofferdam_system::{
    Errno,
    files::{self, File, MetadataExt as _, OpenFlags, open_at},
};
use serde::{Deserialize, Serialize};

use crate::{
    AttachmentId, Error, Result,
    attachment_id::is_key,
    boot,
    format::{append_line, parse_line},
    fs::{read_all, remove_at, without_directory_at},
    model::{Made, SharedObject},
    state_directory::attachment_of_key,
};

/// What Cofferdam made.
const MADE: &str = "made";
/// The same while it is being written.
const MADE_NEXT: &str = "made.next";

/// A shared object, locked until this is dropped.
#[derive(Debug)]
pub struct SharedGuard {
    directory: File,
    path: PathBuf,
    state: PathBuf,
    object: SharedObject,
    user: String,
    made: Option<Made>,
    damaged: bool,
    joined_before: bool,
}

#[derive(Serialize, Deserialize)]
struct MadeRecord<'a> {
    boot_id: Cow<'a, str>,
    object: Cow<'a, SharedObject>,
    made: Cow<'a, Made>,
}

impl SharedGuard {
    pub(super) fn new(
        directory: File,
        path: PathBuf,
        state: &Path,
        object: &SharedObject,
        user: &AttachmentId,
    ) -> Self {
        Self {
            directory,
            path,
            state: state.to_owned(),
            object: object.clone(),
            user: user.key(),
            made: None,
            damaged: false,
            joined_before: false,
        }
    }

    /// Adds the user. False when the directory was removed meanwhile.
    pub(super) fn add_user(&mut self) -> Result<bool> {
        match files::make_file_at(&self.directory, &self.user, 0o600) {
            Ok(()) => Ok(true),
            Err(Errno::EEXIST) => {
                self.joined_before = true;
                Ok(true)
            }
            Err(Errno::ENOENT) => Ok(false),
            Err(errno) => {
                // What nobody uses was made for this user.
                if self.has_other_users().is_ok_and(|others| !others) {
                    let _ = files::remove_dir(&self.path);
                }
                Err(Error::io("add a user to", &self.path, errno))
            }
        }
    }

    /// Takes the user off, if it is one.
    ///
    /// # Errors
    /// It can't be recorded.
    pub(crate) fn remove_user(&self) -> Result<()> {
        remove_at(&self.directory, &self.user).map_err(|errno| Error::io("remove a user from", &self.path, errno))?;
        Ok(())
    }

    /// Whether somebody removed the directory before its lock was had.
    pub(super) fn is_removed(&self) -> Result<bool> {
        let here = self
            .directory
            .metadata()
            .map_err(|error| self.failed("look at", error))?;
        match files::symlink_metadata(&self.path) {
            Ok(there) => Ok((here.dev(), here.ino()) != (there.dev(), there.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(self.failed("look at", error)),
        }
    }

    pub(super) fn read_made(&mut self) -> Result<()> {
        let record = match open_at(&self.directory, MADE, OpenFlags::O_RDONLY, 0) {
            Ok(file) => find_made(file, &self.object).map_err(|error| self.failed("read what was made of", error))?,
            Err(Errno::ENOENT) => Found::Nothing,
            Err(errno) => return Err(self.failed("read what was made of", errno.into())),
        };
        self.damaged = matches!(record, Found::Damage);
        self.made = record.made();
        Ok(())
    }

    /// Which object.
    #[must_use]
    pub fn object(&self) -> &SharedObject {
        &self.object
    }

    /// Whether this attachment was a user before it joined: an error now is
    /// no reason to leave.
    #[must_use]
    pub fn joined_before(&self) -> bool {
        self.joined_before
    }

    /// What Cofferdam made of it; `None` when it did not make it, or made it
    /// in an earlier boot.
    #[must_use]
    pub fn made(&self) -> Option<&Made> {
        self.made.as_ref()
    }

    /// Whether there is a record of what Cofferdam made that can't be read.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Records that Cofferdam makes it, or changes it once more. To be called
    /// before the kernel is asked.
    ///
    /// # Errors
    /// It can't be recorded, so it must not be made.
    pub fn set_made(&mut self, made: Made) -> Result<()> {
        let made = made.following(self.made.as_ref());
        self.record(made)
    }

    /// Records what was on record before, when the kernel refused a further
    /// change.
    ///
    /// # Errors
    /// It can't be recorded.
    pub fn set_made_back(&mut self, earlier: Option<Made>) -> Result<()> {
        match earlier {
            Some(made) => self.record(made),
            None => self.clear_made(),
        }
    }

    fn record(&mut self, made: Made) -> Result<()> {
        let record = MadeRecord {
            boot_id: Cow::Borrowed(boot::boot_id()),
            object: Cow::Borrowed(&self.object),
            made: Cow::Borrowed(&made),
        };
        let mut line = Vec::new();
        append_line(&mut line, &record).map_err(|error| self.failed("record what is made of", error.into()))?;
        self.replace_made(&line).map_err(|error| {
            let _ = remove_at(&self.directory, MADE_NEXT);
            self.failed("record what is made of", error)
        })?;
        self.made = Some(made);
        self.damaged = false;
        Ok(())
    }

    fn replace_made(&self, line: &[u8]) -> io::Result<()> {
        let directory = &self.directory;
        let flags = OpenFlags::O_WRONLY | OpenFlags::O_CREAT | OpenFlags::O_TRUNC;
        let mut file = without_directory_at(directory, MADE_NEXT, || {
            Ok(open_at(directory, MADE_NEXT, flags, 0o600)?)
        })?;
        file.write_all(line)?;
        without_directory_at(directory, MADE, || Ok(files::rename_at(directory, MADE_NEXT, MADE)?))
    }

    /// Records that what Cofferdam made is gone, or could not be made.
    ///
    /// # Errors
    /// It can't be recorded.
    pub fn clear_made(&mut self) -> Result<()> {
        remove_at(&self.directory, MADE).map_err(|errno| self.failed("forget what was made of", errno.into()))?;
        self.made = None;
        self.damaged = false;
        Ok(())
    }

    /// Whether other attachments use it.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn has_other_users(&self) -> Result<bool> {
        has_users(&self.path, &self.user)
    }

    /// One of the other attachments that use it, for an error.
    ///
    /// # Errors
    /// The registry can't be read.
    pub fn other_user(&self) -> Result<Option<String>> {
        other_user(&self.path, &self.state, &self.user)
    }

    /// Removes an object that nobody uses from the registry.
    ///
    /// # Errors
    /// It can't be removed.
    pub fn remove(self) -> Result<()> {
        self.remove_user()?;
        for name in [MADE, MADE_NEXT] {
            remove_at(&self.directory, name).map_err(|errno| self.failed("remove", errno.into()))?;
        }
        match files::remove_dir(&self.path) {
            // A file that is not ours keeps the directory, and harms nobody.
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(self.failed("remove", error)),
            _ => Ok(()),
        }
    }

    fn failed(&self, action: &'static str, error: io::Error) -> Error {
        Error::io(action, &self.path, error)
    }
}

/// What was made, read without the lock.
pub(super) fn read_made(directory: &Path, object: &SharedObject) -> Result<Option<Made>> {
    let path = directory.join(MADE);
    match files::open(&path, OpenFlags::O_RDONLY, 0) {
        Ok(file) => {
            let found = find_made(file, object).map_err(|error| Error::io("read", &path, error))?;
            Ok(found.made())
        }
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(Error::io("open", &path, errno)),
    }
}

/// The object that a directory is of, by the record of what was made of it.
pub(super) fn object_of(directory: &Path) -> Option<SharedObject> {
    let mut file = files::open(&directory.join(MADE), OpenFlags::O_RDONLY, 0).ok()?;
    let bytes = read_all(&mut file).ok()?;
    let json = bytes.strip_suffix(b"\n").and_then(parse_line)?;
    let record: MadeRecord<'_> = serde_json::from_slice(json).ok()?;
    Some(record.object.into_owned())
}

/// What a record says.
enum Found {
    Made(Made),
    /// There is none, or one of an earlier boot, whose objects are gone.
    Nothing,
    /// It can't be read, or is about something else.
    Damage,
}

impl Found {
    /// Where nothing can be read the object counts as somebody else's, and is
    /// left alone.
    fn made(self) -> Option<Made> {
        match self {
            Self::Made(made) => Some(made),
            Self::Nothing | Self::Damage => None,
        }
    }
}

fn find_made(mut file: File, object: &SharedObject) -> io::Result<Found> {
    match read_all(&mut file) {
        Ok(bytes) => Ok(parse_made(&bytes, object)),
        // Nobody here makes a directory of that name.
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(Found::Damage),
        Err(error) => Err(error),
    }
}

fn parse_made(bytes: &[u8], object: &SharedObject) -> Found {
    let line = bytes.strip_suffix(b"\n").and_then(parse_line);
    match line.and_then(|json| serde_json::from_slice::<MadeRecord<'_>>(json).ok()) {
        Some(record) if *record.object != *object => Found::Damage,
        Some(record) if boot::is_earlier(&record.boot_id) => Found::Nothing,
        Some(record) => Found::Made(record.made.into_owned()),
        None => Found::Damage,
    }
}

/// Whether there are users besides one. Reads no further than to the first of
/// them: there may be thousands.
pub(super) fn has_users(directory: &Path, except: &str) -> Result<bool> {
    Ok(each_user(directory, except)?.next().transpose()?.is_some())
}

/// The name of one of the users besides one.
pub(super) fn other_user(directory: &Path, state: &Path, except: &str) -> Result<Option<String>> {
    let first = users(directory, except)?.into_iter().min();
    Ok(first.map(|key| match attachment_of_key(state, &key) {
        Some(id) => format!("attachment {}", id.label()),
        None => "another attachment".to_owned(),
    }))
}

/// The keys of the users besides one.
pub(super) fn users(directory: &Path, except: &str) -> Result<Vec<String>> {
    each_user(directory, except)?.collect()
}

fn each_user(directory: &Path, except: &str) -> Result<impl Iterator<Item = Result<String>>> {
    let failed = |error| Error::io("read directory", directory, error);
    let entries = match files::read_dir(directory) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let names = entries
        .into_iter()
        .flatten()
        .map(move |entry| entry.map(|entry| entry.file_name().into_string()).map_err(failed));
    let is_other = move |name: &String| is_key(name) && name != except;
    Ok(names.filter_map(move |name| name.map(|name| name.ok().filter(is_other)).transpose()))
}
