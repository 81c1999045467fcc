//! What authors of plugins begin with: the projects of `cofferctl new`, in each
//! language, and the tutorial.

#![allow(clippy::unwrap_used, clippy::panic)]

mod languages;
mod rust;
mod tutorial;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use cofferdam_tests::Products;

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
    let path = format!("{}:{path}:/usr/sbin", executables.display());
    command.env("PATH", path);
    outcome(command)
}

/// What comes of a program that knows nothing of the cargo that runs the tests.
fn outcome(mut command: Command) -> Output {
    for variable in [
        "CARGO_TARGET_DIR",
        "RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        command.env_remove(variable);
    }
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
