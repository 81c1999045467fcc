use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use crate::{Ended, Installation, Namespace, Running, Snapshot, finish, program::PATIENCE};

/// Run by the first process of a machine. What the node's own directories hold is covered with what is the machine's;
/// the network's files are the installation's, under the paths that runtimes and plugins have built in.
const BEGINNING: &str = r#"
set -e
# Of the process table outside: this process's number there.
read -r number _ </proc/self/stat
etc=$(mktemp -d)
cp -a /etc/. "$etc/"
mount -t tmpfs -o mode=755 machine /run
mount -t tmpfs -o mode=1777 machine /dev/shm
mount -t tmpfs -o mode=755 machine /opt
mount -t tmpfs -o mode=755 machine /var/lib
mount -t tmpfs -o mode=755 machine /var/log
mount -t tmpfs -o mode=755 machine /mnt
cp -a "$etc/." /mnt/
rm -rf "$etc"
mount --move /mnt /etc
mkdir -p /etc/cofferdam /etc/cni/net.d /opt/cni/bin /run/cofferdam /run/netns /var/lib/cofferdam /var/lib/cni /var/log/cofferdam
for place in etc/cofferdam opt/cni/bin run/cofferdam var/lib/cofferdam var/lib/cni var/log/cofferdam; do
    mkdir -p "$ROOT/$place"
    mount --bind "$ROOT/$place" "/$place"
done
mkdir -p "$ROOT/etc/cni/net.d"
mount --bind "$ROOT/etc/cni/net.d" /etc/cni/net.d
mount -t proc proc /proc
echo "$number"
# It stays, to wait for processes that lose their parent.
sleep infinity &
wait
"#;

/// A node with processes, mounts and a network of its own, on which a runtime can be installed. All of that ends when
/// this value goes, however its processes wish to outlive each other.
#[derive(Debug)]
pub struct Machine {
    installation: Installation,
    node: Namespace,
    first: Option<Running>,
    number: String,
}

impl Machine {
    /// A fresh one, with the default policies and no networks.
    #[must_use]
    pub fn new() -> Self {
        let installation = Installation::new();
        let node = Namespace::node();
        let mut command = Command::new("unshare");
        command
            .args([
                "--mount",
                "--propagation",
                "private",
                "--pid",
                "--fork",
                "--kill-child",
                "bash",
                "-c",
                BEGINNING,
            ])
            .env("ROOT", installation.root());
        let first = node.run(|| Running::start(&mut command));
        let number = first.line();
        Self {
            installation,
            node,
            first: Some(first),
            number,
        }
    }

    /// What is installed on it.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Its network.
    #[must_use]
    pub fn node(&self) -> &Namespace {
        &self.node
    }

    /// A program on it, to be given arguments and started.
    #[must_use]
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.number, "--mount", "--pid", "--net", "--"])
            .arg(program.as_ref());
        command
    }

    /// `PROGRAM ARGUMENTS` on it, whatever comes of it.
    pub fn try_run(&self, program: &str, arguments: &[&str]) -> Ended {
        finish(self.command(program).args(arguments), b"")
    }

    /// The same; fails the test when it does not end well. What it printed.
    #[track_caller]
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        self.try_run(program, arguments)
            .printed(format_args!("{program} {arguments:?}"))
    }

    /// Puts a network's configuration into its directory, alone.
    pub fn network(&self, file: &str, text: &str) {
        let directory = self.installation.root().join("etc/cni/net.d");
        for entry in fs::read_dir(&directory).expect("a directory of our own") {
            fs::remove_file(entry.expect("a directory of our own").path()).expect("a file of our own");
        }
        fs::write(directory.join(file), text).expect("a directory of our own");
    }

    /// A directory that it and the test see under the same path.
    #[must_use]
    pub fn directory(&self, name: &str) -> PathBuf {
        let directory = self.installation.root().join(name);
        fs::create_dir_all(&directory).expect("a directory of our own");
        directory
    }

    /// Its network, the addresses that are given out, what runtimes keep of results, and what Cofferdam has on record.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.node)
            .and_leases(&self.installation)
            .and_results(&self.installation)
            .and_state(&self.installation)
    }

    /// The control groups of its containers, for runtimes that are told where to put them.
    #[must_use]
    pub fn control_group(&self) -> String {
        format!("cofferdam-test-{}", self.number)
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Its first process goes with it, and every other one with that.
        drop(self.first.take());
        let first = Path::new("/proc").join(&self.number);
        let pause = Duration::from_millis(10);
        for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
            if !first.exists() {
                break;
            }
            thread::sleep(pause);
        }
        for hierarchy in hierarchies() {
            remove_groups(&hierarchy.join(self.control_group()));
        }
    }
}

/// Where control groups are mounted, of both versions.
fn hierarchies() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("needs /proc");
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let (place, kind) = (fields.next()?, fields.next()?);
            kind.starts_with("cgroup").then(|| PathBuf::from(place))
        })
        .collect()
}

fn remove_groups(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove_groups(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}
