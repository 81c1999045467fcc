use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{Installation, with};

/// A journal's file, to be made what crashes, restarts and time leave.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
}

impl JournalFile {
    /// The only one of a network.
    #[must_use]
    pub fn of(installation: &Installation, network: &str) -> Self {
        let directory = installation.state().join("attachments").join(network);
        let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        let path = paths.pop().expect("the network has a journal");
        assert!(paths.is_empty(), "{network} has more than one journal");
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the end of the ADD away, as if it had been killed just before.
    pub fn forget_commit(&self) {
        let text = fs::read_to_string(&self.path).unwrap();
        let rest: Vec<&str> = text.lines().filter(|line| !line.contains(r#"{"commit":"#)).collect();
        assert_ne!(rest.len(), text.lines().count(), "it was not committed: {text}");
        fs::write(&self.path, rest.join("\n") + "\n").unwrap();
    }

    /// Makes it another boot's.
    pub fn of_earlier_boot(&self) {
        self.change_header(json!({ "boot_id": "00000000-0000-4000-8000-000000000000" }));
    }

    /// Changes keys of its header.
    pub fn change_header(&self, changes: Value) {
        let text = fs::read_to_string(&self.path).unwrap();
        let (first, rest) = text.split_once('\n').expect("a journal has lines");
        let (_, json) = first.split_once(' ').expect("a line has a checksum");
        let header = with(serde_json::from_str(json).unwrap(), json!({ "header": changes })).to_string();
        let line = format!("{:08x} {header}", crc32(header.as_bytes()));
        fs::write(&self.path, format!("{line}\n{rest}")).unwrap();
    }
}

/// The checksum of a line, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}
