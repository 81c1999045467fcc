use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// What to execute for a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginCommand {
    /// The file to execute.
    pub program: PathBuf,
    /// What the process sees as its own name; the program's path when absent.
    /// An executable that serves several plugins tells them apart by it.
    pub name: Option<OsString>,
    /// Arguments. CNI has none; for an executable that needs to know more.
    pub arguments: Vec<OsString>,
}

impl PluginCommand {
    /// A plain executable.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            name: None,
            arguments: Vec::new(),
        }
    }
}

/// How the `type` of a configuration becomes something to execute.
pub trait PluginResolver {
    /// Finds the plugin.
    ///
    /// # Errors
    /// There is none of that name.
    fn resolve(&self, plugin_type: &str) -> Result<PluginCommand, ResolveError>;

    /// `CNI_PATH`: where plugins look for the plugins that they call.
    fn path(&self) -> OsString;
}

impl<R: PluginResolver + ?Sized> PluginResolver for &R {
    fn resolve(&self, plugin_type: &str) -> Result<PluginCommand, ResolveError> {
        (**self).resolve(plugin_type)
    }

    fn path(&self) -> OsString {
        (**self).path()
    }
}

/// A plugin is not there. The first four texts are those of the reference
/// library, which callers match on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ResolveError {
    /// `type` is empty.
    #[error("no plugin name provided")]
    NoName,
    /// `type` holds a slash.
    #[error("invalid plugin name: {0}")]
    BadName(String),
    /// There is no directory to look in.
    #[error("no paths provided")]
    NoPath,
    /// No directory has such a file.
    #[error("failed to find plugin {name:?} in path [{}]", list(.path))]
    NotFound {
        /// The plugin.
        name: String,
        /// Where it was looked for.
        path: Vec<PathBuf>,
    },
    /// A resolver's own reason.
    #[error("{0}")]
    Other(String),
}

fn list(path: &[PathBuf]) -> String {
    let directories: Vec<String> = path.iter().map(|directory| directory.display().to_string()).collect();
    directories.join(" ")
}

/// Plugins as executables in directories, searched in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPath {
    directories: Vec<PathBuf>,
}

impl SearchPath {
    /// Searches these directories.
    #[must_use]
    pub fn new(directories: Vec<PathBuf>) -> Self {
        Self { directories }
    }
}

impl PluginResolver for SearchPath {
    fn resolve(&self, plugin_type: &str) -> Result<PluginCommand, ResolveError> {
        if plugin_type.is_empty() {
            return Err(ResolveError::NoName);
        }
        if plugin_type.contains('/') {
            return Err(ResolveError::BadName(plugin_type.to_owned()));
        }
        if self.directories.is_empty() {
            return Err(ResolveError::NoPath);
        }
        // `..` is a directory, so it is never a regular file.
        let candidate = self
            .directories
            .iter()
            .map(|directory| directory.join(plugin_type))
            .find(|path| path.is_file());
        candidate.map(PluginCommand::new).ok_or_else(|| ResolveError::NotFound {
            name: plugin_type.to_owned(),
            path: self.directories.clone(),
        })
    }

    fn path(&self) -> OsString {
        let directories: Vec<&OsStr> = self.directories.iter().map(Path::new).map(Path::as_os_str).collect();
        directories.join(OsStr::new(":"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::{fs, os::unix::fs::symlink, path::PathBuf};

    use super::{PluginCommand, PluginResolver as _, ResolveError, SearchPath};

    #[test]
    fn the_first_directory_with_a_regular_file_wins() {
        let first = tempfile::tempdir().unwrap();
        let second = tempfile::tempdir().unwrap();
        fs::create_dir(first.path().join("bridge")).unwrap();
        fs::write(second.path().join("bridge"), "").unwrap();
        symlink("bridge", second.path().join("ptp")).unwrap();
        let path = SearchPath::new(vec![first.path().to_owned(), second.path().to_owned()]);

        assert_eq!(
            path.resolve("bridge").unwrap(),
            PluginCommand::new(second.path().join("bridge"))
        );
        assert_eq!(
            path.resolve("ptp").unwrap(),
            PluginCommand::new(second.path().join("ptp"))
        );
    }

    #[test]
    fn a_missing_plugin_is_reported_in_the_words_of_the_reference_library() {
        let path = SearchPath::new(vec![PathBuf::from("/a"), PathBuf::from("/b")]);
        let table = [
            ("", "no plugin name provided"),
            ("../evil", "invalid plugin name: ../evil"),
            ("bridge", "failed to find plugin \"bridge\" in path [/a /b]"),
        ];
        for (name, text) in table {
            assert_eq!(path.resolve(name).unwrap_err().to_string(), text);
        }
        assert_eq!(
            SearchPath::new(Vec::new()).resolve("bridge").unwrap_err(),
            ResolveError::NoPath
        );
    }

    #[test]
    fn the_directories_are_handed_on_as_cni_path() {
        let path = SearchPath::new(vec![PathBuf::from("/a"), PathBuf::from("/b c")]);
        assert_eq!(path.path(), "/a:/b c");
    }
}
