//! The result cache, in the reference library's format.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::{fs, os::unix::fs::PermissionsExt as _};

use cofferdam_protocol::json::Node;
use cofferdam_runtime::{AttachmentRequest, CachedAttachment};
use proptest::prelude::*;
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
    let entries = fs::read_dir(bench.path("cni")).unwrap().count() + fs::read_dir(directory).unwrap().count();
    assert_eq!(entries, 2, "no unfinished file is left");
}

#[test]
fn what_an_interrupted_write_left_is_no_result_and_goes_with_the_attachment() {
    let bench = Bench::new();
    bench.obedient("one", "{}");
    let network = network("1.0.0", r#"[{"type":"one"}]"#);
    let runtime = bench.runtime();
    runtime.add(&network, &request()).unwrap();
    let written = fs::read_to_string(bench.path("cni/results/net-c1-eth0")).unwrap();
    let unfinished = bench.path("cni/.net-c1-eth0.new");
    fs::write(&unfinished, written).unwrap();
    assert_eq!(bench.cache().attachments("net").len(), 1);

    runtime.del(&network, &request()).unwrap();

    assert!(!unfinished.exists());
    assert_eq!(bench.cache().attachments("net").len(), 0);
}

#[test]
fn the_attachments_of_a_container_are_those_of_all_networks() {
    let bench = Bench::new();
    bench.obedient("one", "{}");
    let other =
        cofferdam_protocol::NetworkList::parse(r#"{"name":"other","cniVersion":"1.0.0","plugins":[{"type":"one"}]}"#);
    let first = network("1.0.0", r#"[{"type":"one"}]"#);
    let another = AttachmentRequest {
        container_id: "c1-eth0".to_owned(),
        ..request()
    };
    let runtime = bench.runtime();
    runtime.add(&first, &request()).unwrap();
    runtime.add(&first, &another).unwrap();
    runtime.add(&other.unwrap(), &request()).unwrap();

    let found: Vec<String> = bench
        .cache()
        .attachments_of("c1")
        .into_iter()
        .map(|attachment| attachment.network)
        .collect();
    assert_eq!(found, ["net", "other"]);
}

#[test]
fn a_container_is_detached_by_the_network_as_it_was_attached_to_it() {
    let bench = Bench::new();
    bench.obedient("one", "{}");
    let runtime = bench.runtime();
    runtime
        .add(&network("1.0.0", r#"[{"type":"one","key":1}]"#), &request())
        .unwrap();

    let cached = bench.cache().attachments_of("c1").remove(0);
    runtime.del(&cached.network_list().unwrap(), &cached.request).unwrap();

    assert_eq!(bench.stdin("DEL", "one").get_exact("key"), Some(&json("1")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_in_a_file_is_a_result_or_none(bytes: Vec<u8>, tail in ".*") {
        let bench = Bench::new();
        let file = bench.path("cni/results/net-c1-eth0");
        let kind = format!(r#"{{"kind":"cniCacheV1","networkName":"net","ifName":"eth0",{tail}"#);
        for content in [bytes, kind.into_bytes()] {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, content).unwrap();
            let _ = bench.cache().load("net", &request().key());
            if let Some(attachment) = bench.cache().attachments("net").first() {
                let _ = attachment.network_list();
            }
        }
    }

    #[test]
    fn what_is_kept_is_what_is_found(
        netns in ".*",
        args in proptest::collection::vec((".*", ".*"), 0..3),
        config: Vec<u8>,
        domain in ".*",
    ) {
        let bench = Bench::new();
        let mut request = request();
        request.netns = netns;
        request.args = args;
        let kept = CachedAttachment {
            network: "net".to_owned(),
            request,
            config,
            result: Some(Node::Object(vec![("domain".to_owned(), Node::String(domain))])),
        };
        bench.cache().store(&kept).unwrap();
        prop_assert_eq!(bench.cache().load("net", &kept.request.key()), Some(kept.clone()));
        prop_assert_eq!(bench.cache().attachments("net"), vec![kept]);
    }
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
