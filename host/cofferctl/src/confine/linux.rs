use std::path::{Path, PathBuf};

use anyhow::Context as _;
use cofferdam_confinement::{Access, Confinement};

/// Leaves the process one directory to write to, and some files and directories
/// to read: no capabilities, no sockets but netlink's, and nothing to execute.
/// Whatever has to be compiled, built or looked at is there by now.
///
/// # Errors
/// The kernel can't do it.
pub(crate) fn to(directory: &Path, readable: &[PathBuf]) -> anyhow::Result<()> {
    let mut confinement = Confinement::new()
        .keep_bounding_set()
        // Components are mapped when they are called, some of them later.
        .allow_code()
        .allow_threads()
        // And each has a time limit of its own.
        .allow_timers()
        .directory(directory, Access::WriteAndLink);
    confinement = allow_random_numbers(confinement);
    for path in readable {
        confinement = match path.is_dir() {
            true => confinement.directory(path, Access::Read),
            false if path.exists() => confinement.file(path),
            // Whoever reads it says that it is not there.
            false => confinement,
        };
    }
    confinement
        .enforce()
        .context("this process can't be confined, so no component is run in it")?;
    Ok(())
}

/// An executable that is linked statically may find no function of the C
/// library for them, and reads these.
pub(crate) fn allow_random_numbers(confinement: Confinement) -> Confinement {
    ["/dev/random", "/dev/urandom"]
        .into_iter()
        .filter(|path| Path::new(path).exists())
        .fold(confinement, Confinement::file)
}
