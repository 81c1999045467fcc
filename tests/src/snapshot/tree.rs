//! Reads directories to their ends.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

/// Which files are left out, by name.
pub(super) type Skip<'a> = &'a dyn Fn(&str) -> bool;

/// Reads every file and link below; what can't be read has no value (some settings
/// refuse until they are written).
pub(super) fn read_tree(base: &Path, path: &Path, skip: Skip<'_>, found: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(path) else {
        return read_one(base, path, fs::read_to_string(path), found);
    };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => read_tree(base, &path, skip, found),
            _ if skip(&entry.file_name().to_string_lossy()) => {}
            Ok(kind) if kind.is_symlink() => {
                let target = fs::read_link(&path);
                read_one(
                    base,
                    &path,
                    target.map(|target| target.to_string_lossy().into_owned()),
                    found,
                );
            }
            _ => read_one(base, &path, read_at_once(&path), found),
        }
    }
}

fn read_one(base: &Path, path: &Path, content: io::Result<String>, found: &mut Vec<(String, String)>) {
    if let Ok(content) = content {
        let name = path.strip_prefix(base).unwrap_or(path).to_string_lossy().into_owned();
        found.push((name, format!("{:?}", content.trim_end())));
    }
}

/// As `fs::read_to_string`, with half the system calls where there is little to
/// read: a picture has hundreds of settings, and tests take thousands of
/// pictures.
fn read_at_once(path: &Path) -> io::Result<String> {
    let mut buffer = [0; 1024];
    let mut file = File::open(path)?;
    let length = file.read(&mut buffer)?;
    let mut content = buffer[..length].to_vec();
    if length == buffer.len() {
        file.read_to_end(&mut content)?;
    }
    String::from_utf8(content).map_err(io::Error::other)
}
