use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use cofferdam_system::files::{self, File, MetadataExt as _};
use serde::{Deserialize, Serialize};

use super::Owner;
use crate::{
    Error, Result,
    boot::boot_id,
    digest::hex_of_parts,
    format::{append_line, parse_line},
    fs::{make_directories, remove_replaced, replace_file},
};

/// How far in the past a directory's time is set. A time that the kernel sets
/// is never before the present, however coarse the file system's clock, so the
/// two can't be alike.
const STAMP_AGE: Duration = Duration::from_secs(10);

/// Seconds and nanoseconds since 1970.
type Stamp = (i64, i64);

/// What is known of a directory of records without reading it: the claims
/// that were found when all were read last, and the time that the directory
/// was given when it was left. As long as it has that time nobody else wrote
/// there, and the claims need not be read again.
#[derive(Debug)]
pub(super) struct Survey {
    path: PathBuf,
    stored: Stored,
    /// Nobody else wrote in the directory since all claims were read. What is
    /// written while the lock is held is our own.
    current: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    /// How many directories Cofferdam made for it; 0: it was there before.
    made: u32,
    stamp: Option<Stamp>,
    /// CRC-32 of the file that lists the claims.
    checksum: u32,
    /// The boot in which claims of earlier ones were looked for.
    #[serde(default)]
    boot: String,
}

impl Survey {
    /// What is on record of a directory whose lock was just taken. A survey
    /// that can't be read is none.
    pub(super) fn read(claims: &Path, path: &Path, directory: &File) -> Self {
        let key = hex_of_parts(&[&path.to_string_lossy()]);
        let path = claims.join(format!("{key}.survey"));
        let stored = read_stored(&path).unwrap_or_default();
        let current = stored.stamp.is_some() && stored.stamp == time_of(directory);
        Self { path, stored, current }
    }

    /// How many directories Cofferdam made for it.
    pub(super) fn made(&self) -> u32 {
        self.stored.made
    }

    /// Remembers how many directories were made, at once: whoever made them
    /// may die.
    pub(super) fn set_made(&mut self, made: u32) {
        if made > self.stored.made {
            self.stored.made = made;
            self.store();
        }
    }

    /// Whether claims of earlier boots were looked for in this one.
    pub(super) fn is_of_this_boot(&self) -> bool {
        !boot_id().is_empty() && self.stored.boot == boot_id()
    }

    /// Remembers that they were.
    pub(super) fn set_of_this_boot(&mut self) {
        boot_id().clone_into(&mut self.stored.boot);
        self.store();
    }

    /// The claims of an owner that were there when all were read; `None` when
    /// that is not known, so that all have to be read.
    pub(super) fn claims_of(&self, owner: &Owner) -> Option<Vec<IpAddr>> {
        if !self.current {
            return None;
        }
        let bytes = files::read(self.list()).ok()?;
        if crc32fast::hash(&bytes) != self.stored.checksum {
            return None;
        }
        // Most lines are others': they are not worth being taken apart.
        let container = serde_json::to_vec(owner.container_id.trim()).ok()?;
        let lines = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| line.windows(container.len()).any(|part| part == container));
        let claims = lines.filter_map(|line| serde_json::from_slice::<(IpAddr, Owner)>(line).ok());
        Some(
            claims
                .filter(|(_, holder)| owner.holds(holder))
                .map(|(address, _)| address)
                .collect(),
        )
    }

    /// Takes in what was found when all claims were read. A list that can't be
    /// written is made again the next time.
    pub(super) fn replace(&mut self, claims: &[(IpAddr, Owner)]) {
        let mut bytes = Vec::new();
        for claim in claims {
            // An address and two texts can't fail to become JSON.
            let _ = serde_json::to_writer(&mut bytes, claim);
            bytes.push(b'\n');
        }
        self.stored.checksum = crc32fast::hash(&bytes);
        self.current = write(&self.list(), &bytes).is_ok();
    }

    /// Leaves the directory with a time that tells when somebody else writes
    /// there.
    pub(super) fn stamp(&mut self, directory: &File) {
        let untouched = self.stored.stamp.is_some() && self.stored.stamp == time_of(directory);
        if !self.current || untouched {
            return;
        }
        self.stored.stamp = set_time(directory);
        self.store();
    }

    /// Forgets the directory.
    pub(super) fn remove(&mut self) -> Result<()> {
        self.current = false;
        for path in [self.list(), self.path.clone()] {
            remove_replaced(&path).map_err(|error| Error::io("remove", &path, error))?;
        }
        Ok(())
    }

    /// The file that lists the claims.
    fn list(&self) -> PathBuf {
        self.path.with_extension("claims")
    }

    /// A survey that can't be written is made again.
    fn store(&self) {
        let mut line = Vec::new();
        if append_line(&mut line, &self.stored).is_ok() {
            let _ = write(&self.path, &line);
        }
    }
}

fn read_stored(path: &Path) -> Option<Stored> {
    let bytes = files::read(path).ok()?;
    let json = bytes.strip_suffix(b"\n").and_then(parse_line)?;
    serde_json::from_slice(json).ok()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match replace_file(path, bytes) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_directories(path.parent().unwrap_or(Path::new("/")), 0o700)?;
            replace_file(path, bytes)
        }
        written => written,
    }
}

fn time_of(directory: &File) -> Option<Stamp> {
    let metadata = directory.metadata().ok()?;
    Some((metadata.mtime(), metadata.mtime_nsec()))
}

/// Gives the directory a time that no write will, as far as the file system
/// keeps it. `None` where that is not allowed.
fn set_time(directory: &File) -> Option<Stamp> {
    let past = SystemTime::now().checked_sub(STAMP_AGE)?;
    directory.set_modified(past).ok()?;
    time_of(directory)
}
