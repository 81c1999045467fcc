//! Puts into `cofferctl` what `cofferctl new` writes: the templates of
//! projects, and the sources of the SDK that they are built with.

// What a build script prints is for cargo, and where it fails the build does.
#![allow(clippy::print_stdout, clippy::panic, clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// What is carried of the SDK, at the places that it has in the workspace.
const SDK: [&str; 4] = ["guest-sdk", "host/protocol", "plugins/static", "wit"];
/// Where the same plugins in several languages are.
const LANGUAGES: &str = "guest-sdk/languages";
const LANGUAGE_NAMES: [&str; 4] = ["c", "go", "javascript", "python"];
/// These plugins, one of each kind.
const KINDS: [&str; 3] = ["list-ipam", "mtu-cap", "veth-pair"];
/// Tables of the workspace's manifest that the SDK's packages refer to, or are
/// built by.
const TABLES: [&str; 4] = [
    "workspace.package",
    "workspace.lints.rust",
    "workspace.lints.clippy",
    "profile.component",
];

/// Of those: it names what only the host is built with.
const HOSTS_LINT: &str = "unexpected_cfgs";

fn main() {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let workspace = package.join("../..").canonicalize().unwrap();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());

    let manifest = out.join("sdk-workspace.toml");
    fs::write(&manifest, sdk_manifest(&workspace)).unwrap();
    let mut sdk = vec![
        ("Cargo.toml".to_owned(), manifest),
        ("LICENSE".to_owned(), workspace.join("LICENSE")),
    ];
    for part in SDK {
        sdk.extend(files(&workspace, &workspace.join(part)));
    }
    let templates = package.join("templates");
    let code = constant("SDK", &sdk)
        + &constant("TEMPLATES", &files(&templates, &templates))
        + &constant("LANGUAGES", &languages(&workspace))
        + &constant("CONTRACT", &files(&workspace.join("wit"), &workspace.join("wit")));
    fs::write(out.join("carried.rs"), code).unwrap();
}

/// The plugins in other languages and what they have in common, which projects
/// in those begin with.
fn languages(workspace: &Path) -> Vec<(String, PathBuf)> {
    let base = workspace.join(LANGUAGES);
    let mut directories: Vec<PathBuf> = KINDS.iter().map(|kind| base.join(kind)).collect();
    for language in LANGUAGE_NAMES {
        let of_language = base.join(language);
        directories.push(of_language.join("sdk"));
        directories.extend(KINDS.iter().map(|kind| of_language.join(kind)));
    }
    let files = directories.iter().flat_map(|directory| files(&base, directory));
    files.collect()
}

/// All files below a directory, sorted, with their paths from `base`.
fn files(base: &Path, directory: &Path) -> Vec<(String, PathBuf)> {
    println!("cargo:rerun-if-changed={}", directory.display());
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        // What a build in that directory left is no source.
        let is_built = path.ends_with("target") || path.ends_with("Cargo.lock");
        // Projects of their own, which no project is built with, and what has
        // its own place.
        let is_recipe = path.ends_with("guest-sdk/cookbook");
        let is_left_out = is_built || is_recipe || path.ends_with(LANGUAGES);
        if path.is_dir() && !is_left_out {
            found.extend(files(base, &path));
        } else if !is_left_out {
            let relative = path.strip_prefix(base).unwrap().to_str().unwrap();
            // In projects paths are written one way, whoever builds this.
            found.push((relative.replace('\\', "/"), path));
        }
    }
    found
}

fn constant(name: &str, files: &[(String, PathBuf)]) -> String {
    let mut code = format!("pub(super) const {name}: &[(&str, &str)] = &[\n");
    for (relative, path) in files {
        println!("cargo:rerun-if-changed={}", path.display());
        writeln!(code, "    ({relative:?}, include_str!({:?})),", path.to_str().unwrap()).unwrap();
    }
    code + "];\n"
}

/// The manifest of the SDK's workspace: what its packages take from the one
/// that they come from.
fn sdk_manifest(workspace: &Path) -> String {
    let path = workspace.join("Cargo.toml");
    println!("cargo:rerun-if-changed={}", path.display());
    let manifest = fs::read_to_string(path).unwrap();
    let packages = SDK
        .iter()
        .filter(|part| workspace.join(part).join("Cargo.toml").exists());
    let packages: Vec<&&str> = packages.collect();
    let mut text = format!("[workspace]\nresolver = \"3\"\nmembers = {packages:?}\n");
    for name in TABLES {
        write!(text, "\n[{name}]\n{}", table(&manifest, name, |key| key != HOSTS_LINT)).unwrap();
    }
    let inherited = inherited(workspace, &packages);
    let dependencies = table(&manifest, "workspace.dependencies", |key| inherited.contains(key));
    assert_eq!(
        dependencies.lines().count(),
        inherited.len(),
        "one line each of {inherited:?}"
    );
    write!(text, "\n[workspace.dependencies]\n{dependencies}").unwrap();
    text
}

/// The lines of a table whose keys are wanted, without comments.
fn table(manifest: &str, name: &str, is_wanted: impl Fn(&str) -> bool) -> String {
    let header = format!("[{name}]");
    let lines = manifest.lines().skip_while(|line| *line != header).skip(1);
    let own = lines.take_while(|line| !line.starts_with('['));
    let wanted = own.filter(|line| {
        line.split_once(" = ")
            .is_some_and(|(key, _)| !key.starts_with('#') && is_wanted(key))
    });
    wanted.map(|line| format!("{line}\n")).collect()
}

/// The dependencies that the packages take from the workspace.
fn inherited(workspace: &Path, packages: &[&&str]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for package in packages {
        let manifest = fs::read_to_string(workspace.join(package).join("Cargo.toml")).unwrap();
        let tables = manifest.split("\n[").filter(|table| table.contains("dependencies]\n"));
        for line in tables.flat_map(str::lines) {
            if let Some((name, _)) = line.split_once(".workspace = true") {
                names.insert(name.to_owned());
            } else if let Some((name, rest)) = line.split_once(" = ")
                && rest.contains("workspace = true")
            {
                names.insert(name.to_owned());
            }
        }
    }
    names
}
