//! The executable on the hot path holds no compiler and no network client
//! (invariant 9 of the design).

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{collections::BTreeSet, process::Command};

use cofferdam_tests::Products;

/// The crates that are linked into a package's executable.
fn linked_into(package: &str) -> BTreeSet<String> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .args(["--package", package])
        .current_dir(Products::workspace())
        .output()
        .expect("cargo runs this test");
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn matching<'a>(crates: &'a BTreeSet<String>, forbidden: &[&str]) -> Vec<&'a String> {
    crates
        .iter()
        .filter(|name| forbidden.iter().any(|word| name.starts_with(word)))
        .collect()
}

const COMPILERS: [&str; 6] = [
    // cranelift-bforest, -bitset and -entity are containers that the runtime
    // uses; these are what compiles.
    "cranelift-codegen",
    "cranelift-frontend",
    "winch",
    "wasmtime-internal-cranelift",
    "wasmtime-internal-winch",
    "wat",
];
const NETWORK_CLIENTS: [&str; 8] = [
    "hyper",
    "reqwest",
    "ureq",
    "rustls",
    "openssl",
    "native-tls",
    "curl",
    "h2",
];
const ASYNC_RUNTIMES: [&str; 2] = ["async-std", "smol"];

#[test]
fn the_plugin_holds_no_compiler_and_no_network_client() {
    let crates = linked_into("cofferdam");
    assert!(crates.contains("wasmtime"), "this looks at the wrong thing: {crates:?}");
    for forbidden in [&COMPILERS[..], &NETWORK_CLIENTS, &ASYNC_RUNTIMES] {
        assert_eq!(matching(&crates, forbidden), Vec::<&String>::new());
    }
}

#[test]
fn the_client_is_in_a_program_that_runs_no_plugins() {
    let crates = linked_into("cofferdam-courier");
    assert!(crates.contains("ureq") && crates.contains("rustls"), "{crates:?}");
    let of_the_sandbox = [
        "wasmtime",
        "cofferdam-broker",
        "cofferdam-policy",
        "cofferdam-network",
        "cofferdam-journal",
    ];
    for forbidden in [
        &COMPILERS[..],
        &ASYNC_RUNTIMES,
        &of_the_sandbox,
        &["openssl", "native-tls", "webpki-roots"],
    ] {
        assert_eq!(matching(&crates, forbidden), Vec::<&String>::new());
    }
}

#[test]
fn the_compiler_is_in_the_command_that_operators_type() {
    let crates = linked_into("cofferctl");
    assert_ne!(matching(&crates, &["cranelift"]), Vec::<&String>::new());
    assert_eq!(matching(&crates, &NETWORK_CLIENTS), Vec::<&String>::new());
}
