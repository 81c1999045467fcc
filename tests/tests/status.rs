//! STATUS tells whether an ADD would be served, and if not, what is wrong,
//! where, and the way out.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use cofferdam_tests::{
    CniError, Container, Output, Products, Site, bridge_network, mount_full, mount_read_only, needs_kernel, with,
    with_own_mounts,
};
use serde_json::{Value, json};

const NOT_AVAILABLE: u64 = 50;

fn mynet() -> Value {
    bridge_network("1.1.0")
}

fn status(site: &Site, config: &Value) -> Output {
    site.call("STATUS", &Container::new("none"), config).run()
}

/// Fails the test unless STATUS has the specification's code, and an error
/// with all these words.
#[track_caller]
fn assert_tells(output: &Output, words: &[&str]) -> CniError {
    let error = output.error();
    assert_eq!(error.code, NOT_AVAILABLE, "{error:?}");
    for word in words {
        assert!(error.text().contains(word), "{word}: {error:?}");
    }
    error
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_node_where_all_is_well_is_available() {
    needs_kernel!();
    let site = Site::new();
    for (id, config) in [
        ("c1", mynet()),
        ("c2", with(mynet(), json!({ "ipMasq": true }))),
        ("c3", with(mynet(), json!({ "ipam": null, "isGateway": false }))),
        ("c4", json!({ "cniVersion": "1.1.0", "name": "lo", "type": "loopback" })),
    ] {
        status(&site, &config).silent_success();
        site.add(&Container::new(id), &config);
        status(&site, &config).silent_success();
    }
    let left = fs::read_dir(site.installation().state()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| !name.to_string_lossy().contains("probe")),
        "{left:?}"
    );
}

#[test]
fn a_state_directory_that_is_full_or_read_only_is_told_of() {
    needs_kernel!();
    for (mounted, words) in [
        (mount_full as fn(&Path), "No space left"),
        (mount_read_only, "Read-only file system"),
    ] {
        let site = Site::new();
        let state = made(&site);
        with_own_mounts(|| {
            mounted(&state);
            assert_tells(&status(&site, &mynet()), &[words, text(&state), "make room"]);
            // As an ADD would say, with a code of its own.
            assert_eq!(site.try_add(&Container::new("c1"), &mynet()).error().code, 113);
        });
    }
}

/// The state directory, which the first ADD makes otherwise.
fn made(site: &Site) -> PathBuf {
    let state = site.installation().state();
    fs::create_dir_all(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    state
}

#[test]
fn a_state_directory_that_is_missing_is_not_made() {
    needs_kernel!();
    let site = Site::new();
    let state = site.installation().state();
    let above = state.parent().unwrap();
    status(&site, &mynet()).silent_success();
    assert!(!state.exists());
    fs::create_dir_all(above).unwrap();
    status(&site, &mynet()).silent_success();
    assert!(!state.exists());
    for (mounted, words) in [
        (mount_full as fn(&Path), "No space left"),
        (mount_read_only, "Read-only file system"),
    ] {
        with_own_mounts(|| {
            mounted(above);
            assert_tells(&status(&site, &mynet()), &[words, text(above), "make room"]);
        });
    }
    assert_eq!(fs::read_dir(above).unwrap().count(), 0);
}

#[test]
fn a_state_directory_that_others_can_write_in_is_told_of() {
    needs_kernel!();
    let site = Site::new();
    let state = made(&site);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    assert_tells(&status(&site, &mynet()), &[text(&state), "chmod it to 0700"]);
}

#[test]
fn a_component_that_is_missing_is_told_of_whether_it_is_called_or_calls() {
    needs_kernel!();
    for plugin in ["bridge", "host-local"] {
        let site = Site::new();
        site.installation().remove_component(plugin);
        assert_tells(&status(&site, &mynet()), &[plugin, "cofferctl component add"]);
    }
}

/// Puts something else in a file's place; the file itself is all tests'.
fn replace(path: &Path, content: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn a_component_that_was_altered_is_told_of_whether_it_is_called_or_calls() {
    needs_kernel!();
    for plugin in ["bridge", "host-local"] {
        let site = Site::new();
        let code = site.installation().compiled(plugin);
        replace(&code, b"evil");
        assert_tells(&status(&site, &mynet()), &[text(&code), "cofferctl component"]);
    }
}

#[test]
fn a_component_that_is_compiled_for_another_version_only_is_told_of_until_it_is_for_this() {
    needs_kernel!();
    let site = Site::new();
    let code = site.installation().compiled("bridge");
    let other = code.with_file_name("component.other.cwasm");
    fs::rename(&code, &other).unwrap();
    assert_tells(&status(&site, &mynet()), &[text(&code), "cofferctl component compile"]);

    let compiled = site
        .installation()
        .cofferctl()
        .args(["component", "compile"])
        .output()
        .unwrap();

    assert!(compiled.status.success(), "{compiled:?}");
    status(&site, &mynet()).silent_success();
    assert!(other.exists(), "the other version can be put back");
}

#[test]
fn a_policy_that_is_missing_or_can_not_be_used_is_told_of() {
    needs_kernel!();
    for plugin in ["bridge", "host-local"] {
        let file = format!("{plugin}.toml");
        let site = Site::new();
        let path = site.installation().root().join("etc/cofferdam/policy.d").join(&file);
        let granted = fs::read_to_string(&path).unwrap();

        fs::remove_file(&path).unwrap();
        assert_tells(&status(&site, &mynet()), &[plugin, "no policy", text(&path)]);

        site.installation().policy(&file, "not a policy");
        assert_tells(&status(&site, &mynet()), &[&format!("{file}:1")]);

        site.installation().policy(&file, &granted);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_tells(&status(&site, &mynet()), &[text(&path), "chmod"]);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        status(&site, &mynet()).silent_success();
    }
}

#[test]
fn what_a_plugin_always_needs_and_is_not_granted_is_told_of() {
    needs_kernel!();
    for (plugin, missing) in [("bridge", "link.create"), ("host-local", "store.open")] {
        let site = Site::new();
        site.installation()
            .policy(&format!("{plugin}.toml"), &format!("[plugin.{plugin}]\n"));
        assert_tells(&status(&site, &mynet()), &[plugin, missing, "missing grant"]);
    }
}

#[test]
fn an_address_management_plugin_that_may_not_be_called_is_told_of() {
    needs_kernel!();
    let site = Site::new();
    let path = site.installation().root().join("etc/cofferdam/policy.d/bridge.toml");
    let policy = fs::read_to_string(&path).unwrap();
    let other = policy.replace(
        r#"plugins = ["host-local", "static", "dhcp"]"#,
        r#"plugins = ["static"]"#,
    );
    assert_ne!(policy, other);
    site.installation().policy("bridge.toml", &other);
    assert_tells(&status(&site, &mynet()), &["ipam.delegate", "host-local"]);
}

#[test]
fn the_member_of_a_chain_that_is_not_available_is_named() {
    needs_kernel!();
    let site = Site::new();
    site.installation().remove_component("loopback");
    let chain = json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam",
        "chain": [with(mynet(), json!({ "name": null, "cniVersion": null })), { "type": "loopback" }],
    });
    assert_tells(&status(&site, &chain), &["plugin type=\"loopback\" failed (status)"]);
}

#[test]
fn a_network_without_free_addresses_is_told_of_until_one_is_given_back() {
    needs_kernel!();
    let site = Site::new();
    // The gateway has the other one.
    let config = with(mynet(), json!({ "ipam": { "subnet": "10.22.0.0/30" } }));
    status(&site, &config).silent_success();
    let container = Container::new("c1");
    site.add(&container, &config);
    assert_tells(
        &status(&site, &config),
        &[
            "no IP addresses available in range set: 10.22.0.1-10.22.0.2",
            "add a range",
        ],
    );
    let refused = site.try_add(&Container::new("c2"), &config).error();
    assert!(refused.text().contains("no IP addresses available"), "{refused:?}");
    // Another network has other addresses.
    status(&site, &with(config.clone(), json!({ "name": "other" }))).silent_success();
    // One set is full, the other is not: an ADD takes one of each.
    let both = json!({ "ipam": { "ranges": [[{ "subnet": "10.23.0.0/24" }]] } });
    assert_tells(&status(&site, &with(config.clone(), both)), &["10.22.0.1-10.22.0.2"]);
    // Two ranges of one set: an ADD takes either.
    let either =
        json!({ "ipam": { "subnet": null, "ranges": [[{ "subnet": "10.22.0.0/30" }, { "subnet": "10.23.0.0/24" }]] } });
    status(&site, &with(config.clone(), either)).silent_success();
    site.del(&container, &config);
    status(&site, &config).silent_success();
}

#[test]
fn ranges_that_the_runtime_gives_are_not_missed() {
    needs_kernel!();
    let site = Site::new();
    let by_runtime = json!({ "ipam": { "subnet": null }, "capabilities": { "ipRanges": true } });
    status(&site, &with(mynet(), by_runtime)).silent_success();
    let nowhere = status(&site, &with(mynet(), json!({ "ipam": { "subnet": null } }))).error();
    assert!(nowhere.message.contains("no IP ranges specified"), "{nowhere:?}");
}

#[test]
fn looking_for_a_free_address_ends_where_an_add_gives_up() {
    needs_kernel!();
    let site = Site::new();
    let records = site.leases().join("mynet");
    fs::create_dir_all(&records).unwrap();
    let take = |host: u32| {
        let name = format!("10.22.{}.{}", host / 256, host % 256);
        fs::write(records.join(name), "somebody\r\neth0").unwrap();
    };
    // All but the last that they look at.
    let last = 2 + 16_000 - 1;
    (2..last).for_each(take);
    status(&site, &mynet()).silent_success();
    site.del(&attached(&site, "first"), &mynet());
    fs::remove_file(records.join("last_reserved_ip.0")).unwrap();
    take(last);

    assert_tells(&status(&site, &mynet()), &["no IP addresses available", "16000"]);
    let refused = site.try_add(&Container::new("c1"), &mynet()).error();
    assert!(
        refused.message.contains("among the 16000 that were tried"),
        "{refused:?}"
    );
}

fn attached(site: &Site, id: &str) -> Container {
    let container = Container::new(id);
    site.add(&container, &mynet());
    container
}

/// Puts a script into the place of `cofferdam` that runs it by way of
/// something.
fn run_by(site: &Site, way: &str) {
    let script: PathBuf = site.installation().root().join("run-by");
    let cofferdam = Products::locate().cofferdam();
    fs::write(
        &script,
        format!("#!/bin/sh\nexec {way} {} \"$@\"\n", cofferdam.display()),
    )
    .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    site.installation().replace_cofferdam(&script);
}

fn named_in_configuration(config: &Value) -> Value {
    with(config.clone(), json!({ "type": "cofferdam", "plugin": "bridge" }))
}

#[test]
fn a_process_that_can_not_work_in_namespaces_says_so() {
    needs_kernel!();
    for (dropped, named) in [("sys_admin", "CAP_SYS_ADMIN"), ("net_admin", "CAP_NET_ADMIN")] {
        let site = Site::new();
        run_by(
            &site,
            &format!("setpriv --bounding-set=-{dropped} --inh-caps=-{dropped}"),
        );
        let config = named_in_configuration(&mynet());
        assert_tells(&status(&site, &config), &[named, "network namespaces"]);
    }
}

#[test]
fn a_kernel_whose_packet_filter_can_not_be_used_is_told_of_where_the_network_needs_it() {
    needs_kernel!();
    let site = Site::new();
    // A process whose rights do not reach as far as the node.
    run_by(&site, "unshare --user --map-root-user");
    let config = named_in_configuration(&mynet());
    let masquerading = with(config.clone(), json!({ "ipMasq": true }));
    assert_tells(
        &status(&site, &masquerading),
        &["\"mynet\"", "nf_tables", "CONFIG_NF_TABLES"],
    );
    status(&site, &config).silent_success();
}
