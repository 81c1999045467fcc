use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::finish;

const APPLETS: [&str; 11] = [
    "cat", "echo", "hostname", "httpd", "ip", "ls", "nc", "ping", "sh", "sleep", "wget",
];

/// An image of busybox's tools that sleeps, made without a registry. It serves as a pod's pause image, too.
#[derive(Debug)]
pub struct BusyboxImage {
    directory: TempDir,
}

impl BusyboxImage {
    /// The name that it has where it was loaded.
    pub const NAME: &str = "localhost/busybox:1";

    /// What is in its file `/greeting`.
    pub const GREETING: &str = "a container is speaking\n";

    /// Makes it, from the package `busybox-static`.
    #[must_use]
    pub fn new() -> Self {
        let directory = TempDir::with_prefix("cofferdam-test-").expect("needs a writable temporary directory");
        let content = directory.path().join("content");
        fill(&content);
        let layer = directory.path().join("layer.tar");
        tar(&layer, &content, &["."]);
        let digest = Sha256::digest(fs::read(&layer).expect("a file of our own"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let config = json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            "os": "linux",
            "config": { "Entrypoint": ["/bin/sleep", "2147483647"], "Env": ["PATH=/bin"] },
            "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{digest}")] },
        });
        let manifest = json!([{ "Config": "config.json", "RepoTags": [Self::NAME], "Layers": ["layer.tar"] }]);
        for (name, text) in [("config.json", config), ("manifest.json", manifest)] {
            fs::write(directory.path().join(name), text.to_string()).expect("a directory of our own");
        }
        let image = Self { directory };
        let members = ["manifest.json", "config.json", "layer.tar"];
        tar(&image.archive(), image.directory.path(), &members);
        image
    }

    /// A file in the format of `docker save`.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.directory.path().join("image.tar")
    }
}

impl Default for BusyboxImage {
    fn default() -> Self {
        Self::new()
    }
}

fn fill(content: &Path) {
    for directory in ["bin", "etc", "dev", "proc", "sys", "tmp", "run", "var"] {
        fs::create_dir_all(content.join(directory)).expect("a directory of our own");
    }
    let busybox = ["/bin/busybox", "/usr/bin/busybox"]
        .iter()
        .find_map(|path| fs::copy(path, content.join("bin/busybox")).ok());
    busybox.expect("busybox-static is installed by ./test.sh");
    for applet in APPLETS {
        symlink("busybox", content.join("bin").join(applet)).expect("a directory of our own");
    }
    let etc = content.join("etc");
    fs::write(etc.join("passwd"), "root:x:0:0:root:/:/bin/sh\n").expect("a directory of our own");
    fs::write(etc.join("group"), "root:x:0:\n").expect("a directory of our own");
    fs::write(content.join("greeting"), BusyboxImage::GREETING).expect("a directory of our own");
}

fn tar(archive: &Path, directory: &Path, members: &[&str]) {
    let mut command = Command::new("tar");
    command
        .args(["--owner=0", "--group=0", "--numeric-owner", "-cf"])
        .arg(archive);
    let ended = finish(command.arg("-C").arg(directory).args(members), b"");
    assert_eq!(ended.code, Some(0), "tar: {}", ended.stderr);
}
