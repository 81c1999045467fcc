//! How long it takes to read the policy of one plugin, which every CNI call does.
//!
//! `cargo bench -p cofferdam-policy --bench read`. The first number is of a process that reads again and again, the second
//! of processes that read once, as CNI calls do: there caches are cold, and each page is touched for the first time.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use cofferdam_policy::{PolicyDirectory, default_policy};

const WARM: usize = 20_000;
const COLD: usize = 500;
/// Makes this program read once and print nanoseconds.
const ONCE: &str = "--read-once";

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let Some(position) = arguments.iter().position(|argument| argument == ONCE) {
        println!("{}", read(Path::new(&arguments[position + 1])).as_nanos());
        return;
    }
    let directory = tempfile::TempDir::new().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for plugin in ["bridge", "host-local", "loopback"] {
        let file = directory.path().join(format!("{plugin}.toml"));
        fs::write(&file, default_policy(plugin).unwrap()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let warm = median((0..WARM).map(|_| read(directory.path())).collect());
    let cold = median((0..COLD).map(|_| read_in_a_process(directory.path())).collect());
    println!("policy of bridge: {warm:?} again and again, {cold:?} in a new process (medians)");
}

fn read(directory: &Path) -> Duration {
    let started = Instant::now();
    let policy = PolicyDirectory::new(directory.to_owned()).plugin("bridge").unwrap();
    let grants = policy.for_attachment("mynet", None);
    let taken = started.elapsed();
    assert!(!grants.is_empty());
    taken
}

fn read_in_a_process(directory: &Path) -> Duration {
    let output = Command::new(env::current_exe().unwrap())
        .arg(ONCE)
        .arg(directory)
        .output()
        .unwrap();
    let nanoseconds = String::from_utf8(output.stdout).unwrap();
    Duration::from_nanos(nanoseconds.trim().parse().unwrap())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
