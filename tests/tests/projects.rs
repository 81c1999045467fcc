//! What authors of plugins begin with: the projects of `cofferctl new`, and the
//! tutorial.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cofferdam_tests::{Machine, Products, Step, Walkthrough, needs_kernel, needs_root_and, skip};
use tempfile::TempDir;

/// Where what projects are built to stays from run to run.
fn built(name: &str) -> PathBuf {
    let path = Products::locate().target().join("projects").join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A program that finds `cofferctl`, and nothing of the cargo that runs the
/// tests. It has no time limit: what is built, is built here.
fn told(mut command: Command) -> Output {
    let products = Products::locate();
    let executables = products.cofferctl().parent().unwrap().to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    for variable in [
        "CARGO_TARGET_DIR",
        "RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        command.env_remove(variable);
    }
    command.env("PATH", format!("{}:{path}:/usr/sbin", executables.display()));
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// A program of somebody's who writes a plugin, which has to end well. What it printed.
#[track_caller]
fn succeeds(directory: &Path, target: &Path, words: &[&str]) -> String {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(directory);
    command.env("CARGO_BUILD_TARGET_DIR", target);
    let output = told(command);
    assert!(
        output.status.success(),
        "{words:?} in {}:\n{}",
        directory.display(),
        all_of(&output)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// All that was printed.
fn all_of(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Whether crates can be had here.
fn needs_registry(directory: &Path) -> Result<(), String> {
    let mut fetch = Command::new("cargo");
    fetch.args(["fetch", "--quiet"]).current_dir(directory);
    let output = told(fetch);
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "crates.io is out of reach: {}",
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// All files below a directory, with what is in them.
fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// Makes a project at a place where one may have been before. The SDK's files
/// stay as they are where they are the same: it is built once for all kinds.
fn remake(place: &Path, kind: &str) {
    let fresh = TempDir::with_prefix("cofferdam-test-").unwrap();
    let directory = fresh.path().to_str().unwrap();
    let target = built("unused");
    let words = ["cofferctl", "new", "my-own", "--kind", kind, "--directory", directory];
    succeeds(fresh.path(), &target, &words);
    let project = fresh.path().join("my-own");
    let relative = |base: &Path, files: Vec<(PathBuf, Vec<u8>)>| -> Vec<(PathBuf, Vec<u8>)> {
        let files = files.into_iter();
        files
            .map(|(path, bytes)| (path.strip_prefix(base).unwrap().to_owned(), bytes))
            .collect()
    };
    let files = relative(&project, contents(&project));
    let present = if place.exists() {
        relative(place, contents(place))
    } else {
        Vec::new()
    };
    for (path, _) in present
        .iter()
        .filter(|(path, _)| !files.iter().any(|(other, _)| other == path))
    {
        if !path.ends_with("Cargo.lock") {
            fs::remove_file(place.join(path)).unwrap();
        }
    }
    for (path, bytes) in files.iter().filter(|file| !present.contains(file)) {
        fs::create_dir_all(place.join(path).parent().unwrap()).unwrap();
        fs::write(place.join(path), bytes).unwrap();
    }
}

#[test]
fn a_new_project_of_each_kind_builds_lints_and_passes() {
    let place = built("kinds").join("my-own");
    let target = built("target");
    for kind in ["chained", "ipam", "interface"] {
        remake(&place, kind);
        if let Err(reason) = needs_registry(&place) {
            return skip(&reason);
        }
        succeeds(
            &place,
            &target,
            &["cargo", "fmt", "--check", "--", "--config", "max_width=100"],
        );
        succeeds(
            &place,
            &target,
            &["cargo", "clippy", "--quiet", "--all-targets", "--", "-D", "warnings"],
        );
        succeeds(&place, &target, &["cargo", "test", "--quiet"]);
        let told = succeeds(&place, &target, &["cofferctl", "build"]);
        assert!(told.starts_with("my-own 0.1.0  "), "{kind}: {told}");
        let told = succeeds(&place, &target, &["cofferctl", "test"]);
        assert!(told.ends_with(" passed, 0 failed\n"), "{kind}: {told}");
    }
}

#[test]
fn what_can_not_be_built_ends_with_cargos_own_status() {
    let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
    let project = directory.path().join("broken");
    succeeds(
        directory.path(),
        &built("unused"),
        &["cofferctl", "new", "broken", "--kind", "chained"],
    );
    if let Err(reason) = needs_registry(&project) {
        return skip(&reason);
    }
    // Its manifest is enough for it, and at once.
    fs::write(project.join("Cargo.toml"), "[package]\nname = \"broken\"\n").unwrap();
    for words in [["build"], ["test"]] {
        let mut command = Command::new("cofferctl");
        command.args(words).current_dir(&project);
        let output = told(command);
        assert_eq!(output.status.code(), Some(101), "{words:?}: {output:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            stderr.contains("profile `component` is not defined"),
            "{words:?}: {stderr}"
        );
    }
    let mut command = Command::new("cofferctl");
    command.arg("build").current_dir(directory.path());
    let output = told(command);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("has no Cargo.toml") && stderr.contains("cofferctl new"),
        "{stderr}"
    );
}

#[test]
fn the_tutorial_leads_from_nothing_to_a_container() {
    needs_kernel!();
    needs_root_and!("unshare", "nsenter", "mount", "ip");
    let machine = Machine::new();
    // The same place each time, so that what is built of it stays built.
    let start = built("tutorial");
    let target = built("tutorial-target");
    let project = start.join("wire");
    if project.exists() {
        fs::remove_dir_all(&project).unwrap();
    }
    // Of the key of another time.
    let signatures = target.join("wasm32-wasip2/component/wire.wasm.sig");
    if signatures.exists() {
        fs::remove_file(signatures).unwrap();
    }
    let mut directory = start;
    for step in Walkthrough::of("tutorial.md").steps() {
        let Step::Type {
            command,
            on_node,
            fails,
            ..
        } = step
        else {
            step.edit(&directory);
            continue;
        };
        if let Some(below) = command.strip_prefix("cd ") {
            directory.push(below);
            if let Err(reason) = needs_registry(&directory) {
                return skip(&reason);
            }
            symlink(&target, directory.join("target")).unwrap();
            continue;
        }
        let mut shell = if *on_node {
            machine.command("bash")
        } else {
            Command::new("bash")
        };
        // Into the node's mounts nobody comes with a directory.
        let there = format!("cd '{}' && {command}", directory.display());
        shell.args(["-c", &there]);
        let output = told(shell);
        let printed = all_of(&output);
        assert_eq!(output.status.success(), !fails, "{command}:\n{printed}");
        assert_eq!(step.not_printed(&printed), None, "{command}:\n{printed}");
    }
}
