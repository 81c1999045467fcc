//! The installation of nobody's in which scenarios run: components that stay
//! compiled, and policies, records and journals that each scenario begins
//! anew.

use std::{
    cell::RefCell,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cofferdam_broker::Installation;
use cofferdam_protocol::CniError;
use cofferdam_sandbox::Digest;
use cofferdam_scenario::Given;

use super::{node_files, policies, troupe::Cast};
use crate::files::lock;

/// Components that stay compiled besides those in use.
const MOST_KEPT: usize = 64;

/// Held by one run at a time.
pub(super) struct Ground {
    installation: Installation,
    /// Where the policies that are in place come from.
    origins: RefCell<Vec<(PathBuf, PathBuf)>>,
    _alone: fs::File,
}

impl Ground {
    /// Waits until no other run is at it.
    pub(super) fn new(installation: Installation) -> anyhow::Result<Self> {
        let alone = lock(&installation.root().join("lock"))?;
        Ok(Self {
            installation,
            origins: RefCell::default(),
            _alone: alone,
        })
    }

    pub(super) fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Gives these plugins, and no others, a component, which is signed as it
    /// is now, and not as it was in an earlier run.
    pub(super) fn name(&self, cast: &Cast) -> anyhow::Result<()> {
        let store = self.installation.components();
        remove(&store.path().join("plugins"))?;
        for (name, performer) in cast {
            store.set_signatures(performer.digest, &performer.signatures)?;
            store.name(name, performer.digest)?;
        }
        Ok(())
    }

    /// Takes away what an earlier scenario left, and puts the policies in
    /// place.
    pub(super) fn prepare(&self, given: &Given) -> anyhow::Result<()> {
        self.clear()?;
        let origins = policies::put(given, self.installation.policies().path())?;
        self.origins.replace(origins);
        for (path, text) in &given.files {
            node_files::put(&self.installation.resolve(path), text)?;
        }
        Ok(())
    }

    /// An error whose paths are those that the author knows, or those of a node.
    pub(super) fn explained(&self, error: CniError) -> CniError {
        let explain = |text: &str| {
            let origins = self.origins.borrow();
            let text = origins.iter().fold(text.to_owned(), |text, (place, origin)| {
                text.replace(&*place.to_string_lossy(), &origin.to_string_lossy())
            });
            text.replace(&*self.installation.root().to_string_lossy(), "")
        };
        CniError {
            message: explain(&error.message),
            details: error.details.as_deref().map(explain),
            ..error
        }
    }

    /// Leaves nothing but what is compiled.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        let root = self.installation.root();
        node_files::clear(root);
        for (directory, kept) in [
            ("", &["lock", "var"][..]),
            ("var", &["lib"]),
            ("var/lib", &["cofferdam"]),
        ] {
            remove_all_but(&root.join(directory), kept)?;
        }
        Ok(())
    }

    /// Addresses of a network that are still claimed.
    pub(super) fn claimed(&self, network: &str) -> Vec<String> {
        let mut claimed = node_files::names(&self.installation.records().join(network));
        claimed.retain(|name| name.parse::<std::net::IpAddr>().is_ok());
        claimed.sort();
        claimed
    }

    /// Forgets components that were not used, where there are many.
    pub(super) fn forget_all_but(&self, used: &[Digest]) {
        let path = self.installation.components().path().join("components");
        let entries: Vec<PathBuf> = fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        if entries.len() <= MOST_KEPT {
            return;
        }
        let used: Vec<String> = used.iter().map(ToString::to_string).collect();
        let is_used = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| used.iter().any(|digest| name == digest.as_str()))
        };
        for path in entries.iter().filter(|path| !is_used(path)) {
            // What can't be removed takes up room, nothing else.
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn remove_all_but(directory: &Path, kept: &[&str]) -> anyhow::Result<()> {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if !kept.iter().any(|name| entry.file_name() == *name) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
