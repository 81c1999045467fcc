use std::{
    ffi::{OsStr, OsString},
    path::{Component, Path, is_separator},
};

use super::{
    super::Result,
    tree::{Content, Number, ROOT, Tree},
};
use crate::Errno;

/// Bytes that a path has at most, its end included (`PATH_MAX`).
pub(super) const LONGEST_PATH: usize = 4096;

/// Links that are followed on one way.
const MOST_LINKS: u32 = 40;

/// The end of a path, and the directory that it is looked up in.
pub(super) struct Place {
    pub(super) directory: Number,
    pub(super) last: Last,
    /// A slash is behind it: it has to be a directory.
    pub(super) slash: bool,
}

/// What a path ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Last {
    Name(OsString),
    /// `.`
    Itself,
    /// `..`
    Above,
    /// `/`
    Root,
}

/// One way through the tree, with the links that were followed.
pub(super) struct Walk<'a> {
    tree: &'a Tree,
    followed: u32,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self { tree, followed: 0 }
    }

    /// The place that a path ends at, from a directory.
    pub(super) fn place(&mut self, start: Number, path: &Path) -> Result<Place> {
        let (parts, slash) = parts(path)?;
        let (last, above) = parts.split_last().ok_or(Errno::ENOENT)?;
        let mut directory = start;
        for part in above {
            directory = self.step(directory, part)?;
        }
        // Only what is in a directory can be looked up.
        let directory = if *last == Last::Root { ROOT } else { directory };
        self.tree.inode(directory)?.as_directory()?;
        Ok(Place {
            directory,
            last: last.clone(),
            slash,
        })
    }

    fn step(&mut self, directory: Number, part: &Last) -> Result<Number> {
        let found = self.look_up(directory, part)?.ok_or(Errno::ENOENT)?;
        self.follow(directory, found)
    }

    /// What there is at the end of a way, itself and not where it leads to.
    pub(super) fn look_up(&self, directory: Number, last: &Last) -> Result<Option<Number>> {
        match last {
            Last::Name(name) => self.tree.entry(directory, name),
            Last::Itself => {
                self.tree.inode(directory)?.as_directory()?;
                Ok(Some(directory))
            }
            Last::Above => Ok(Some(self.tree.inode(directory)?.as_directory()?.parent)),
            Last::Root => Ok(Some(ROOT)),
        }
    }

    /// Where a symbolic link leads, from the directory that it is in; anything
    /// else is there.
    fn follow(&mut self, directory: Number, found: Number) -> Result<Number> {
        match self.next_place(directory, found)? {
            Some(place) => self.found(&place, true),
            None => Ok(found),
        }
    }

    /// The place that a symbolic link names; `None` for what is no link.
    pub(super) fn next_place(&mut self, directory: Number, found: Number) -> Result<Option<Place>> {
        let tree = self.tree;
        let Content::Link(target) = &tree.inode(found)?.content else {
            return Ok(None);
        };
        if self.followed == MOST_LINKS {
            return Err(Errno::ELOOP);
        }
        self.followed += 1;
        self.place(directory, target.as_ref()).map(Some)
    }

    /// What is at a place. With a slash behind it a link is followed, and
    /// leads to a directory or nowhere.
    pub(super) fn found(&mut self, place: &Place, follow: bool) -> Result<Number> {
        let mut found = self.look_up(place.directory, &place.last)?.ok_or(Errno::ENOENT)?;
        if follow || place.slash {
            found = self.follow(place.directory, found)?;
        }
        if place.slash && !self.tree.is_directory(found) {
            return Err(Errno::ENOTDIR);
        }
        Ok(found)
    }
}

impl Tree {
    /// What a path leads to, from a directory.
    pub(super) fn find(&self, start: Number, path: &Path, follow: bool) -> Result<Number> {
        let mut walk = Walk::new(self);
        let place = walk.place(start, path)?;
        walk.found(&place, follow)
    }

    /// The place of something that is to be made: nothing may be there.
    pub(super) fn free_place(&self, start: Number, path: &Path, directory: bool) -> Result<(Number, OsString)> {
        let mut walk = Walk::new(self);
        let place = walk.place(start, path)?;
        if walk.look_up(place.directory, &place.last)?.is_some() {
            return Err(Errno::EEXIST);
        }
        match place.last {
            Last::Name(name) if directory || !place.slash => Ok((place.directory, name)),
            _ => Err(Errno::ENOENT),
        }
    }
}

/// A path's parts, and whether there is a slash behind the last.
fn parts(path: &Path) -> Result<(Vec<Last>, bool)> {
    let text = path.as_os_str();
    check(text)?;
    let mut parts = Vec::new();
    path.components().for_each(|component| add_part(component, &mut parts));
    let ending = ending(text);
    // `components` has no `.` at the end.
    if ending == Ending::Itself && parts.last() != Some(&Last::Itself) {
        parts.push(Last::Itself);
    }
    let is_name = matches!(parts.last(), Some(Last::Name(_)));
    Ok((parts, is_name && ending == Ending::Slash))
}

/// A text with a NUL does not get as far as to the kernel.
pub(super) fn check_texts(texts: [&OsStr; 2]) -> Result<()> {
    if texts.iter().any(|text| text.as_encoded_bytes().contains(&0)) {
        return Err(Errno::EINVAL);
    }
    Ok(())
}

pub(super) fn check(text: &OsStr) -> Result<()> {
    check_texts([text, text])?;
    let bytes = text.as_encoded_bytes();
    if bytes.is_empty() {
        return Err(Errno::ENOENT);
    }
    if bytes.len() >= LONGEST_PATH {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(())
}

fn add_part(component: Component<'_>, parts: &mut Vec<Last>) {
    match component {
        Component::Prefix(_) => {}
        Component::RootDir => parts.push(Last::Root),
        Component::CurDir => parts.push(Last::Itself),
        Component::ParentDir => parts.push(Last::Above),
        // Behind `\\?\` a slash separates nothing on Windows.
        Component::Normal(name) if name.as_encoded_bytes().contains(&b'/') => {
            Path::new(name)
                .components()
                .for_each(|component| add_part(component, parts));
        }
        Component::Normal(name) => parts.push(Last::Name(name.to_owned())),
    }
}

#[derive(PartialEq, Eq)]
enum Ending {
    Name,
    /// `/`
    Slash,
    /// `/.`, or the same with slashes behind it.
    Itself,
}

fn ending(text: &OsStr) -> Ending {
    let is_slash = |byte: &u8| is_separator(char::from(*byte));
    let bytes = text.as_encoded_bytes();
    let slashes = bytes.iter().rev().take_while(|byte| is_slash(byte)).count();
    let rest = bytes.get(..bytes.len() - slashes).unwrap_or_default();
    match rest {
        [.., before, b'.'] if is_slash(before) => Ending::Itself,
        _ if slashes > 0 => Ending::Slash,
        _ => Ending::Name,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Last, parts};

    fn name(text: &str) -> Last {
        Last::Name(text.into())
    }

    #[test]
    fn a_path_has_an_end_that_says_what_it_has_to_be() {
        for (path, expected, slash) in [
            ("/a/b", vec![Last::Root, name("a"), name("b")], false),
            ("a//b/", vec![name("a"), name("b")], true),
            ("a/.", vec![name("a"), Last::Itself], false),
            ("a/./", vec![name("a"), Last::Itself], false),
            ("./..", vec![Last::Itself, Last::Above], false),
            ("/", vec![Last::Root], false),
            ("a./", vec![name("a.")], true),
        ] {
            assert_eq!(parts(Path::new(path)), Ok((expected, slash)), "{path}");
        }
    }

    #[cfg(windows)]
    #[test]
    fn a_drive_is_passed_over_and_both_separators_separate() {
        let same = parts(Path::new("/a/b/"));
        for path in [r"C:\a\b\", r"C:/a\b/", r"\\?\C:\a\b\", r"\\?\C:\a/b/", r"\a/b\"] {
            assert_eq!(parts(Path::new(path)), same, "{path}");
        }
    }
}
