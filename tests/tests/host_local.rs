//! The plugin `host-local`: which address it gives, and that its records are
//! those of the Go plugin, so that a node can change over in both directions.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, os::unix::fs::PermissionsExt as _};

use cofferdam_tests::{Container, Output, Site, host_local, needs_go_plugins, needs_kernel, with};
use serde_json::{Value, json};

fn plain() -> Value {
    host_local("1.0.0")
}

/// Address management alone, with these keys in `ipam`.
fn ipam(keys: Value) -> Value {
    with(plain(), json!({ "ipam": keys }))
}

fn call(site: &Site, verb: &str, id: &str, config: &Value) -> Output {
    // No namespace is touched; any path will do.
    let container = Container::new(id);
    site.call(verb, &container, config).plugin("host-local").run()
}

fn addresses(output: &Output) -> Vec<String> {
    let result = output.result();
    let ips = result["ips"]
        .as_array()
        .unwrap_or_else(|| panic!("no addresses: {result}"));
    ips.iter()
        .map(|ip| ip["address"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn addresses_are_given_out_round_robin() {
    needs_kernel!();
    let site = Site::new();
    let range = ipam(json!({ "subnet": "10.22.0.0/29" }));
    assert_eq!(addresses(&call(&site, "ADD", "a", &range)), ["10.22.0.2/29"]);
    assert_eq!(addresses(&call(&site, "ADD", "b", &range)), ["10.22.0.3/29"]);
    call(&site, "DEL", "a", &range).silent_success();
    assert_eq!(
        addresses(&call(&site, "ADD", "c", &range)),
        ["10.22.0.4/29"],
        "one that was just given back rests"
    );
    assert_eq!(addresses(&call(&site, "ADD", "d", &range)), ["10.22.0.5/29"]);
    assert_eq!(addresses(&call(&site, "ADD", "e", &range)), ["10.22.0.6/29"]);
    assert_eq!(
        addresses(&call(&site, "ADD", "f", &range)),
        ["10.22.0.2/29"],
        "round again, past the gateway"
    );
    let error = call(&site, "ADD", "g", &range).error();
    assert_eq!(error.code, 999);
    let words = "no IP addresses available in range set: 10.22.0.1-10.22.0.6";
    assert!(error.message.contains(words), "{error:?}");
}

#[test]
fn ranges_and_sets_are_kept_to() {
    needs_kernel!();
    for (keys, expected) in [
        (json!({ "rangeStart": "10.22.3.10" }), vec!["10.22.3.10/16"]),
        (json!({ "gateway": "10.22.0.2" }), vec!["10.22.0.1/16"]),
        (
            json!({ "rangeStart": "10.22.0.1", "gateway": "10.22.0.1" }),
            vec!["10.22.0.2/16"],
        ),
        (
            json!({ "subnet": null, "ranges": [[{ "subnet": "10.1.0.0/24" }], [{ "subnet": "fd00::/64" }]] }),
            vec!["10.1.0.2/24", "fd00::2/64"],
        ),
        (
            json!({ "ranges": [[{ "subnet": "10.1.0.0/24", "rangeStart": "10.1.0.7" }]] }),
            vec!["10.22.0.2/16", "10.1.0.7/24"],
        ),
    ] {
        let site = Site::new();
        assert_eq!(
            addresses(&call(&site, "ADD", "a", &ipam(keys.clone()))),
            expected,
            "{keys}"
        );
    }
}

#[test]
fn a_pool_of_several_ranges_is_used_one_after_the_other() {
    needs_kernel!();
    let site = Site::new();
    let pool = ipam(json!({ "subnet": null, "ranges": [[
        { "subnet": "10.1.0.0/24", "rangeStart": "10.1.0.10", "rangeEnd": "10.1.0.10" },
        { "subnet": "10.2.0.0/24", "rangeStart": "10.2.0.20", "rangeEnd": "10.2.0.20" }
    ]] }));
    assert_eq!(addresses(&call(&site, "ADD", "a", &pool)), ["10.1.0.10/24"]);
    assert_eq!(addresses(&call(&site, "ADD", "b", &pool)), ["10.2.0.20/24"]);
    assert_eq!(call(&site, "ADD", "c", &pool).error().code, 999);
}

#[test]
fn ranges_of_the_runtime_come_first() {
    needs_kernel!();
    let site = Site::new();
    let config = with(
        plain(),
        json!({ "capabilities": { "ipRanges": true }, "runtimeConfig": { "ipRanges": [[{ "subnet": "10.9.0.0/24" }]] } }),
    );
    assert_eq!(
        addresses(&call(&site, "ADD", "a", &config)),
        ["10.9.0.2/24", "10.22.0.2/16"]
    );
}

#[test]
fn an_address_may_be_asked_for_in_three_ways() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("args");
    let output = site
        .call("ADD", &container, &plain())
        .plugin("host-local")
        .args("IgnoreUnknown=1;IP=10.22.1.1")
        .run();
    assert_eq!(addresses(&output), ["10.22.1.1/16"]);
    let by_config = with(plain(), json!({ "args": { "cni": { "ips": ["10.22.1.2"] } } }));
    assert_eq!(addresses(&call(&site, "ADD", "config", &by_config)), ["10.22.1.2/16"]);
    let by_capability = with(
        plain(),
        json!({ "capabilities": { "ips": true }, "runtimeConfig": { "ips": ["10.22.1.3/16"] } }),
    );
    assert_eq!(
        addresses(&call(&site, "ADD", "capability", &by_capability)),
        ["10.22.1.3/16"]
    );
}

#[test]
fn what_can_not_be_given_is_refused_and_nothing_is_kept() {
    needs_kernel!();
    let site = Site::new();
    addresses(&call(&site, "ADD", "first", &plain()));
    for (ip, words) in [
        ("10.22.0.1", "requested ip 10.22.0.1 is subnet's gateway"),
        ("10.22.0.2", "requested IP address 10.22.0.2 is not available"),
        ("10.99.0.1", "10.99.0.1"),
    ] {
        let config = with(plain(), json!({ "args": { "cni": { "ips": [ip] } } }));
        let error = call(&site, "ADD", "second", &config).error();
        assert!(error.message.contains(words), "{ip}: {error:?}");
        assert_eq!(site.leased("mynet"), ["10.22.0.2"], "{ip}");
    }
}

#[test]
fn an_attachment_gets_one_address_of_a_set() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("a");
    let add = || site.call("ADD", &container, &plain()).plugin("host-local").run();
    add().result();
    assert_eq!(add().code, 1);
    assert_eq!(site.leased("mynet"), ["10.22.0.2"], "the first one's address stays");
}

#[test]
fn routes_and_name_resolution_are_part_of_the_result() {
    needs_kernel!();
    let site = Site::new();
    let resolver = site.installation().root().join("etc/resolv.conf");
    fs::write(
        &resolver,
        "# comment\nnameserver 192.0.2.53\nsearch one.example two.example\noptions ndots:2\n",
    )
    .unwrap();
    fs::set_permissions(&resolver, fs::Permissions::from_mode(0o644)).unwrap();
    let config =
        ipam(json!({ "resolvConf": "/etc/resolv.conf", "routes": [{ "dst": "192.0.2.0/24", "gw": "10.22.0.9" }] }));
    let result = call(&site, "ADD", "a", &config).result();
    assert_eq!(result["routes"], json!([{ "dst": "192.0.2.0/24", "gw": "10.22.0.9" }]));
    assert_eq!(
        result["dns"],
        json!({ "nameservers": ["192.0.2.53"], "search": ["one.example", "two.example"], "options": ["ndots:2"] })
    );
    assert_eq!(result["ips"][0]["gateway"], "10.22.0.1");
}

#[test]
fn configurations_that_make_no_sense_are_refused() {
    needs_kernel!();
    let site = Site::new();
    for (keys, words) in [
        (json!({ "subnet": null }), "no IP ranges specified"),
        (json!({ "subnet": "10.22.0.0/31" }), "too small to allocate from"),
        (json!({ "subnet": "10.22.0.5/16" }), "host bits set"),
        (json!({ "rangeStart": "10.23.0.1" }), "not in network"),
        (json!({ "rangeEnd": "10.23.0.1" }), "not in network"),
        (
            json!({ "subnet": null, "ranges": [[{ "subnet": "10.1.0.0/24" }, { "subnet": "fd00::/64" }]] }),
            "mixed address families",
        ),
        (json!({ "ranges": [[{ "subnet": "10.22.4.0/24" }]] }), "overlap"),
        (json!({ "subnet": "10.22" }), "10.22"),
        (json!({ "subnet": 10 }), "ipam"),
    ] {
        let error = call(&site, "ADD", "a", &ipam(keys.clone())).error();
        // 7 is the code for what the schema refuses.
        assert!(matches!(error.code, 7 | 999), "{keys}: {error:?}");
        assert!(error.text().contains(words), "{keys}: {error:?}");
        assert_eq!(site.leased("mynet"), Vec::<String>::new());
    }
}

#[test]
fn check_looks_for_the_lease() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("a");
    let call = |verb: &str, config: &Value| site.call(verb, &container, config).plugin("host-local").run();
    let result = call("ADD", &plain()).result();
    let config = with(plain(), json!({ "prevResult": result }));
    call("CHECK", &config).silent_success();
    fs::remove_file(site.leases().join("mynet/10.22.0.2")).unwrap();
    let text = call("CHECK", &config).error().text();
    assert!(text.contains("Failed to find address added by container a"), "{text}");
}

#[test]
fn only_an_add_makes_records() {
    needs_kernel!();
    let site = Site::new();
    let container = Container::new("a");
    let call = |verb: &str| site.call(verb, &container, &plain()).plugin("host-local").run();
    call("DEL").silent_success();
    let text = call("CHECK").error().text();
    assert!(text.contains("Failed to find address"), "{text}");
    assert!(!site.leases().join("mynet").exists());
}

#[test]
fn gc_gives_back_what_nobody_uses() {
    needs_kernel!();
    let site = Site::new();
    let config = host_local("1.1.0");
    for id in ["a", "b", "c"] {
        call(&site, "ADD", id, &config).result();
    }
    let valid = json!({ "cni.dev/valid-attachments": [{ "containerID": "b", "ifname": "eth0" }] });
    call(&site, "GC", "none", &with(config, valid)).silent_success();
    assert_eq!(site.leased("mynet"), ["10.22.0.3"]);
}

#[test]
fn records_on_disk_are_those_of_the_go_plugin() {
    needs_kernel!();
    let plugins = needs_go_plugins!();
    let sites = [Site::new(), Site::go(plugins)];
    let config =
        ipam(json!({ "subnet": null, "ranges": [[{ "subnet": "10.22.0.0/16" }], [{ "subnet": "fd00:22::/64" }]] }));
    let [ours, theirs] = sites.each_ref().map(|site| {
        call(site, "ADD", "c1", &config).result();
        let directory = site.leases().join("mynet");
        let mut files: Vec<_> = fs::read_dir(&directory)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    });
    let lease = "c1\r\neth0".to_owned();
    assert!(theirs.contains(&("10.22.0.2".to_owned(), lease.clone())), "{theirs:?}");
    let of_both = |name: &str| !name.starts_with('.');
    let ours: Vec<_> = ours.into_iter().filter(|(name, _)| of_both(name)).collect();
    assert_eq!(ours, theirs);
}
