//! The policies of a scenario, and the keys that they name, where the broker
//! looks for them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cofferdam_scenario::Given;

use crate::files::{make_directory, write};

/// Where policies have their keys.
const KEYS: &str = "keys";

/// Where a file is, and what it was copied from.
pub(super) type Origin = (PathBuf, PathBuf);

/// Puts what is given into a directory that is empty. What is in it then is
/// told, files before the directory that they are in.
pub(super) fn put(given: &Given, directory: &Path) -> anyhow::Result<Vec<Origin>> {
    let mut origins = Vec::new();
    make_directory(directory)?;
    for path in &given.policies {
        for file in policy_files(path)? {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !given.policy_of.keys().any(|plugin| is_of(&name, plugin)) {
                origins.push(copy(&file, &directory.join(name))?);
            }
        }
    }
    for (plugin, text) in &given.policy_of {
        if !cofferdam_policy::is_plain_name(plugin) {
            bail!("policy-of.{plugin}: a plugin can't have that name");
        }
        write(&directory.join(format!("{plugin}.toml")), text.as_bytes())?;
    }
    origins.extend(put_keys(given, &directory.join(KEYS))?);
    Ok(origins)
}

/// Those that are beside the policies, whichever of them names one.
fn put_keys(given: &Given, directory: &Path) -> anyhow::Result<Vec<Origin>> {
    let mut origins: Vec<Origin> = Vec::new();
    make_directory(directory)?;
    let beside: Vec<PathBuf> = given.policies.iter().map(|path| keys_beside(path)).collect();
    for file in beside.iter().flat_map(|keys| files_in(keys, "pub").unwrap_or_default()) {
        let place = directory.join(file.file_name().unwrap_or_default());
        match origins.iter().find(|(known, _)| *known == place) {
            Some((_, other)) if fs::read(other).ok() != fs::read(&file).ok() => bail!(
                "{} and {} are two keys of one name; a node has one: call one of them something else",
                other.display(),
                file.display()
            ),
            Some(_) => {}
            None => origins.push(copy(&file, &place)?),
        }
    }
    // One that is missing belongs there.
    let belongs = beside.into_iter().next().unwrap_or_else(|| PathBuf::from(KEYS));
    origins.push((directory.to_owned(), belongs));
    Ok(origins)
}

/// A file of policy, or those of a directory.
pub(super) fn policy_files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    files_in(path, "toml").with_context(|| format!("list {}", path.display()))
}

/// Where the keys are of a file of policy, or of a directory.
pub(super) fn keys_beside(path: &Path) -> PathBuf {
    let directory = if path.is_dir() { Some(path) } else { path.parent() };
    directory.unwrap_or(path).join(KEYS)
}

fn files_in(directory: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let files = fs::read_dir(directory)?.flatten().map(|entry| entry.path());
    Ok(files
        .filter(|file| file.extension().is_some_and(|end| end == extension))
        .collect())
}

/// Whether a file of policies is about a plugin: `NAME.toml`, `NAME.….toml`.
fn is_of(file: &str, plugin: &str) -> bool {
    file.strip_prefix(plugin).is_some_and(|rest| rest.starts_with('.'))
}

fn copy(file: &Path, place: &Path) -> anyhow::Result<Origin> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    write(place, text.as_bytes())?;
    Ok((place.to_owned(), file.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_policies_is_about_the_plugin_that_it_is_called_after() {
        for (file, expected) in [
            ("bridge.toml", true),
            ("bridge.10-team.toml", true),
            ("bridge2.toml", false),
            ("my-bridge.toml", false),
        ] {
            assert_eq!(is_of(file, "bridge"), expected, "{file}");
        }
    }
}
