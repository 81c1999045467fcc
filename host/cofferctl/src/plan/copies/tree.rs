use std::{fs, io, path::Path};

use anyhow::Context as _;

use crate::files::make_directory;

/// Copies directories, files and links; what is missing, or goes meanwhile, is
/// nothing.
pub(super) fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    let context = || format!("copy {}", from.display());
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(context)?,
    };
    make_directory(to)?;
    for entry in entries {
        let entry = entry.with_context(context)?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        let copied = match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                copy_tree(&source, &copy)?;
                Ok(())
            }
            Ok(kind) if kind.is_symlink() => copy_link(&source, &copy),
            Ok(_) => fs::copy(&source, &copy).map(drop),
            Err(error) => Err(error),
        };
        match copied {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => copied.with_context(|| format!("copy {}", source.display()))?,
        }
    }
    Ok(())
}

#[cfg(unix)]
fn copy_link(source: &Path, copy: &Path) -> io::Result<()> {
    fs::read_link(source).and_then(|target| std::os::unix::fs::symlink(target, copy))
}

/// What it leads to: to make links is a privilege.
#[cfg(windows)]
fn copy_link(source: &Path, copy: &Path) -> io::Result<()> {
    fs::copy(source, copy).map(drop)
}
