//! The components that take part in scenarios: those that are tested, and those
//! that a file names besides.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;
use cofferdam_sandbox::{Digest, Signatures};

use super::Arguments;
use crate::{
    cache::users_cache,
    compiler,
    project::{Built, Checked, Project, workshop},
    signature_file,
};

/// Components by the names of their plugins.
pub(super) type Cast = BTreeMap<String, Performer>;

/// A component, and who signed it.
#[derive(Clone)]
pub(super) struct Performer {
    pub(super) digest: Digest,
    pub(super) signatures: Signatures,
}

pub(super) struct Troupe {
    workshop: Installation,
    /// Where projects are built.
    target: PathBuf,
    limits: compiler::Limits,
    tested: Cast,
    /// Those of files, so that each is built once.
    others: BTreeMap<PathBuf, Performer>,
}

pub(super) enum Gathered {
    Troupe(Troupe),
    /// Cargo said why, and ended with this code.
    BuildFailed(u8),
}

impl Troupe {
    /// The components that are named, or else what the project is built to.
    pub(super) fn gather(arguments: &Arguments) -> anyhow::Result<Gathered> {
        let project = Project::find(&arguments.directory)?;
        let target = match (&arguments.cache, &project) {
            (Some(cache), _) => cache.clone(),
            (None, Some(project)) => project.target().to_owned(),
            (None, None) => users_cache()?,
        };
        let files = match (arguments.component.as_slice(), &project) {
            ([], Some(project)) => match project.build(project.target(), true)? {
                Built::Components(files) => files,
                Built::Failed(code) => return Ok(Gathered::BuildFailed(code)),
            },
            ([], None) => bail!(
                "{}; name its directory with --directory, or components with --component",
                Project::missing(&arguments.directory)
            ),
            (files, _) => files.to_vec(),
        };
        let mut troupe = Self {
            workshop: workshop(&target)?,
            target,
            limits: arguments.limits,
            tested: BTreeMap::new(),
            others: BTreeMap::new(),
        };
        for file in files {
            let (name, performer) = troupe.check(&file)?;
            troupe.tested.insert(name, performer);
        }
        Ok(Gathered::Troupe(troupe))
    }

    pub(super) fn workshop(&self) -> &Installation {
        &self.workshop
    }

    /// Those that are tested, with those that a file names.
    pub(super) fn cast(&mut self, others: &BTreeMap<String, PathBuf>) -> anyhow::Result<Cast> {
        let mut cast = self.tested.clone();
        for (name, path) in others {
            // What is tested takes its place.
            if cast.contains_key(name) {
                continue;
            }
            let performer = match self.others.get(path) {
                Some(performer) => performer.clone(),
                None => self.other(path).with_context(|| format!("plugins.{name}"))?,
            };
            self.others.insert(path.clone(), performer.clone());
            cast.insert(name.clone(), performer);
        }
        Ok(cast)
    }

    /// The digests of all that took part.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let all = self.tested.values().chain(self.others.values());
        all.map(|performer| performer.digest).collect()
    }

    fn other(&self, path: &Path) -> anyhow::Result<Performer> {
        if !path.is_dir() {
            return Ok(self.check(path)?.1);
        }
        let Some(project) = Project::find(path)? else {
            bail!(Project::missing(path));
        };
        match project.build(&self.target, true)? {
            Built::Components(files) => match files.as_slice() {
                [file] => Ok(self.check(file)?.1),
                files => bail!("{} has {} components, and not one", path.display(), files.len()),
            },
            Built::Failed(_) => bail!("{} can't be built", path.display()),
        }
    }

    /// A component with its name. Signatures that do not fit count only where a
    /// policy asks for them.
    fn check(&self, file: &Path) -> anyhow::Result<(String, Performer)> {
        let checked = Checked::read(file, &self.workshop, self.limits)?;
        let performer = Performer {
            digest: checked.digest,
            signatures: signature_file::read(file)?.unwrap_or_default(),
        };
        Ok((checked.name(), performer))
    }
}
