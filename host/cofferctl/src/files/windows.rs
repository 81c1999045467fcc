use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// Nobody is told to close a file that has no mode: who may read it is said by
/// its directory, and in a user's profile that is the user alone.
///
/// # Errors
/// None.
pub(crate) fn access_of_others(_: &File) -> io::Result<Option<u32>> {
    Ok(None)
}

/// The path of what is there, from the root. Links stay: what Windows makes of
/// a path without them (`\\?\C:\…`) is none that other programs tell or take.
///
/// # Errors
/// Nothing is there.
pub(crate) fn real_path(path: &Path) -> io::Result<PathBuf> {
    path.metadata().and_then(|_| std::path::absolute(path))
}
