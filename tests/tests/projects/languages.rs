//! Projects in other languages than Rust: those are left out whose tools are
//! not here, and what is left out is printed.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, MutexGuard, PoisonError},
};

use cofferdam_tests::{Products, leave_out_language};
use tempfile::TempDir;

use crate::{all_of, built, outcome};

const KINDS: [&str; 3] = ["chained", "ipam", "interface"];

/// They have one cache, where what all of them need is built once.
static TURN: Mutex<()> = Mutex::new(());

/// Somebody who writes a plugin in a language, with the tools that
/// guest-sdk/languages/build.sh installed.
struct Author {
    language: &'static str,
    _turn: MutexGuard<'static, ()>,
}

impl Author {
    fn of(language: &'static str) -> Self {
        Self {
            language,
            _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn command(&self, directory: &Path, words: &[&str]) -> Output {
        let tools = Products::locate().target().join("languages/tools");
        let below = [
            "wit-bindgen/bin",
            "wasm-tools/bin",
            "go/usr/lib/go-1.27/bin",
            "javascript/node_modules/.bin",
            "python/bin",
        ];
        let mut path = OsString::new();
        for directory in below {
            path.push(tools.join(directory));
            path.push(":");
        }
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new(Products::locate().cofferctl());
        command.args(words).current_dir(directory);
        let go = tools.join("go/usr/lib/go-1.27");
        if go.exists() {
            // As Debian's packages have it, but in a directory of its own.
            command.env("GOROOT", go);
        }
        command.env("PATH", path);
        outcome(command)
    }

    /// A project that was made just now.
    fn project(&self, kind: &str) -> PathBuf {
        let place = built("languages").join(self.language);
        fs::create_dir_all(&place).unwrap();
        let project = place.join(format!("my-{kind}"));
        if project.exists() {
            fs::remove_dir_all(&project).unwrap();
        }
        let name = format!("my-{kind}");
        let made = self.command(&place, &["new", &name, "--kind", kind, "--language", self.language]);
        assert!(made.status.success(), "{}", all_of(&made));
        project
    }

    /// Whether its tools are here. Says so where they are not.
    fn has_tools(&self, project: &Path) -> bool {
        let output = self.command(project, &["build"]);
        let missing = all_of(&output);
        if output.status.success() || !missing.contains("is missing") {
            return true;
        }
        leave_out_language(self.language, &missing);
        false
    }

    fn builds_and_tests(&self) {
        let cache = built("languages").join("cache");
        for kind in KINDS {
            let project = self.project(kind);
            if kind == KINDS[0] && !self.has_tools(&project) {
                return;
            }
            let tested = self.command(&project, &["test", "--cache", cache.to_str().unwrap()]);
            let told = String::from_utf8_lossy(&tested.stdout);
            let language = self.language;
            assert!(
                told.ends_with(" passed, 0 failed\n"),
                "{language}, {kind}: {}",
                all_of(&tested)
            );
            assert!(tested.status.success());
        }
    }
}

#[test]
fn a_new_project_of_each_kind_in_c_builds_and_passes() {
    Author::of("c").builds_and_tests();
}

#[test]
fn a_new_project_of_each_kind_in_go_builds_and_passes() {
    Author::of("go").builds_and_tests();
}

#[test]
fn a_new_project_of_each_kind_in_javascript_builds_and_passes() {
    Author::of("javascript").builds_and_tests();
}

#[test]
fn a_new_project_of_each_kind_in_python_builds_and_passes() {
    Author::of("python").builds_and_tests();
}

#[test]
fn what_was_built_is_described_as_plugin_toml_has_it() {
    let author = Author::of("c");
    let project = author.project("ipam");
    fs::write(
        project.join("config.schema.json"),
        r#"{ "type": "object", "additionalProperties": true }"#,
    )
    .unwrap();
    if !author.has_tools(&project) {
        return;
    }
    let built = author.command(&project, &["build", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&built.stdout).unwrap();
    let component = &document["components"][0];
    assert_eq!(component["name"], "my-ipam");
    assert_eq!(component["file"], project.join("target/my-ipam.wasm").to_str().unwrap());
    assert_eq!(
        component["metadata"]["needs"],
        serde_json::json!([{ "allow": "store.open" }])
    );
    assert_eq!(
        component["imports"],
        serde_json::json!(["cofferdam:cni/store@0.1.1", "cofferdam:cni/types@0.1.1"])
    );
    let inspected = author.command(&project, &["inspect", "--json", "target/my-ipam.wasm"]);
    let described: serde_json::Value = serde_json::from_slice(&inspected.stdout).unwrap();
    assert_eq!(described["config_schema"]["type"], "object");
}

#[test]
fn a_mistake_is_told_by_the_compiler() {
    let author = Author::of("c");
    let project = author.project("chained");
    if !author.has_tools(&project) {
        return;
    }
    let source = project.join("src/plugin.c");
    let text = fs::read_to_string(&source).unwrap();
    fs::write(&source, format!("{text}\nint mistaken(void) {{ return nothing; }}\n")).unwrap();
    for command in ["build", "test"] {
        let output = author.command(&project, &[command]);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
        let told = all_of(&output);
        assert!(told.contains("use of undeclared identifier 'nothing'"), "{told}");
        assert!(told.contains("can't be built: clang ended with"), "{told}");
    }
}

#[test]
fn tools_that_are_missing_are_named_with_where_they_come_from() {
    let directory = TempDir::with_prefix("cofferdam-test-").unwrap();
    for (language, words) in [
        ("c", "wit-bindgen is missing: `cargo install --locked"),
        ("go", "go is missing: https://go.dev/dl"),
        ("javascript", "componentize-js is missing: `npm install`"),
        ("python", "componentize-py is missing: `python3 -m venv .venv"),
    ] {
        let author = Author::of(language);
        let made = author.command(
            directory.path(),
            &["new", language, "--language", language, "--kind", "ipam"],
        );
        assert!(made.status.success(), "{}", all_of(&made));
        let mut build = Command::new(Products::locate().cofferctl());
        build.arg("build").current_dir(directory.path().join(language));
        let output = build.env("PATH", "/nowhere").output().unwrap();
        let told = all_of(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(words), "{told}");
    }
}
