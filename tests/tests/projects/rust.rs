//! Projects in Rust.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cofferdam_tests::skip;
use tempfile::TempDir;

use crate::{built, needs_registry, succeeds, told};

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

/// Who signed what was built before is told, and the signature stays.
#[test]
fn a_signature_that_does_not_fit_what_is_built_is_warned_of() {
    let place = built("signed").join("my-own");
    let target = built("signed-target");
    remake(&place, "chained");
    if let Err(reason) = needs_registry(&place) {
        return skip(&reason);
    }
    let wasm = target.join("wasm32-wasip2/component/my_own.wasm");
    let signature = wasm.with_extension("wasm.sig");
    let _ = fs::remove_file(&signature);
    let build = || {
        let mut command = Command::new("cofferctl");
        command.arg("build").current_dir(&place);
        command.env("CARGO_BUILD_TARGET_DIR", &target);
        let output = told(command);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let is_warned_of = |stderr: &str| stderr.contains("my_own.wasm.sig does not fit");
    assert!(!is_warned_of(&build()), "there is none");

    let keys = TempDir::with_prefix("cofferdam-test-").unwrap();
    succeeds(keys.path(), &target, &["cofferctl", "key", "new", "me"]);
    succeeds(
        keys.path(),
        &target,
        &["cofferctl", "sign", "--key", "me.key", wasm.to_str().unwrap()],
    );
    assert!(!is_warned_of(&build()), "nothing is built anew");

    let manifest = place.join("Cargo.toml");
    let newer = fs::read_to_string(&manifest).unwrap().replacen("0.1.0", "0.1.1", 1);
    fs::write(&manifest, newer).unwrap();
    // Cargo takes what an earlier run of this test built of the newer version
    // for what is there, unless a source is newer.
    let source = place.join("src/lib.rs");
    fs::write(&source, fs::read(&source).unwrap()).unwrap();
    let before = fs::read(&signature).unwrap();
    let warned = build();
    assert!(
        is_warned_of(&warned) && warned.contains("cofferctl sign --key"),
        "{warned}"
    );
    assert_eq!(fs::read(&signature).unwrap(), before);
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
        stderr.contains("has neither Cargo.toml nor plugin.toml") && stderr.contains("cofferctl new"),
        "{stderr}"
    );
}
