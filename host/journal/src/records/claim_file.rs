use std::{
    fs,
    fs::File,
    io::{self, Write as _},
    net::IpAddr,
    path::Path,
};

use nix::{
    errno::Errno,
    fcntl::{AtFlags, OFlag},
    unistd::linkat,
};
use rustix::fs::{RenameFlags, renameat_with};

use super::Owner;
use crate::{
    Error, Result,
    fs::{open_at, read_all, remove_at},
};

/// A file while it is being written. Under the lock there is only one.
pub(super) const NEXT: &str = ".cofferdam.next";

/// Who has a claim; `None` when nobody has.
pub(super) fn read_claim(directory: &File, name: &str) -> io::Result<Option<Owner>> {
    match open_at(directory, name, OFlag::O_RDONLY | OFlag::O_NONBLOCK, 0) {
        Ok(mut file) => match read_all(&mut file) {
            Ok(content) => Ok(Some(Owner::parse(&content))),
            // A directory of that name is in the way, and nobody's claim.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(Some(Owner::default())),
            Err(error) => Err(error),
        },
        Err(Errno::ENOENT) => Ok(None),
        // A link is not what either plugin makes.
        Err(Errno::ELOOP) => Ok(Some(Owner::default())),
        Err(errno) => Err(errno.into()),
    }
}

/// Makes a claim; false when there is one. It appears whole or not at all.
pub(super) fn write_claim(directory: &File, name: &str, owner: &Owner) -> io::Result<bool> {
    let put = write_next(directory, owner.content().as_bytes()).and_then(|()| put_in_place(directory, name));
    if !matches!(put, Ok(true)) {
        let _ = remove_at(directory, NEXT);
    }
    put
}

/// Writes the file that is to be put in place.
pub(super) fn write_next(directory: &File, content: &[u8]) -> io::Result<()> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
    let mut file = match open_at(directory, NEXT, flags, 0o600) {
        Err(Errno::EEXIST) => {
            // Left by a crash; it may be a second name of a live claim, so it
            // is not written into.
            remove_at(directory, NEXT)?;
            open_at(directory, NEXT, flags, 0o600)?
        }
        opened => opened?,
    };
    file.write_all(content)
}

fn put_in_place(directory: &File, name: &str) -> io::Result<bool> {
    let renamed = renameat_with(directory, NEXT, directory, name, RenameFlags::NOREPLACE)
        .map_err(|errno| Errno::from_raw(errno.raw_os_error()));
    match renamed {
        Ok(()) => Ok(true),
        Err(Errno::EEXIST) => Ok(false),
        // File systems that can't (NFS) can make a second name.
        Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => link_in_place(directory, name),
        Err(errno) => Err(errno.into()),
    }
}

fn link_in_place(directory: &File, name: &str) -> io::Result<bool> {
    match linkat(directory, NEXT, directory, name, AtFlags::empty()) {
        Ok(()) => {
            remove_at(directory, NEXT)?;
            Ok(true)
        }
        Err(Errno::EEXIST) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The addresses that have a file, in order.
pub(super) fn claimed_addresses(directory: &Path) -> Result<Vec<IpAddr>> {
    let mut addresses: Vec<IpAddr> = names(directory)?.iter().filter_map(|name| parse_name(name)).collect();
    addresses.sort_unstable();
    Ok(addresses)
}

/// All other names.
pub(super) fn other_names(directory: &Path) -> Result<Vec<String>> {
    Ok(names(directory)?
        .into_iter()
        .filter(|name| parse_name(name).is_none())
        .collect())
}

/// An address in the one form that files are named by.
fn parse_name(name: &str) -> Option<IpAddr> {
    name.parse().ok().filter(|address: &IpAddr| address.to_string() == name)
}

fn names(directory: &Path) -> Result<Vec<String>> {
    let failed = |error| Error::io("read directory", directory, error);
    let entries = fs::read_dir(directory).map_err(failed)?;
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    Ok(names)
}
