//! Which files make which networks.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use cofferdam_protocol::NetworkList;
use cofferdam_runtime::{load_directory, load_file, load_network, network_files};
use proptest::prelude::*;
use support::{Bench, write};

fn types(network: &NetworkList) -> Vec<&str> {
    network
        .plugins
        .iter()
        .map(|plugin| plugin.plugin_type.as_str())
        .collect()
}

fn list(name: &str, plugin: &str) -> String {
    format!(r#"{{"cniVersion":"1.0.0","name":"{name}","plugins":[{{"type":"{plugin}"}}]}}"#)
}

fn single(name: &str, plugin: &str) -> String {
    format!(r#"{{"cniVersion":"0.2.0","name":"{name}","type":"{plugin}"}}"#)
}

#[test]
fn lists_come_before_single_plugins_and_names_in_order() {
    let bench = Bench::new();
    let directory = bench.path("net.d");
    write(&directory.join("00.conf"), &single("a", "from-conf"));
    write(&directory.join("10.json"), &single("b", "from-json"));
    write(&directory.join("50.conflist"), &list("a", "from-list"));
    write(&directory.join("60.conflist"), &list("a", "from-later-list"));
    write(&directory.join("notes.txt"), "nonsense");
    std::fs::create_dir(directory.join("dir.conflist")).unwrap();

    assert_eq!(types(&load_network(&directory, "a").unwrap()), ["from-list"]);
    let wrapped = load_network(&directory, "b").unwrap();
    assert_eq!(types(&wrapped), ["from-json"]);
    assert_eq!(wrapped.version, "0.2.0");
    let all = load_directory(&directory).unwrap();
    let names: Vec<(&str, Vec<&str>)> = all
        .iter()
        .map(|network| (network.name.as_str(), types(network)))
        .collect();
    assert_eq!(
        names,
        [
            ("a", vec!["from-conf"]),
            ("b", vec!["from-json"]),
            ("a", vec!["from-list"]),
            ("a", vec!["from-later-list"])
        ]
    );
}

#[test]
fn a_broken_file_stops_the_search_only_where_it_comes_first() {
    let bench = Bench::new();
    let directory = bench.path("net.d");
    write(&directory.join("10.conflist"), &list("a", "p"));
    write(&directory.join("20.conflist"), "{");
    write(&directory.join("30.conflist"), &list("b", "p"));
    assert!(load_network(&directory, "a").is_ok());
    let error = load_network(&directory, "b").unwrap_err().to_string();
    assert!(
        error.starts_with(&directory.join("20.conflist").display().to_string()),
        "{error}"
    );
}

#[test]
fn what_is_not_there_is_said_in_the_words_of_the_reference_library() {
    let bench = Bench::new();
    let directory = bench.path("net.d");
    let shown = directory.display();
    assert_eq!(
        load_network(&directory, "a").unwrap_err().to_string(),
        format!("no net configurations found in {shown}")
    );
    write(&directory.join("10.conflist"), &list("b", "p"));
    assert_eq!(
        load_network(&directory, "a").unwrap_err().to_string(),
        format!("no net configuration with name \"a\" in {shown}")
    );
}

#[test]
fn plugins_of_the_directory_besides_are_appended() {
    let bench = Bench::new();
    let path = bench.path("net.d/10.conflist");
    write(&path, &list("a", "inline"));
    write(&bench.path("net.d/a/20.conf"), r#"{"type":"second"}"#);
    write(&bench.path("net.d/a/10.conf"), r#"{"type":"first"}"#);
    write(&bench.path("net.d/a/30.json"), r#"{"type":"not-taken"}"#);
    assert_eq!(types(&load_file(&path).unwrap()), ["inline", "first", "second"]);

    write(
        &path,
        r#"{"name":"a","cniVersion":"1.0.0","loadOnlyInlinedPlugins":true,"plugins":[{"type":"inline"}]}"#,
    );
    assert_eq!(types(&load_file(&path).unwrap()), ["inline"]);

    write(&path, r#"{"name":"b","cniVersion":"1.0.0"}"#);
    assert!(
        load_file(&path)
            .unwrap_err()
            .to_string()
            .ends_with("no plugin configs found")
    );
}

#[test]
fn a_network_whose_name_is_a_path_reads_no_other_directory() {
    let bench = Bench::new();
    write(&bench.path("elsewhere/10.conf"), r#"{"type":"stray"}"#);
    write(&bench.path("net.d/10.conflist"), &list("../elsewhere", "inline"));
    assert_eq!(types(&load_file(&bench.path("net.d/10.conflist")).unwrap()), ["inline"]);
}

#[test]
fn a_conf_file_may_hold_a_list() {
    let bench = Bench::new();
    write(&bench.path("10.conf"), &list("a", "p"));
    assert_eq!(load_file(&bench.path("10.conf")).unwrap().version, "1.0.0");
}

#[test]
fn a_single_plugin_without_a_name_is_passed_over_and_a_list_without_one_is_not() {
    let bench = Bench::new();
    let directory = bench.path("net.d");
    write(&directory.join("10.conf"), r#"{"type":"nameless"}"#);
    write(&directory.join("20.conf"), &single("a", "p"));
    assert_eq!(types(&load_network(&directory, "a").unwrap()), ["p"]);

    write(&directory.join("10.conflist"), r#"{"plugins":[{"type":"nameless"}]}"#);
    assert!(load_network(&directory, "a").is_err());
}

#[test]
fn the_files_of_networks_are_listed_in_order_whatever_is_in_them() {
    let bench = Bench::new();
    let directory = bench.path("net.d");
    assert_eq!(
        network_files(&directory).unwrap(),
        [""; 0].map(std::path::PathBuf::from)
    );
    for name in ["30.json", "10.conflist", "20.conf", "40.txt"] {
        write(&directory.join(name), "{");
    }
    let names: Vec<_> = network_files(&directory)
        .unwrap()
        .iter()
        .map(|path| path.file_name().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["10.conflist", "20.conf", "30.json"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_in_a_file_is_a_network_or_an_error(bytes: Vec<u8>, tail in ".*") {
        let bench = Bench::new();
        let list = format!(r#"{{"name":"a","plugins":[{{"type":"p"}}],{tail}"#);
        for content in [bytes, list.into_bytes()] {
            for name in ["10.conflist", "10.conf"] {
                std::fs::write(bench.path(name), &content).unwrap();
                let _ = load_file(&bench.path(name));
            }
        }
    }
}
