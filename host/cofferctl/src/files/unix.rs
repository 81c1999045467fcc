use std::{
    fs::File,
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// The mode of a file that others can read or write.
///
/// # Errors
/// It can't be told.
pub(crate) fn access_of_others(file: &File) -> io::Result<Option<u32>> {
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    Ok(Some(mode).filter(|mode| mode & 0o077 != 0))
}

/// The path of what is there, from the root, with no links on the way.
///
/// # Errors
/// Nothing is there.
pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}
