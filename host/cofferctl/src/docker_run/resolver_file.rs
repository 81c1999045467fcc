use std::{fs, io};

use anyhow::Context as _;

use super::household::Household;

impl Household {
    /// Writes what the container's resolver is told: engines tell a container
    /// without networks of theirs nothing, or what is the node's.
    pub(super) fn write_resolver_file(&self, text: &str) -> anyhow::Result<()> {
        let path = &self.resolver_file;
        fs::write(path, text).with_context(|| format!("write {}", path.display()))
    }

    pub(super) fn remove_resolver_file(&self) -> anyhow::Result<()> {
        let path = &self.resolver_file;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("remove {}", path.display()))
            }
            _ => Ok(()),
        }
    }
}
