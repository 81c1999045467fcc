//! Plugins that are shell scripts, in a directory of the test's own.

#![allow(dead_code, clippy::unwrap_used)]

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use cofferdam_protocol::{NetworkList, json::Node};
use cofferdam_runtime::{AttachmentRequest, ResultCache, Runtime, SearchPath};
use tempfile::TempDir;

pub(crate) struct Bench {
    directory: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("bin")).unwrap();
        Self { directory }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A plugin of this name. `$LOG` is a file, `$STDIN` what it was given.
    pub(crate) fn plugin(&self, name: &str, body: &str) -> &Self {
        let script = format!(
            "#!/bin/sh\nLOG='{}'\nSTDIN=$(cat)\n{body}\n",
            self.path("log").display()
        );
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o755)
            .open(self.path("bin").join(name))
            .unwrap()
            .write_all(script.as_bytes())
            .unwrap();
        self
    }

    /// A plugin that writes its verb and name to the log, keeps its stdin
    /// under `stdin.VERB.name`, and prints this on ADD.
    pub(crate) fn obedient(&self, name: &str, result: &str) -> &Self {
        let stdin = self.path("stdin");
        self.plugin(
            name,
            &format!(
                "echo \"$CNI_COMMAND {name}\" >>\"$LOG\"\n\
                 printf %s \"$STDIN\" >'{}'.\"$CNI_COMMAND\".{name}\n\
                 if [ \"$CNI_COMMAND\" = ADD ]; then printf %s '{result}'; fi",
                stdin.display()
            ),
        )
    }

    pub(crate) fn runtime(&self) -> Runtime<SearchPath> {
        Runtime::new(SearchPath::new(vec![self.path("bin")]), self.cache()).with_deadline(Duration::from_secs(20))
    }

    pub(crate) fn cache(&self) -> ResultCache {
        ResultCache::new(self.path("cni"))
    }

    pub(crate) fn log(&self) -> Vec<String> {
        fs::read_to_string(self.path("log"))
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// What a plugin was given for a verb.
    pub(crate) fn stdin(&self, verb: &str, name: &str) -> Node {
        Node::parse(&fs::read_to_string(self.path(&format!("stdin.{verb}.{name}"))).unwrap()).unwrap()
    }
}

pub(crate) fn network(version: &str, plugins: &str) -> NetworkList {
    NetworkList::parse(&format!(
        r#"{{"cniVersion":"{version}","name":"net","plugins":{plugins}}}"#
    ))
    .unwrap()
}

pub(crate) fn request() -> AttachmentRequest {
    AttachmentRequest {
        container_id: "c1".to_owned(),
        netns: "/run/netns/c1".to_owned(),
        interface_name: "eth0".to_owned(),
        ..AttachmentRequest::default()
    }
}

pub(crate) fn json(text: &str) -> Node {
    Node::parse(text).unwrap()
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
