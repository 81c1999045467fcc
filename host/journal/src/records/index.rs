use std::{
    io::{self, Write as _},
    net::IpAddr,
    path::{Path, PathBuf},
};

use cofferdam_system::files::{self, File, FileExt as _, OpenFlags};

use super::Owner;
use crate::{
    Error, Result,
    digest::hex_of_parts,
    fs::{make_directories, remove_replaced, replace_file, without_directory},
};

/// The claims of one attachment, listed so that they are found without
/// reading every claim of the network. One line a claim: address, blank,
/// directory.
///
/// The list is a hint: it may name what is gone, and what it names is looked
/// at before it is believed. But it has to name all.
pub(super) struct Index {
    path: PathBuf,
}

impl Index {
    pub(super) fn of(claims: &Path, network: &str, owner: &Owner) -> Self {
        let interface = owner.interface_name.as_deref().unwrap_or_default();
        let key = hex_of_parts(&[network, owner.container_id.trim(), interface.trim()]);
        Self { path: claims.join(key) }
    }

    pub(super) fn add(&self, directory: &Path, address: IpAddr) -> Result<()> {
        let line = line(directory, address);
        let append = || without_directory(&self.path, || self.append(&line));
        let written = append().or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
            make_directories(self.path.parent().unwrap_or(Path::new("/")), 0o700)?;
            append()
        });
        written.map_err(|error| Error::io("write the index", &self.path, error))
    }

    fn append(&self, line: &str) -> io::Result<()> {
        let flags = OpenFlags::O_RDWR | OpenFlags::O_APPEND | OpenFlags::O_CREAT;
        let mut file = files::open(&self.path, flags, 0o600)?;
        let length = file.metadata()?.len();
        // A line that was torn must not swallow this one.
        let text = if ends_torn(&file, length)? {
            format!("\n{line}")
        } else {
            line.to_owned()
        };
        file.write_all(text.as_bytes()).inspect_err(|_| {
            let _ = match length {
                0 => files::remove_file(&self.path),
                length => file.set_len(length),
            };
        })
    }

    pub(super) fn remove(&self, directory: &Path, address: IpAddr) -> Result<()> {
        let failed = |error| Error::io("write the index", &self.path, error);
        let line = line(directory, address);
        let bytes = match without_directory(&self.path, || files::read(&self.path)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let rest: Vec<u8> = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .filter(|candidate| *candidate != line.as_bytes())
            .flatten()
            .copied()
            .collect();
        let written = if rest.iter().all(u8::is_ascii_whitespace) {
            remove_replaced(&self.path)
        } else {
            replace_file(&self.path, &rest)
        };
        written.map_err(failed)
    }

    /// The addresses that are listed for a directory.
    pub(super) fn addresses(&self, directory: &Path) -> Vec<IpAddr> {
        let directory = written(directory);
        let bytes = files::read(&self.path).unwrap_or_default();
        bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| std::str::from_utf8(line).ok()?.split_once(' '))
            .filter(|(_, path)| *path == directory)
            .filter_map(|(address, _)| address.parse().ok())
            .collect()
    }
}

fn ends_torn(file: &File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else {
        return Ok(false);
    };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte != *b"\n")
}

fn line(directory: &Path, address: IpAddr) -> String {
    format!("{address} {}\n", written(directory))
}

/// A directory on one line, whatever its name.
fn written(directory: &Path) -> String {
    directory.to_string_lossy().replace('\\', "\\\\").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Place {
        _root: tempfile::TempDir,
        claims: PathBuf,
    }

    impl Place {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let claims = root.path().join("claims");
            Self { _root: root, claims }
        }

        fn index(&self, interface: &str) -> Index {
            let owner = Owner {
                container_id: "c1".to_owned(),
                interface_name: Some(interface.to_owned()),
            };
            Index::of(&self.claims, "mynet", &owner)
        }
    }

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 22, 0, last])
    }

    #[test]
    fn what_was_added_is_listed_until_it_is_removed() {
        let place = Place::new();
        let index = place.index("eth0");
        let (here, there) = (Path::new("/here"), Path::new("/here too"));
        assert!(index.addresses(here).is_empty());
        for (directory, last) in [(here, 2), (there, 3), (here, 4)] {
            index.add(directory, ip(last)).unwrap();
        }
        assert_eq!(index.addresses(here), [ip(2), ip(4)]);
        assert_eq!(index.addresses(there), [ip(3)]);
        assert!(place.index("eth1").addresses(here).is_empty());
        index.remove(here, ip(2)).unwrap();
        index.remove(here, ip(9)).unwrap();
        assert_eq!(index.addresses(here), [ip(4)]);
        index.remove(here, ip(4)).unwrap();
        index.remove(there, ip(3)).unwrap();
        assert!(!files::is_there(&index.path));
        index.remove(here, ip(4)).unwrap();
    }

    #[test]
    fn damage_costs_its_line_and_no_other() {
        let place = Place::new();
        let index = place.index("eth0");
        let here = Path::new("/here");
        index.add(here, ip(2)).unwrap();
        for damage in [
            "10.22.0.9 /he",
            "\u{0}\u{0}",
            "garbage\n",
            "\n\n",
            "10.22.0.300 /here\n",
        ] {
            for broken in [damage.as_bytes(), b"\xff\xfe"] {
                let mut file = files::OpenOptions::new().append(true).open(&index.path).unwrap();
                file.write_all(broken).unwrap();
                index.add(here, ip(3)).unwrap();
                assert_eq!(index.addresses(here), [ip(2), ip(3)], "{damage:?}");
                index.remove(here, ip(3)).unwrap();
                assert_eq!(index.addresses(here), [ip(2)], "{damage:?}");
            }
        }
    }

    #[test]
    fn a_directory_may_have_any_name() {
        let place = Place::new();
        let index = place.index("eth0");
        let names = ["/a b", "/a\nb", "/a\\nb", "/a\\", "/ä"].map(Path::new);
        for (last, name) in (0..).zip(names) {
            index.add(name, ip(last)).unwrap();
        }
        for (last, name) in (0..).zip(names) {
            assert_eq!(index.addresses(name), [ip(last)], "{name:?}");
        }
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let place = Place::new();
        let index = place.index("eth0");
        files::create_dir_all(&place.claims).unwrap();
        let target = place.claims.join("target");
        files::symlink(&target, &index.path).unwrap();
        assert!(index.add(Path::new("/here"), ip(2)).is_err());
        assert!(!files::is_there(&target));
    }
}
