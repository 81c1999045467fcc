//! `cofferctl test`, `plan` and `trace` run components on a network in memory,
//! in a process that has given up all that this does not take.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cofferdam_tests::{Container, Products, Site, needs_kernel};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the component says when it runs, before it does so for ever.
const SIGN: &str = "here I am";
/// How long a process has for what follows its end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A directory with a configuration and scenarios of the component that attacks.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
        let place = directory.path();
        let config = json!({
            "cniVersion": "1.0.0", "name": "mynet", "plugins": [{
                "type": "hostile",
                "calls": [{ "do": "log", "text": SIGN }],
                "attack": "loop",
            }],
        });
        fs::write(place.join("mynet.conflist"), config.to_string()).unwrap();
        fs::write(place.join("hostile.toml"), "[plugin.hostile]\n").unwrap();
        let scenario = "[[scenario]]\nname = \"for ever\"\npolicy = [\"hostile.toml\"]\nconfig-file = \"mynet.conflist\"\n\
                        [[scenario.step]]\ndo = \"ADD\"\n";
        fs::write(place.join("scenarios.toml"), scenario).unwrap();
        // Where a command makes directories of its own.
        fs::create_dir(place.join("scratch")).unwrap();
        Self(directory)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// A command of cofferctl's whose component runs by now.
    fn running(&self, words: &[&str]) -> Process {
        let mut command = Command::new(Products::locate().cofferctl());
        command.args(words).env("TMPDIR", self.path("scratch"));
        let child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut process = Process(child);
        let mut lines = BufReader::new(process.0.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let said: Vec<String> = lines.by_ref().take_while(|line| !line.contains(SIGN)).collect();
        assert!(process.is_alive(), "{words:?}: {said:?}");
        process
    }

    fn commands(&self) -> Vec<Vec<String>> {
        let component = Products::locate()
            .component("cofferdam-hostile")
            .to_str()
            .unwrap()
            .to_owned();
        let network = self.path("mynet.conflist");
        let policy = self.path("hostile.toml");
        let planned = ["--component", &component, "--policy", &policy];
        let words = |first: &[&str], rest: &[&str]| -> Vec<String> {
            first.iter().chain(rest).map(|word| (*word).to_owned()).collect()
        };
        vec![
            words(
                &["test", &self.path("scenarios.toml"), "--cache", &self.path("cache")],
                &["--component", &component],
            ),
            words(&["plan", &network], &planned),
            words(&["trace", &network], &planned),
        ]
    }
}

struct Process(Child);

impl Process {
    fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the kernel says of each thread of a process.
fn threads(process: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let status = |task: fs::DirEntry| fs::read_to_string(task.path().join("status")).unwrap();
    tasks.flatten().map(status).collect()
}

/// The plugins here are granted nothing, so there is nothing to keep.
fn assert_confined(status: &str) {
    for (key, wanted) in [
        // A filter.
        ("Seccomp", "2"),
        ("NoNewPrivs", "1"),
        ("CapPrm", "0000000000000000"),
        ("CapEff", "0000000000000000"),
        ("CapAmb", "0000000000000000"),
    ] {
        assert_eq!(value(status, key), wanted, "{key} in {status}");
    }
}

/// The value of a line of `/proc/PID/status`.
fn value<'s>(status: &'s str, key: &str) -> &'s str {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {key} in {status}")).trim()
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().next().is_none()
}

#[test]
fn no_thread_has_anything_left_when_a_component_runs() {
    let bench = Bench::new();
    for words in bench.commands() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let process = bench.running(&words);
        let threads = threads(&process.0.id().to_string());
        assert!(!threads.is_empty());
        threads.iter().for_each(|status| assert_confined(status));
    }
}

#[test]
fn what_is_killed_in_the_middle_leaves_nothing() {
    let bench = Bench::new();
    for words in &bench.commands()[1..] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let process = bench.running(&words);
        let scratch = bench.0.path().join("scratch");
        assert!(!is_empty(&scratch), "{words:?} works somewhere else");
        drop(process);
        let started = Instant::now();
        while !is_empty(&scratch) {
            assert!(
                started.elapsed() < PATIENCE,
                "{words:?} left something in {}",
                scratch.display()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn what_ends_by_itself_leaves_nothing() {
    let bench = Bench::new();
    let plugin = json!({ "type": "hostile", "calls": [{ "do": "log", "text": SIGN }] });
    let network = json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": [plugin] });
    fs::write(bench.path("mynet.conflist"), network.to_string()).unwrap();
    let words = &bench.commands()[1];
    let mut command = Command::new(Products::locate().cofferctl());
    command.args(words).arg("--json").env("TMPDIR", bench.path("scratch"));
    let output = command.output().unwrap();
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    assert_eq!(plan["succeeds"], true, "{plan}");
    assert!(is_empty(&bench.0.path().join("scratch")));
}

#[test]
fn a_plugin_that_is_traced_on_the_kernel_runs_in_a_process_that_has_given_up_the_rest() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", "[plugin.hostile]\n");
    let bench = Bench::new();
    let container = Container::new("c1");
    let root = site.installation().root().to_str().unwrap().to_owned();
    let netns = container.namespace.path();
    let network = bench.path("mynet.conflist");
    let process = bench.running(&[
        "--root", &root, "trace", &network, "--real", "--netns", &netns, "--id", "c1",
    ]);
    let child = fs::read_to_string(format!("/proc/{0}/task/{0}/children", process.0.id())).unwrap();
    let threads = threads(child.trim());
    assert!(!threads.is_empty());
    threads.iter().for_each(|status| assert_confined(status));
}
