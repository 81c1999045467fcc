use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

use cofferdam_protocol::Place;
use nix::errno::Errno;

use super::side::Side;
use crate::{Error, Result, SysctlKey};

/// A page, which is what the kernel gives and takes at most.
const LONGEST_VALUE: usize = 4096;

pub(super) fn read(side: &mut Side, place: Place, key: &SysctlKey) -> Result<String> {
    let object = named(place, key);
    let path = key.path();
    let bytes = side
        .run(move || read_file(&path))?
        .map_err(|error| Error::from_io(&error, "reading", &object))?;
    if bytes.len() > LONGEST_VALUE {
        return Err(Error::Invalid(format!("{object} is longer than {LONGEST_VALUE} bytes")));
    }
    let value = String::from_utf8(bytes).map_err(|_| Error::Invalid(format!("{object} does not hold text")))?;
    Ok(value.strip_suffix('\n').unwrap_or(&value).to_owned())
}

pub(super) fn write(side: &mut Side, place: Place, key: &SysctlKey, value: &str) -> Result<()> {
    let object = named(place, key);
    if value.len() > LONGEST_VALUE || value.contains('\0') {
        return Err(Error::Invalid(format!(
            "the value for {object} has a NUL in it or more than {LONGEST_VALUE} bytes"
        )));
    }
    let path = key.path();
    let bytes = value.as_bytes().to_vec();
    side.run(move || write_file(&path, &bytes))?.map_err(|error| {
        match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
            Errno::EINVAL | Errno::ERANGE => Error::Invalid(format!("the kernel does not take {value:?} for {object}")),
            _ => Error::from_io(&error, "writing", &object),
        }
    })
}

fn named(place: Place, key: &SysctlKey) -> String {
    format!("sysctl {key} in the {place} namespace")
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = LONGEST_VALUE as u64 + 1;
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// In one call, because the kernel takes each for a whole value.
fn write_file(path: &Path, value: &[u8]) -> io::Result<()> {
    let written = OpenOptions::new().write(true).open(path)?.write(value)?;
    if written == value.len() {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(nix::libc::EINVAL))
    }
}
