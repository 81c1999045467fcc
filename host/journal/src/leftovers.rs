//! What interrupted calls leave behind in a state directory, and nobody else
//! needs. It harms nothing but the eye, and much of it goes by itself.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use cofferdam_system::files;

use crate::{
    Result, StateDirectory,
    attachment_id::is_key,
    state_directory::{ATTACHMENTS, PROBE, entries, is_empty_file},
    upkeep::UPKEEP,
};

/// What is younger may belong to a call that goes on.
const AGE: Duration = Duration::from_secs(60);

/// Something that nobody needs any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: LeftoverKind,
}

/// What a [`Leftover`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftoverKind {
    /// A directory with nothing in it.
    EmptyDirectory,
    /// A file of a write that was interrupted.
    Temporary,
    /// A journal that was made for its lock, and never written.
    EmptyJournal,
    /// A user of a shared object that has no journal. The object does not go
    /// with its last user as long as this one counts.
    UserWithoutJournal,
    /// A name that is owned by an attachment without a journal.
    OwnerWithoutJournal,
}

impl StateDirectory {
    /// Looks for what interrupted calls left a minute ago or longer.
    ///
    /// # Errors
    /// A directory can't be read.
    pub fn leftovers(&self) -> Result<Vec<Leftover>> {
        let mut found = Vec::new();
        self.of_directory(self.path(), &mut found)?;
        for network in entries(&self.path().join(ATTACHMENTS))? {
            self.of_directory(&network, &mut found)?;
        }
        for object in entries(&self.path().join("shared"))? {
            self.of_directory(&object, &mut found)?;
            for user in entries(&object)?.into_iter().filter(|user| self.is_unknown(user)) {
                found.push(Leftover {
                    path: user,
                    kind: LeftoverKind::UserWithoutJournal,
                });
            }
        }
        for directory in ["claims", UPKEEP] {
            self.of_directory(&self.path().join(directory), &mut found)?;
        }
        let owned = self.path().join("owned");
        found.extend(self.owned().left()?.into_iter().map(|name| Leftover {
            path: owned.join(name),
            kind: LeftoverKind::OwnerWithoutJournal,
        }));
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// What is left in a directory, and the directory itself.
    fn of_directory(&self, directory: &Path, found: &mut Vec<Leftover>) -> Result<()> {
        let paths = entries(directory)?;
        let kind = |path: &Path| {
            let name = path.file_name()?.to_str()?;
            if name.ends_with(".next") || name.starts_with(PROBE) {
                Some(LeftoverKind::Temporary)
            } else if name.ends_with(".journal") && is_empty_file(path) {
                Some(LeftoverKind::EmptyJournal)
            } else {
                None
            }
        };
        // The state directory itself, and the places in it, may be empty.
        let place = directory.parent() == Some(self.path()) || directory == self.path();
        if paths.is_empty() && !place && files::is_directory(directory) && is_old(directory) {
            found.push(Leftover {
                path: directory.to_owned(),
                kind: LeftoverKind::EmptyDirectory,
            });
        }
        for path in paths {
            if let Some(kind) = kind(&path)
                && is_old(&path)
            {
                found.push(Leftover { path, kind });
            }
        }
        Ok(())
    }

    /// Whether a user of a shared object is no attachment that is on record.
    fn is_unknown(&self, user: &Path) -> bool {
        let key = user.file_name().and_then(|name| name.to_str());
        key.is_some_and(|key| is_key(key) && !self.has_journal(key)) && is_old(user)
    }

    fn has_journal(&self, key: &str) -> bool {
        let networks = entries(&self.path().join(ATTACHMENTS)).unwrap_or_default();
        networks
            .iter()
            .any(|network| files::is_there(network.join(format!("{key}.journal"))))
    }
}

fn is_old(path: &Path) -> bool {
    let modified = files::symlink_metadata(path).and_then(|status| status.modified());
    modified.is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age >= AGE))
}
