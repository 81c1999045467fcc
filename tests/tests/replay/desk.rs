//! Where a recording is run again: with its file and the components, and
//! nothing else.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use cofferdam_tests::{Ended, Output, Products, Site, finish};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::node::last;

/// Somebody who is not root.
const SOMEBODY: u32 = 65534;

/// A directory of somebody's who writes plugins, on another machine.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
        give(directory.path());
        Self(directory)
    }

    /// Puts a file there.
    pub(crate) fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        give(&path);
        path
    }

    /// `cofferctl replay FILE [NAME=]COMPONENT…`
    pub(crate) fn replay(&self, recording: &Path, components: &[(&str, Vec<u8>)], words: &[&str]) -> Ended {
        let recording = self.put("recording.json", &fs::read(recording).unwrap());
        let mut replay = Command::new(Products::locate().cofferctl());
        replay.arg("--root").arg(self.0.path().join("no-installation"));
        replay.arg("replay").arg(recording).args(words);
        for (name, wasm) in components {
            let file = self.put(&format!("{name}.wasm"), wasm);
            replay.arg(format!("{name}={}", file.display()));
        }
        replay.env_remove("HOME").env("TMPDIR", self.0.path());
        if nix::unistd::geteuid().is_root() {
            replay.uid(SOMEBODY).gid(SOMEBODY);
        }
        finish(&mut replay, b"")
    }

    /// What is left there of directories.
    pub(crate) fn litter(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect()
    }
}

fn give(path: &Path) {
    if nix::unistd::geteuid().is_root() {
        chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    }
}

/// The component of a plugin.
pub(crate) fn component(plugin: &str) -> Vec<u8> {
    let package = match plugin {
        "hostile" => "cofferdam-hostile".to_owned(),
        plugin => format!("cofferdam-plugin-{plugin}"),
    };
    fs::read(Products::locate().component(&package)).unwrap()
}

pub(crate) fn components<'p>(plugins: &[&'p str]) -> Vec<(&'p str, Vec<u8>)> {
    plugins.iter().map(|plugin| (*plugin, component(plugin))).collect()
}

/// Replays the last recording, as text and for programs.
#[track_caller]
pub(crate) fn assert_equal(site: &Site, plugins: &[&str], output: &Output) {
    let (file, desk) = (last(site), Desk::new());
    let recording: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(recording["outcome"]["stdout"], output.stdout.as_str());
    let replayed = desk.replay(&file, &components(plugins), &["--json"]);
    let told: Value = serde_json::from_str(&replayed.stdout).unwrap_or_else(|error| panic!("{error}: {replayed:?}"));
    assert_eq!(told["same"], true, "{told:#}");
    assert_eq!(told["components"], json!([]), "{told:#}");
    // It was the recording that answered, to the end, and the network in memory
    // could follow.
    assert_eq!(
        (&told["strayed"], &told["lost"]),
        (&Value::Null, &Value::Null),
        "{told:#}"
    );
    let calls = recording["calls"].as_array().unwrap().len();
    assert_eq!(told["calls"], calls, "{told:#}");
    let words = desk.replay(&file, &components(plugins), &[]);
    assert_eq!(words.code, Some(0), "{words:?}");
    let same = format!("same calls, same outcome ({calls} calls, ");
    assert!(words.stdout.contains(&same), "{words:?}");
    assert_eq!(desk.litter(), Vec::<PathBuf>::new());
}
