//! A policy directory for a test.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use cofferdam_policy::{PluginPolicy, PolicyDirectory, PolicyError};
use tempfile::TempDir;

/// A directory `policy.d` that is trusted; it goes when this goes.
pub(crate) struct Ground {
    _above: TempDir,
    pub(crate) path: PathBuf,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let above = TempDir::new().unwrap();
        let path = above.path().join("policy.d");
        let ground = Self { _above: above, path };
        make_directory(&ground.path);
        ground
    }

    /// Writes a file, and the directory that it is in.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(name);
        let directory = path.parent().unwrap();
        if !directory.exists() {
            make_directory(directory);
        }
        fs::write(&path, text).unwrap();
        set_mode(&path, 0o644);
        path
    }

    pub(crate) fn directory(&self) -> PolicyDirectory {
        PolicyDirectory::new(self.path.clone())
    }

    pub(crate) fn read(&self) -> Result<PluginPolicy, PolicyError> {
        self.directory().plugin("bridge")
    }

    /// The text of the refusal, with the ground's path taken out.
    pub(crate) fn refusal(&self) -> String {
        self.plain(&self.read().unwrap_err().to_string())
    }

    pub(crate) fn plain(&self, text: &str) -> String {
        text.replace(self.path.to_str().unwrap(), "DIR")
    }
}

fn make_directory(path: &Path) {
    fs::create_dir(path).unwrap();
    set_mode(path, 0o755);
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
