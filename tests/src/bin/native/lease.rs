use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use nix::fcntl::{Flock, FlockArg};

/// Addresses to hand out, all behind the gateway's.
const ADDRESSES: u32 = 65_533;
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
    pub(crate) fn claim(&self, gateway: Ipv4Addr, container: &str, interface: &str) -> Result<Ipv4Addr> {
        let range = (gateway.to_bits() + 1, gateway.to_bits() + ADDRESSES);
        let last = fs::read_to_string(self.directory.join(BOOKMARK))
            .ok()
            .and_then(|text| text.trim().parse::<Ipv4Addr>().ok())
            .map_or(range.1, Ipv4Addr::to_bits);
        let mut next = last;
        loop {
            next = if (range.0..range.1).contains(&next) {
                next + 1
            } else {
                range.0
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
