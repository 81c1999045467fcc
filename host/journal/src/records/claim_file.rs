use std::{
    ffi::OsString,
    io::{self, Read as _, Write as _},
    net::IpAddr,
    path::Path,
};

use cofferdam_system::{
    Errno,
    files::{self, File, OpenFlags, open_at},
};

use super::{Owner, earlier_boot::mark};
use crate::{Error, Result, fs::remove_at};

/// A file while it is being written. Under the lock there is only one.
pub(super) const NEXT: &str = ".cofferdam.next";

/// More than two names take.
const LONGEST: u64 = 4096;

/// What there is under the name of an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A file without content. Both plugins write under the lock, so that
    /// under the lock it is what a crash left, before the address was given to
    /// anybody, or with the containers of an earlier boot.
    Empty,
    /// A claim; of an owner without a name where it can't be told whose.
    Claim(Owner),
}

/// Looks at a claim.
pub(super) fn read_claim(directory: &File, name: &str) -> io::Result<Found> {
    let unknown = Found::Claim(Owner::default());
    let file = match open_at(directory, name, OpenFlags::O_RDONLY | OpenFlags::O_NONBLOCK, 0) {
        Ok(file) => file,
        Err(Errno::ENOENT) => return Ok(Found::Nothing),
        // A link or a socket, which neither plugin makes.
        Err(Errno::ELOOP | Errno::ENXIO) => return Ok(unknown),
        Err(errno) => return Err(errno.into()),
    };
    let status = file.metadata()?;
    if !status.is_file() || status.len() > LONGEST {
        return Ok(unknown);
    }
    let mut content = Vec::new();
    file.take(LONGEST).read_to_end(&mut content)?;
    if content.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace()) {
        return Ok(Found::Empty);
    }
    Ok(Found::Claim(Owner::parse(&content)))
}

/// Makes a claim; false when there is one. It appears whole or not at all.
pub(super) fn write_claim(directory: &File, name: &str, owner: &Owner) -> io::Result<bool> {
    let put = write_next(directory, owner.content().as_bytes()).and_then(|file| {
        mark(&file);
        put_in_place(directory, name)
    });
    if !matches!(put, Ok(true)) {
        let _ = remove_at(directory, NEXT);
    }
    put
}

/// Writes the file that is to be put in place.
pub(super) fn write_next(directory: &File, content: &[u8]) -> io::Result<File> {
    let flags = OpenFlags::O_WRONLY | OpenFlags::O_CREAT | OpenFlags::O_EXCL;
    let mut file = match open_at(directory, NEXT, flags, 0o600) {
        Err(Errno::EEXIST) => {
            // Left by a crash; it may be a second name of a live claim, so it
            // is not written into.
            remove_at(directory, NEXT)?;
            open_at(directory, NEXT, flags, 0o600)?
        }
        opened => opened?,
    };
    file.write_all(content)?;
    Ok(file)
}

fn put_in_place(directory: &File, name: &str) -> io::Result<bool> {
    match files::rename_at_without_replacing(directory, NEXT, name) {
        Ok(()) => Ok(true),
        Err(Errno::EEXIST) => Ok(false),
        // File systems that can't (NFS) can make a second name.
        Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => link_in_place(directory, name),
        Err(errno) => Err(errno.into()),
    }
}

fn link_in_place(directory: &File, name: &str) -> io::Result<bool> {
    match files::link_at(directory, NEXT, name) {
        Ok(()) => {
            // A second name that stays is removed by the next writer.
            let _ = remove_at(directory, NEXT);
            Ok(true)
        }
        Err(Errno::EEXIST) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The addresses that have a file, in order.
pub(super) fn claimed_addresses(directory: &Path) -> Result<Vec<IpAddr>> {
    let names = names(directory)?;
    let mut addresses: Vec<IpAddr> = names.iter().filter_map(|name| parse_name(name.to_str()?)).collect();
    addresses.sort_unstable();
    Ok(addresses)
}

/// An address in the one form that files are named by.
pub(super) fn parse_name(name: &str) -> Option<IpAddr> {
    name.parse().ok().filter(|address: &IpAddr| address.to_string() == name)
}

/// All names in a directory.
pub(super) fn names(directory: &Path) -> Result<Vec<OsString>> {
    let failed = |error| Error::io("read directory", directory, error);
    let entries = files::read_dir(directory).map_err(failed)?;
    entries
        .map(|entry| entry.map(|entry| entry.file_name()).map_err(failed))
        .collect()
}
