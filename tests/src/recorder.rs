use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::Installation;

/// A directory of plugins that keep what they are called with. Calls are made one after the other.
#[derive(Debug)]
pub struct Recorder {
    directory: TempDir,
}

/// One call of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The plugin, by the name of its file.
    pub plugin: String,
    /// All of its environment.
    pub environment: BTreeMap<String, String>,
    /// Its standard input.
    pub stdin: Vec<u8>,
}

impl Recorder {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let directory = TempDir::with_prefix("cofferdam-test-").expect("needs a writable temporary directory");
        for part in ["bin", "calls"] {
            fs::create_dir(directory.path().join(part)).expect("a directory of our own");
        }
        Self { directory }
    }

    /// One in front of all plugins of an installation.
    #[must_use]
    pub fn of(installation: &Installation) -> Self {
        let recorder = Self::new();
        let plugins = fs::read_dir(installation.plugin_directory()).expect("a directory of our own");
        for plugin in plugins {
            let path = plugin.expect("a directory of our own").path();
            let name = path.file_name().expect("a file has a name").to_string_lossy();
            let root = installation.root().display();
            recorder.plugin(&name, &format!("exec '{}' --root '{root}'", path.display()));
        }
        recorder
    }

    /// A plugin that does this, as a shell script, once its call is on record.
    pub fn plugin(&self, name: &str, body: &str) {
        let script = format!(
            "#!/bin/sh\nset -e\ncalls='{}'\nset -- \"$calls\"/*\n\
             [ -e \"$1\" ] || shift\ncall=$calls/$(printf %04d $#)-{name}\nmkdir \"$call\"\n\
             cat /proc/$$/environ >\"$call/environment\"\ncat >\"$call/stdin\"\nexec <\"$call/stdin\"\nset --\n{body}\n",
            self.calls().display()
        );
        let path = self.bin().join(name);
        fs::write(&path, script).expect("a directory of our own");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a file of our own");
    }

    /// A plugin that prints this on ADD, and nothing on anything else.
    pub fn obedient(&self, name: &str, result: &str) {
        self.plugin(name, &format!("[ \"$CNI_COMMAND\" != ADD ] || printf %s '{result}'"));
    }

    /// Where the plugins are.
    #[must_use]
    pub fn bin(&self) -> PathBuf {
        self.directory.path().join("bin")
    }

    fn calls(&self) -> PathBuf {
        self.directory.path().join("calls")
    }

    /// The calls since the last time, in order.
    pub fn take(&self) -> Vec<Recorded> {
        let entries = fs::read_dir(self.calls()).expect("a directory of our own");
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("a directory of our own").path())
            .collect();
        paths.sort();
        let calls = paths.iter().map(|path| Recorded::read(path)).collect();
        for path in paths {
            fs::remove_dir_all(path).expect("a directory of our own");
        }
        calls
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorded {
    fn read(directory: &Path) -> Self {
        let file = |name: &str| fs::read(directory.join(name)).expect("the plugin wrote it");
        let environment = String::from_utf8(file("environment")).expect("an environment of text");
        let variables = environment.split_terminator('\0').map(|variable| {
            let (name, value) = variable.split_once('=').expect("a variable has a value");
            (name.to_owned(), value.to_owned())
        });
        let name = directory.file_name().expect("a file has a name").to_string_lossy();
        Self {
            plugin: name.split_once('-').expect("a number and a name").1.to_owned(),
            environment: variables.collect(),
            stdin: file("stdin"),
        }
    }

    /// Standard input as a document.
    #[must_use]
    pub fn config(&self) -> Value {
        serde_json::from_slice(&self.stdin).unwrap_or_else(|error| panic!("{}: {error}", self.call()))
    }

    /// `VERB PLUGIN`
    #[must_use]
    pub fn call(&self) -> String {
        format!("{} {}", self.environment["CNI_COMMAND"], self.plugin)
    }
}
