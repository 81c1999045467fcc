use std::path::{Path, PathBuf};

use crate::{
    error::{PolicyError, Problem},
    keys, name,
    plugin_policy::PluginPolicy,
    trust::TrustedDirectory,
};

/// The directory that holds the operator's policy, usually
/// `/etc/cofferdam/policy.d`.
#[derive(Clone, Debug)]
pub struct PolicyDirectory {
    path: PathBuf,
}

impl PolicyDirectory {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what it says about one plugin: `NAME.toml` and `NAME.*.toml`, the
    /// key in `keys/` that they name, and no other file.
    ///
    /// # Errors
    /// There is no policy for the plugin, it can't be trusted, or it is not
    /// in the format. In each case nothing is granted.
    pub fn plugin(&self, name: &str) -> Result<PluginPolicy, PolicyError> {
        let (directory, files) = self.open(name)?;
        PluginPolicy::parse(name, &files, |key| keys::read(&directory, key))
    }

    /// The files that [`plugin`](Self::plugin) reads, with their texts.
    ///
    /// # Errors
    /// As of [`plugin`](Self::plugin), but for the format, which is not looked
    /// at.
    pub fn files(&self, name: &str) -> Result<Vec<(PathBuf, String)>, PolicyError> {
        self.open(name).map(|(_, files)| files)
    }

    fn open(&self, name: &str) -> Result<(TrustedDirectory, Vec<(PathBuf, String)>), PolicyError> {
        if !name::is_plain(name) {
            return Err(PolicyError::Name(name.to_owned()));
        }
        let missing = || PolicyError::Missing {
            plugin: name.to_owned(),
            path: self.path.join(format!("{name}.toml")),
        };
        let mut directory = TrustedDirectory::open(&self.path)?.ok_or_else(missing)?;
        let names = directory.names(|file| plugin_of_file(file) == Some(name))?;
        if names.is_empty() {
            return Err(missing());
        }
        let mut files = Vec::with_capacity(names.len());
        for file in names {
            let text = text(self.path.join(&file), directory.file(&file)?)?;
            files.push((self.path.join(&file), text));
        }
        Ok((directory, files))
    }

    /// Where the key of that name is.
    #[must_use]
    pub fn key_file(&self, name: &str) -> PathBuf {
        keys::path(&self.path, name)
    }

    /// The names and public keys of its `keys/`, sorted by name; those that
    /// can't be read are left out.
    ///
    /// # Errors
    /// A directory can't be read or can't be trusted.
    pub fn keys(&self) -> Result<Vec<(String, [u8; 32])>, PolicyError> {
        match TrustedDirectory::open(&self.path)? {
            Some(directory) => keys::all(&directory),
            None => Ok(Vec::new()),
        }
    }
}

/// The plugin that a file is about, by its name: `NAME.toml` or `NAME.*.toml`.
pub(crate) fn plugin_of_file(file: &str) -> Option<&str> {
    let stem = file.strip_suffix(".toml")?;
    let (plugin, part) = stem.split_once('.').unwrap_or((stem, "x"));
    (name::is_plain(plugin) && !part.is_empty()).then_some(plugin)
}

pub(crate) fn text(file: PathBuf, bytes: Vec<u8>) -> Result<String, PolicyError> {
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        PolicyError::Invalid(vec![Problem {
            file,
            line: Some(1 + good.iter().filter(|byte| **byte == b'\n').count()),
            field: String::new(),
            problem: "the text is not UTF-8".to_owned(),
            suggestion: None,
        }])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_which_plugin_it_is_about() {
        for (file, plugin) in [
            ("bridge.toml", Some("bridge")),
            ("bridge.10-team.toml", Some("bridge")),
            ("bridge.a.b.toml", Some("bridge")),
            ("bridge.a..toml", Some("bridge")),
            ("bridge..toml", None),
            (".toml", None),
            (".bridge.toml", None),
            ("-bridge.toml", None),
            ("br idge.toml", None),
            ("bridge.toml~", None),
            ("bridge", None),
        ] {
            assert_eq!(plugin_of_file(file), plugin, "{file}");
        }
    }
}
