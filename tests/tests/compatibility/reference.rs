//! The document for authors says what the contract says.

use std::fs;

use cofferdam_tests::{Products, wit};

#[test]
fn the_reference_is_that_of_the_contract() {
    let (resolve, package) = wit::read(&Products::workspace().join("wit"));
    let written = fs::read_to_string(Products::workspace().join("docs/contract.md")).unwrap();
    let made = wit::reference(&resolve, package);
    assert!(
        written == made,
        "docs/contract.md is out of date: cargo run --release -p cofferdam-tests --bin contract-reference > docs/contract.md"
    );
}

#[test]
fn everything_of_the_contract_is_explained() {
    let (resolve, package) = wit::read(&Products::workspace().join("wit"));
    let interfaces = resolve.packages[package].interfaces.iter();
    let without: Vec<&str> = interfaces
        .filter(|(_, id)| resolve.interfaces[**id].docs.contents.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(without, [""; 0]);
}
