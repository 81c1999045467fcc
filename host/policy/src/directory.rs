use std::path::{Path, PathBuf};

use nix::dir::Dir;

use crate::{
    error::{PolicyError, Problem},
    plugin_policy::PluginPolicy,
    trust,
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

    /// Reads what it says about one plugin: `NAME.toml` and `NAME.*.toml`, and
    /// no other file.
    ///
    /// # Errors
    /// There is no policy for the plugin, it can't be trusted, or it is not
    /// in the format. In each case nothing is granted.
    pub fn plugin(&self, name: &str) -> Result<PluginPolicy, PolicyError> {
        check_plugin_name(name)?;
        let missing = || PolicyError::Missing {
            plugin: name.to_owned(),
            path: self.path.join(format!("{name}.toml")),
        };
        let directory = trust::open_directory(&self.path)?.ok_or_else(missing)?;
        let mut listing = Dir::from_fd(directory).map_err(|errno| trust::io(&self.path, errno))?;
        let names = self.files_of(name, &mut listing)?;
        if names.is_empty() {
            return Err(missing());
        }
        let mut files = Vec::with_capacity(names.len());
        for file in names {
            let path = self.path.join(&file);
            let bytes = trust::read_file(&listing, &file, &path)?;
            files.push((path.clone(), text(path, bytes)?));
        }
        PluginPolicy::parse(name, &files)
    }

    /// In the order of their names, so that a grant's number stays the same.
    fn files_of(&self, plugin: &str, listing: &mut Dir) -> Result<Vec<String>, PolicyError> {
        let mut names = Vec::new();
        for entry in listing.iter() {
            let entry = entry.map_err(|errno| trust::io(&self.path, errno))?;
            if let Ok(name) = entry.file_name().to_str()
                && is_file_of(plugin, name)
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

/// `NAME.toml` or `NAME.*.toml`.
fn is_file_of(plugin: &str, file: &str) -> bool {
    file.strip_prefix(plugin)
        .and_then(|rest| rest.strip_suffix(".toml"))
        .is_some_and(|middle| middle.is_empty() || middle.len() > 1 && middle.starts_with('.'))
}

/// A dot would make one plugin's file another's.
fn check_plugin_name(name: &str) -> Result<(), PolicyError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let begins_well = name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    if begins_well && name.len() <= 64 && name.bytes().all(plain) {
        Ok(())
    } else {
        Err(PolicyError::Name(name.to_owned()))
    }
}

fn text(file: PathBuf, bytes: Vec<u8>) -> Result<String, PolicyError> {
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        PolicyError::Invalid(vec![Problem {
            file,
            line: 1 + good.iter().filter(|byte| **byte == b'\n').count(),
            field: String::new(),
            problem: "the text is not UTF-8".to_owned(),
            suggestion: None,
        }])
    })
}
