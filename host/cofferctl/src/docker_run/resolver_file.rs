use std::{fs, io, path::Path};

use anyhow::Context as _;

use super::household::Household;

impl Household {
    /// Writes what the container's resolver is told: engines tell a container
    /// without networks of theirs nothing, or what is the node's.
    pub(super) fn write_resolver_file(&self, text: &str) -> anyhow::Result<()> {
        let path = &self.resolver_file;
        let directory = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(directory).with_context(|| format!("make {}", directory.display()))?;
        fs::write(path, text).with_context(|| format!("write {}", path.display()))
    }

    pub(super) fn remove_resolver_file(&self) -> anyhow::Result<()> {
        let path = &self.resolver_file;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("remove {}", path.display()));
            }
            _ => {}
        }
        // Where another call has a file it is not empty, and stays.
        if let Some(directory) = path.parent() {
            let _ = fs::remove_dir(directory);
        }
        Ok(())
    }
}
