use std::path::{Path, PathBuf};

use crate::Products;

/// The Go reference plugins, as `tools/fetch-go-plugins.sh` puts them into the
/// target directory.
#[derive(Clone, Debug)]
pub struct GoPlugins {
    directory: PathBuf,
    version: String,
}

impl GoPlugins {
    /// Finds them, at `COFFERDAM_GO_PLUGINS` or in the target directory.
    ///
    /// # Errors
    /// They are not there; the text says how to get them.
    pub fn locate() -> Result<Self, String> {
        let directory = std::env::var_os("COFFERDAM_GO_PLUGINS")
            .map_or_else(|| Products::locate().target().join("go-plugins"), PathBuf::from);
        if !directory.join("bridge").exists() {
            return Err(format!(
                "the Go plugins are not in {}: tools/fetch-go-plugins.sh fetches them",
                directory.display()
            ));
        }
        let version =
            std::fs::read_to_string(directory.join("VERSION")).unwrap_or_else(|_| "of unknown version".into());
        Ok(Self {
            directory,
            version: version.trim().to_owned(),
        })
    }

    /// Where they are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The version of the package that they came from.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// One of them.
    #[must_use]
    pub fn plugin(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}
