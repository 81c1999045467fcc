//! The result cache, in the reference library's format.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::{fs, os::unix::fs::PermissionsExt as _};

use cofferdam_runtime::CachedAttachment;
use support::{Bench, json, network, request, write};

#[test]
fn a_result_is_kept_in_the_reference_librarys_format_and_place() {
    let bench = Bench::new();
    bench.obedient("one", r#"{"cniVersion":"0.3.1","ips":[]}"#);
    let mut request = request();
    request.args = vec![("A".to_owned(), "1".to_owned())];
    request.capability_args = Some(json(r#"{"mac":"m"}"#));
    let network = network("0.3.1", r#"[{"type":"one"}]"#);

    bench.runtime().add(&network, &request).unwrap();

    let directory = bench.path("cni/results");
    let file = directory.join("net-c1-eth0");
    let config = "eyJjbmlWZXJzaW9uIjoiMC4zLjEiLCJuYW1lIjoibmV0IiwicGx1Z2lucyI6W3sidHlwZSI6Im9uZSJ9XX0=";
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        format!(
            r#"{{"kind":"cniCacheV1","containerId":"c1","config":"{config}","ifName":"eth0","networkName":"net","netns":"/run/netns/c1","cniArgs":[["A","1"]],"capabilityArgs":{{"mac":"m"}},"result":{{"cniVersion":"0.3.1","ips":[]}}}}"#
        )
    );
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(directory.clone()), mode(file)), (0o700, 0o600));
    assert_eq!(fs::read_dir(directory).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn an_attachment_that_the_reference_library_made_is_understood() {
    let bench = Bench::new();
    write(
        &bench.path("cni/results/net-c1-eth0"),
        r#"{"kind":"cniCacheV1","containerId":"c1","config":"e30=","ifName":"eth0","networkName":"net","netns":"/run/netns/x","cniArgs":[["IgnoreUnknown","1"]],"capabilityArgs":{"portMappings":[{"hostPort":1}]},"result":{"cniVersion":"1.0.0","dns":{}}}"#,
    );
    let CachedAttachment {
        network: name,
        request: cached,
        config,
        result,
    } = bench.cache().load("net", &request().key()).unwrap();
    assert_eq!(name, "net");
    assert_eq!(cached.netns, "/run/netns/x");
    assert_eq!(cached.args, [("IgnoreUnknown".to_owned(), "1".to_owned())]);
    assert_eq!(
        cached.capability_args,
        Some(json(r#"{"portMappings":[{"hostPort":1}]}"#))
    );
    assert_eq!(config, b"{}");
    assert_eq!(result, Some(json(r#"{"cniVersion":"1.0.0","dns":{}}"#)));
}

#[test]
fn a_bare_result_is_understood() {
    let bench = Bench::new();
    bench.obedient("one", "");
    let bare = r#"{"cniVersion":"0.3.1","ips":[{"version":"4","address":"10.0.0.2/24"}]}"#;
    write(&bench.path("cni/results/net-c1-eth0"), bare);

    bench
        .runtime()
        .del(&network("1.0.0", r#"[{"type":"one"}]"#), &request())
        .unwrap();

    let previous = bench.stdin("DEL", "one").get_exact("prevResult").cloned();
    assert_eq!(
        previous,
        Some(json(r#"{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]}"#))
    );
}

#[test]
fn the_names_in_a_file_tell_whose_it_is() {
    let bench = Bench::new();
    let entry = |network: &str, interface: &str| {
        format!(r#"{{"kind":"cniCacheV1","containerId":"c1","ifName":"{interface}","networkName":"{network}"}}"#)
    };
    for (file, text) in [
        ("net-c1-eth0", entry("net", "eth0")),
        ("misleading-c1-eth0", entry("net", "eth1")),
        ("net-c1-eth2", entry("other", "eth2")),
        ("net-c1-eth3", entry("net", "")),
        ("net-c1-eth4", "garbage".to_owned()),
        ("net-c1-eth5", r#"{"kind":"other"}"#.to_owned()),
    ] {
        write(&bench.path("cni/results").join(file), &text);
    }
    let found: Vec<String> = bench
        .cache()
        .attachments("net")
        .into_iter()
        .map(|attachment| attachment.request.interface_name)
        .collect();
    assert_eq!(found, ["eth1", "eth0"]);
}

#[test]
fn names_that_make_no_file_are_refused_before_anything_is_done() {
    let bench = Bench::new();
    bench.obedient("one", "{}");
    let mut request = request();
    request.container_id = "c".repeat(250);
    let error = bench
        .runtime()
        .add(&network("1.0.0", r#"[{"type":"one"}]"#), &request)
        .unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
    assert_eq!(bench.log(), [""; 0]);
}
