use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Component, Path, PathBuf},
};

use cofferdam_system::files::symlink;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    document::{MOST_BYTES, from_hexadecimal, to_hexadecimal},
    ground::Ground,
};

/// Deeper than any of Cofferdam's directories.
const DEEPEST: usize = 12;
/// What is on record of attachments. The only links are there: names of owners,
/// which never lead upwards.
const STATE: &str = "run/cofferdam/";

/// Files by their paths below the installation's root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tree(BTreeMap<String, Kept>);

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// What is in it.
    Text(String),
    /// The same where it is no text: as hexadecimal digits.
    Bytes(String),
    /// It is a symbolic link.
    Link(String),
}

/// What is wrong with files.
#[derive(Debug, Error)]
pub enum TreeError {
    /// A path that leads elsewhere.
    #[error("{0:?} is no path below a directory")]
    Path(String),
    /// A link that could lead somewhere.
    #[error("{0:?} is a link, and is none of Cofferdam's")]
    Link(String),
    /// It is no sequence of digits.
    #[error("{0:?}: its bytes are no pairs of hexadecimal digits")]
    Bytes(String),
    /// There is too much.
    #[error("{0} is more than recordings have room for, which have at most {MOST_BYTES} bytes")]
    TooMuch(PathBuf),
    /// It can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Tree {
    /// Takes in what is in a directory, at most `left` bytes, which get less by
    /// that. What goes meanwhile was not there.
    pub(super) fn add(&mut self, root: &Path, directory: &Path, left: &mut usize) -> Result<(), TreeError> {
        self.add_below(root, directory, left, DEEPEST)
    }

    fn add_below(&mut self, root: &Path, directory: &Path, left: &mut usize, depth: usize) -> Result<(), TreeError> {
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(failed(directory))?,
        };
        for entry in entries {
            let entry = entry.map_err(failed(directory))?;
            let path = entry.path();
            let kind = match entry.file_type() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                kind => kind.map_err(failed(&path))?,
            };
            if kind.is_dir() {
                let deeper = depth.checked_sub(1).ok_or_else(|| TreeError::TooMuch(path.clone()))?;
                self.add_below(root, &path, left, deeper)?;
            } else if kind.is_symlink() {
                let target = fs::read_link(&path).map(|target| Kept::Link(target.to_string_lossy().into_owned()));
                self.put(root, &path, target, left)?;
            } else if kind.is_file() {
                self.add_file(root, &path, left)?;
            }
        }
        Ok(())
    }

    /// Takes in one file.
    pub(super) fn add_file(&mut self, root: &Path, path: &Path, left: &mut usize) -> Result<(), TreeError> {
        let length = fs::metadata(path).map_or(0, |status| status.len());
        if usize::try_from(length).map_or(true, |length| length > *left) {
            return Err(TreeError::TooMuch(path.to_owned()));
        }
        self.put(root, path, fs::read(path).map(Kept::of), left)
    }

    /// Takes in what another one has of a directory, in place of what is here.
    pub(super) fn replace(&mut self, directory: &str, other: Self) {
        self.0.retain(|path, _| !Path::new(path).starts_with(directory));
        self.0.extend(other.0);
    }

    fn put(&mut self, root: &Path, path: &Path, kept: io::Result<Kept>, left: &mut usize) -> Result<(), TreeError> {
        let kept = match kept {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            kept => kept.map_err(failed(path))?,
        };
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        let too_much = || TreeError::TooMuch(path.to_owned());
        *left = left.checked_sub(name.len() + kept.text().len()).ok_or_else(too_much)?;
        self.0.insert(name, kept);
        Ok(())
    }

    /// Whether all of it would be below the directory that it is laid out in,
    /// and nothing of it leads out of that.
    pub(super) fn check(&self) -> Result<(), TreeError> {
        for (path, kept) in &self.0 {
            if !is_below(path) {
                return Err(TreeError::Path(path.clone()));
            }
            match kept {
                Kept::Link(target) if !path.starts_with(STATE) || !is_below(target) => {
                    return Err(TreeError::Link(path.clone()));
                }
                Kept::Bytes(digits) if from_hexadecimal(digits).is_none() => {
                    return Err(TreeError::Bytes(path.clone()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes all of it into a directory that nobody else writes in. What is
    /// below `records`, which are directories below the root, or on record of
    /// attachments goes where these are kept.
    ///
    /// # Errors
    /// A file is no file, or can't be written.
    pub(super) fn lay_out(&self, root: &Path, records: &[PathBuf]) -> Result<(), TreeError> {
        self.check()?;
        let of_records = |path: &str| records.iter().any(|directory| Path::new(path).starts_with(directory));
        let is_record = |path: &str| path.starts_with(STATE) || of_records(path);
        // As long as there are no links nothing leads out of the directory.
        for (path, kept) in self.0.iter().filter(|(_, kept)| !matches!(kept, Kept::Link(_))) {
            let ground = if is_record(path) { Ground::Records } else { Ground::Disk };
            let path = root.join(path);
            make_parent(ground, &path)?;
            ground.write(&path, &kept.bytes()).map_err(failed(&path))?;
        }
        let links = self.0.iter().filter_map(|(path, kept)| match kept {
            Kept::Link(target) => Some((root.join(path), target)),
            _ => None,
        });
        let links: Vec<(PathBuf, &String)> = links.collect();
        links
            .iter()
            .try_for_each(|(path, _)| make_parent(Ground::Records, path))?;
        for (path, target) in links {
            symlink(target, &path).map_err(failed(&path))?;
        }
        Ok(())
    }
}

impl Kept {
    fn of(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Bytes(to_hexadecimal(error.as_bytes())),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Bytes(text) | Self::Link(text) => text,
        }
    }

    fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Bytes(digits) => from_hexadecimal(digits).unwrap_or_default().into(),
            Self::Text(text) | Self::Link(text) => text.as_bytes().into(),
        }
    }
}

fn make_parent(ground: Ground, path: &Path) -> Result<(), TreeError> {
    let parent = path.parent().unwrap_or(path);
    ground.make_directories(parent).map_err(failed(parent))
}

fn is_below(path: &str) -> bool {
    // What begins a path, or separates its parts, is not a slash alone on every
    // system.
    let mut parts = Path::new(path).components();
    let is_plain = parts.all(|part| matches!(part, Component::Normal(_)));
    // No `a//b`, no `a/.`, no slash at the end: one path has one form.
    is_plain && !path.contains('\0') && !path.split('/').any(|part| matches!(part, "" | "."))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> TreeError + use<> {
    let path = path.to_owned();
    |source| TreeError::Io { path, source }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tree(path: &str, kept: Kept) -> Tree {
        Tree(BTreeMap::from([(path.to_owned(), kept)]))
    }

    #[test]
    fn what_was_taken_in_is_laid_out_as_it_was() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let state = from.path().join("run/cofferdam");
        fs::create_dir_all(state.join("owned")).unwrap();
        fs::write(state.join("a"), "text").unwrap();
        fs::write(state.join("owned/b"), [0xff, 0]).unwrap();
        symlink("network/c1/eth0", state.join("owned/c")).unwrap();
        let (mut tree, mut left) = (Tree::default(), 1000);
        tree.add(from.path(), &state, &mut left).unwrap();
        tree.lay_out(to.path(), &[]).unwrap();
        let state = to.path().join("run/cofferdam");
        assert_eq!(fs::read(state.join("a")).unwrap(), b"text");
        assert_eq!(fs::read(state.join("owned/b")).unwrap(), [0xff, 0]);
        assert_eq!(
            fs::read_link(state.join("owned/c")).unwrap(),
            Path::new("network/c1/eth0")
        );
    }

    #[test]
    fn there_is_an_end_to_what_is_taken_in() {
        let from = tempfile::tempdir().unwrap();
        fs::write(from.path().join("a"), "0123456789").unwrap();
        let mut left = 10;
        let taken = Tree::default().add(from.path(), from.path(), &mut left);
        assert!(matches!(taken, Err(TreeError::TooMuch(_))), "{taken:?}");
    }

    #[test]
    fn nothing_is_laid_out_elsewhere() {
        let text = || Kept::Text(String::new());
        let link = |target: &str| Kept::Link(target.to_owned());
        for (path, kept) in [
            ("../a", text()),
            ("/a", text()),
            ("a/../../b", text()),
            ("a//b", text()),
            ("a/", text()),
            ("", text()),
            ("run/cofferdam/a", link("/etc")),
            ("run/cofferdam/a", link("..")),
            ("run/cofferdam/a", link("b/../../c")),
            ("var/lib/cni/networks", link("x")),
        ] {
            let to = tempfile::tempdir().unwrap();
            assert!(tree(path, kept).lay_out(to.path(), &[]).is_err(), "{path}");
            assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0, "{path}");
        }
    }

    #[test]
    fn a_link_is_no_directory_of_another_file() {
        let to = tempfile::tempdir().unwrap();
        let mut tree = tree("run/cofferdam/a", Kept::Link("b".to_owned()));
        tree.0
            .insert("run/cofferdam/a/c".to_owned(), Kept::Text("text".to_owned()));
        assert!(tree.lay_out(to.path(), &[]).is_err());
        assert!(!to.path().join("run/cofferdam/b").exists());
    }
}
