use std::{
    fs,
    io::Write as _,
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use nix::libc::O_NOFOLLOW;

use super::Owner;
use crate::{Error, Result, digest::hex_of_parts, fs::make_directories};

/// The claims of one attachment, listed so that they are found without
/// reading every claim of the network. One line a claim: address, blank,
/// directory.
///
/// The list is a hint: it may name what is gone, and what it names is looked
/// at before it is believed.
pub(super) struct Index {
    path: PathBuf,
}

impl Index {
    pub(super) fn of(claims: &Path, network: &str, owner: &Owner) -> Self {
        let interface = owner.interface_name.as_deref().unwrap_or_default();
        let key = hex_of_parts(&[network, owner.container_id.trim(), interface.trim()]);
        Self { path: claims.join(key) }
    }

    pub(super) fn add(&self, directory: &Path, address: IpAddr) -> Result<()> {
        let line = line(directory, address);
        let write = || {
            let mut file = fs::OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .custom_flags(O_NOFOLLOW)
                .open(&self.path)?;
            file.write_all(line.as_bytes())
        };
        let written = write().or_else(|error: std::io::Error| {
            if error.kind() != std::io::ErrorKind::NotFound {
                return Err(error);
            }
            make_directories(self.path.parent().unwrap_or(Path::new("/")), 0o700)?;
            write()
        });
        written.map_err(|error| Error::io("write the index", &self.path, error))
    }

    pub(super) fn remove(&self, directory: &Path, address: IpAddr) -> Result<()> {
        let line = line(directory, address);
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let rest: String = text
            .split_inclusive('\n')
            .filter(|candidate| *candidate != line)
            .collect();
        let written = if rest.is_empty() {
            fs::remove_file(&self.path)
        } else {
            self.replace(&rest)
        };
        match written {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("write the index", &self.path, error))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn addresses(&self, directory: &Path) -> Vec<IpAddr> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(_, path)| Path::new(path) == directory)
            .filter_map(|(address, _)| address.parse().ok())
            .collect()
    }

    fn replace(&self, text: &str) -> std::io::Result<()> {
        let next = self.path.with_extension("next");
        fs::write(&next, text)?;
        fs::rename(&next, &self.path)
    }
}

fn line(directory: &Path, address: IpAddr) -> String {
    format!("{address} {}\n", directory.display())
}
