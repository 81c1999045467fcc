use std::{
    fs,
    fs::File,
    net::IpAddr,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Owner;
use crate::{Error, Result, digest::hex_of_parts, fs::make_directories};

/// What is known of a directory of records without reading it: the claims
/// that were found when all were read last, and the directory's time then.
/// As long as only Cofferdam writes there, they need not be read again.
#[derive(Debug, Default)]
pub(super) struct Survey {
    path: PathBuf,
    /// How many directories Cofferdam made for it; 0: it was there before.
    pub(super) made: u32,
    stamp: Option<(i64, i64)>,
    claims: Vec<(IpAddr, Owner)>,
    current: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    made: u32,
    stamp: Option<(i64, i64)>,
    claims: Vec<(IpAddr, Owner)>,
}

impl Survey {
    /// What was stored; a survey that can't be read is none.
    pub(super) fn read(claims: &Path, directory: &Path) -> Self {
        let key = hex_of_parts(&[&directory.to_string_lossy()]);
        let path = claims.join(format!("{key}.survey"));
        let stored = fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
        match stored {
            Some(Stored { made, stamp, claims }) => Self {
                path,
                made,
                stamp,
                claims,
                current: false,
            },
            None => Self {
                path,
                ..Self::default()
            },
        }
    }

    /// The claims of an owner that were there when all were read.
    pub(super) fn claims_of(&self, owner: &Owner) -> Vec<IpAddr> {
        self.claims
            .iter()
            .filter(|(_, holder)| owner.holds(holder))
            .map(|(address, _)| *address)
            .collect()
    }

    /// Whether nobody else wrote in the directory since the last stamp. What
    /// is written while the lock is held is our own.
    pub(super) fn is_current(&mut self, directory: &File) -> bool {
        self.current = self.current || (self.stamp.is_some() && self.stamp == time_of(directory));
        self.current
    }

    /// Takes in what was found when all claims were read.
    #[allow(clippy::unnecessary_wraps)]
    pub(super) fn replace(&mut self, claims: Vec<(IpAddr, Owner)>, _directory: &File) -> Result<()> {
        self.claims = claims;
        self.current = true;
        Ok(())
    }

    /// Remembers the directory as it is now, if all of it is known.
    pub(super) fn stamp(&mut self, directory: &File) {
        let now = time_of(directory);
        if self.path.as_os_str().is_empty() || (self.stamp == now && !self.current && self.stamp.is_some()) {
            return;
        }
        let stamp = if self.current { now } else { None };
        let stored = Stored {
            made: self.made,
            stamp,
            claims: self.claims.clone(),
        };
        let Ok(bytes) = serde_json::to_vec(&stored) else { return };
        // A survey that can't be written is made again.
        let write = || fs::write(&self.path, &bytes);
        if write().is_err() {
            let parent = self.path.parent().unwrap_or(Path::new("/"));
            let _ = make_directories(parent, 0o700).map(|_| write());
        }
    }

    /// Forgets the directory.
    pub(super) fn remove(&mut self) -> Result<()> {
        let path = std::mem::take(&mut self.path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", &path, error)),
            _ => Ok(()),
        }
    }
}

fn time_of(directory: &File) -> Option<(i64, i64)> {
    directory
        .metadata()
        .ok()
        .map(|metadata| (metadata.mtime(), metadata.mtime_nsec()))
}
