use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// Where a component is made: of the sources of a project, with all that comes
/// up on the way in a directory of its own.
#[derive(Debug)]
pub(super) struct Workplace<'a> {
    pub(super) project: &'a Path,
    directory: PathBuf,
}

impl<'a> Workplace<'a> {
    /// Nothing is in its directory of a build before.
    pub(super) fn new(project: &'a Path, directory: PathBuf) -> anyhow::Result<Self> {
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("remove {}", directory.display()));
            }
            _ => {}
        }
        fs::create_dir_all(&directory).with_context(|| format!("make {}", directory.display()))?;
        Ok(Self { project, directory })
    }

    /// Where what is made goes.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A file that is made.
    pub(super) fn made(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The interfaces that the plugin is built against.
    pub(super) fn wit(&self) -> PathBuf {
        self.project.join("wit")
    }

    /// The author's own sources.
    pub(super) fn sources(&self) -> PathBuf {
        self.project.join("src")
    }

    /// What the project was made with.
    pub(super) fn sdk(&self) -> PathBuf {
        self.project.join("sdk")
    }

    /// The author's own sources whose names end so, and those of the SDK.
    ///
    /// # Errors
    /// There are none of the author's.
    pub(super) fn all_sources(&self, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
        let mut files = with_extension(&self.sources(), extension)?;
        if files.is_empty() {
            bail!("{} has no file *.{extension}", self.sources().display());
        }
        files.extend(with_extension(&self.sdk(), extension)?);
        Ok(files)
    }

    /// Copies a directory of the project's to where things are made.
    pub(super) fn copy(&self, from: &Path, name: &str) -> anyhow::Result<()> {
        copy_directory(from, &self.made(name))
    }
}

fn with_extension(directory: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("list {}", directory.display()))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension() == Some(OsStr::new(extension)))
        .collect();
    files.sort();
    Ok(files)
}

fn copy_directory(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("make {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("list {}", from.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("list {}", from.display()))?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_directory(&source, &copy)?;
        } else {
            fs::copy(&source, &copy).with_context(|| format!("copy {}", source.display()))?;
        }
    }
    Ok(())
}
