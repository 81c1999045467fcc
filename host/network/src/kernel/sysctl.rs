use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
};

use cofferdam_protocol::Place;
use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, OFlag, open, openat},
    sys::stat::{Mode, fstat, stat},
};

use super::side::Side;
use crate::{
    Error, Result, SysctlKey,
    request::{
        self,
        setting::{LONGEST_VALUE, named},
    },
};

/// Where a key's file is: a directory below `net`, by its name, and the path
/// from there. `None` for what is in `net` itself.
pub(super) fn split(key: &SysctlKey) -> Option<(&str, PathBuf)> {
    match key.parts() {
        [_, directory, rest @ ..] if !rest.is_empty() => Some((directory, rest.iter().collect())),
        _ => None,
    }
}

/// The directories below `net` of the namespace that the thread is in now;
/// none where they can't be listed.
pub(super) fn directories() -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory_path("")) else {
        return Vec::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.collect()
}

/// Opens a directory below `net` of the namespace that the thread is in now.
pub(super) fn open_directory(name: &str) -> Result<OwnedFd> {
    let path = directory_path(name);
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    open(&path, flags, Mode::empty()).map_err(|errno| Error::from_errno(errno, "opening", path.to_string_lossy()))
}

/// Whether a directory stays the namespace's in which it was opened, so that
/// the files below it can be opened from everywhere.
///
/// That holds for a directory which only namespaces have, each its own
/// (`net_ctl_root` of `net/sysctl_net.c`). One that the kernel as a whole has
/// as well finds the files of whoever asks, and is the same from everywhere.
pub(super) fn is_of_its_namespace(name: &str, directory: &OwnedFd) -> bool {
    match (stat(&directory_path(name)), fstat(directory)) {
        (Ok(here), Ok(there)) => here.st_ino != there.st_ino,
        (Err(Errno::ENOENT), Ok(_)) => true,
        _ => false,
    }
}

fn directory_path(name: &str) -> PathBuf {
    Path::new("/proc/sys/net").join(name)
}

pub(super) fn read(side: &mut Side, place: Place, key: &SysctlKey) -> Result<String> {
    let object = named(place, key);
    let bytes = side
        .at_sysctl(key, read_file)?
        .map_err(|error| Error::from_io(&error, "reading", &object))?;
    if bytes.len() > LONGEST_VALUE {
        return Err(Error::Invalid(format!("{object} is longer than {LONGEST_VALUE} bytes")));
    }
    let value = String::from_utf8(bytes).map_err(|_| Error::Invalid(format!("{object} does not hold text")))?;
    Ok(value.strip_suffix('\n').unwrap_or(&value).to_owned())
}

pub(super) fn write(side: &mut Side, place: Place, key: &SysctlKey, value: &str) -> Result<()> {
    request::setting(place, key, value)?;
    let object = named(place, key);
    side.at_sysctl(key, |directory, path| write_file(directory, path, value.as_bytes()))?
        .map_err(|error| match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
            Errno::EINVAL | Errno::ERANGE => Error::Invalid(format!("the kernel does not take {value:?} for {object}")),
            _ => Error::from_io(&error, "writing", &object),
        })
}

fn read_file(directory: Option<&OwnedFd>, path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = LONGEST_VALUE as u64 + 1;
    open_file(directory, path, OFlag::O_RDONLY)?
        .take(limit)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// In one call, because the kernel takes each for a whole value.
fn write_file(directory: Option<&OwnedFd>, path: &Path, value: &[u8]) -> io::Result<()> {
    let written = open_file(directory, path, OFlag::O_WRONLY)?.write(value)?;
    if written == value.len() {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(nix::libc::EINVAL))
    }
}

fn open_file(directory: Option<&OwnedFd>, path: &Path, flags: OFlag) -> io::Result<File> {
    let directory = directory.map_or(AT_FDCWD, AsFd::as_fd);
    let file = openat(directory, path, flags | OFlag::O_CLOEXEC, Mode::empty())?;
    Ok(file.into())
}
