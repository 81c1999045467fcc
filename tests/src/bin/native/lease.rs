use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use nix::fcntl::{Flock, FlockArg};

/// The first and last address to hand out.
const RANGE: (u32, u32) = (
    Ipv4Addr::new(10, 22, 0, 2).to_bits(),
    Ipv4Addr::new(10, 22, 255, 254).to_bits(),
);
const BOOKMARK: &str = "last_reserved_ip.0";

/// Leases in the layout of host-local, locked.
pub(crate) struct Leases {
    directory: PathBuf,
    _lock: Flock<File>,
}

impl Leases {
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let lock = File::create(directory.join("lock"))?;
        let lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
        Ok(Self {
            directory: directory.to_owned(),
            _lock: lock,
        })
    }

    /// The first free address after the one that was given last.
    pub(crate) fn claim(&self, container: &str, interface: &str) -> Result<Ipv4Addr> {
        let last = fs::read_to_string(self.directory.join(BOOKMARK))
            .ok()
            .and_then(|text| text.trim().parse::<Ipv4Addr>().ok())
            .map_or(RANGE.1, Ipv4Addr::to_bits);
        let mut next = last;
        loop {
            next = if (RANGE.0..RANGE.1).contains(&next) {
                next + 1
            } else {
                RANGE.0
            };
            let address = Ipv4Addr::from_bits(next);
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(self.directory.join(address.to_string()));
            match file {
                Ok(mut file) => {
                    file.write_all(format!("{container}\r\n{interface}").as_bytes())?;
                    fs::write(self.directory.join(BOOKMARK), address.to_string())?;
                    return Ok(address);
                }
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
                Err(_) if next == last => bail!("no address is free"),
                Err(_) => {}
            }
        }
    }

    /// Reads every lease, as there is no index.
    pub(crate) fn release(&self, container: &str, interface: &str) -> Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let content = fs::read_to_string(&path).unwrap_or_default();
            if content == format!("{container}\r\n{interface}") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
