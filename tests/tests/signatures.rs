//! Components that the policy pins by who signed them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, os::unix::fs::PermissionsExt as _};

use cofferdam_tests::{Container, Workshop, bridge_network, loopback_network, needs_kernel};
use serde_json::json;

/// The host's codes for "not granted" and "the component can't be loaded".
const DENIED: u64 = 100;
const COMPONENT: u64 = 110;

/// The point of order 1, a key that everybody can sign for.
const WEAK_KEY: &str = "ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// ADD has to be refused for want of a signature, without a trace.
#[track_caller]
fn refused(workshop: &Workshop, what: &str) -> String {
    let (before, container) = (workshop.site.snapshot(), Container::new("c1"));
    let error = workshop.site.try_add(&container, &loopback_network()).error();
    assert_eq!(error.code, DENIED, "{what}: {error:?}");
    for named in ["plugin \"loopback\"", "key \"vendor\"", &workshop.digest("loopback")] {
        assert!(error.message.contains(named), "{what}: {error:?}");
    }
    before.assert_same(&workshop.site.snapshot());
    error.text()
}

#[test]
fn a_component_that_the_key_signed_runs() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    workshop.sign("other", "loopback");
    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let container = Container::new("c1");
    let _ = workshop.site.add(&container, &loopback_network());
    workshop.site.del(&container, &loopback_network());
}

#[test]
fn nothing_else_does() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    let told = refused(&workshop, "no signature");
    assert!(
        told.contains("it has no signature") && told.contains("cofferctl sign"),
        "{told}"
    );

    workshop.sign("other", "loopback");
    workshop.add("loopback");
    let told = refused(&workshop, "another key's signature");
    let other = fs::read_to_string(workshop.path("other.pub")).unwrap();
    assert!(
        told.contains(&format!("it is signed with {} only", other.trim())),
        "{told}"
    );

    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let file = workshop.signatures("loopback");
    let good = fs::read_to_string(&file).unwrap();
    let line = good
        .lines()
        .find(|line| line.starts_with(fs::read_to_string(workshop.path("vendor.pub")).unwrap().trim()));
    let line = line.unwrap();
    let (key, signature) = line.rsplit_once(':').unwrap();
    let others = good.lines().find(|other| *other != line).unwrap();
    let others_signature = others.rsplit_once(':').unwrap().1;
    let altered = if signature.starts_with('A') {
        signature.replacen('A', "B", 1)
    } else {
        format!("A{}", &signature[1..])
    };
    workshop.sign("vendor", "host-local");
    let of_another = fs::read_to_string(workshop.path("host-local.wasm.sig")).unwrap();
    for (what, text, reason) in [
        ("altered", format!("{key}:{altered}\n"), "is not valid"),
        (
            "made by another key",
            format!("{key}:{others_signature}\n"),
            "is not valid",
        ),
        ("made for another component", of_another, "is not valid"),
        ("cut off", line.to_owned(), "line 1: the file was cut off here"),
        (
            "cut off in the middle",
            line[..90].to_owned(),
            "line 1: the file was cut off here",
        ),
        (
            "no signature at all",
            "signed by me\n".to_owned(),
            "line 1: it is no signature",
        ),
        ("too large", good.repeat(200), "it may have"),
        ("empty", String::new(), "it has no signature"),
    ] {
        fs::write(&file, text).unwrap();
        let told = refused(&workshop, what);
        assert!(told.contains(reason), "{what}: {told}");
    }
    fs::write(&file, &good).unwrap();
    let _ = workshop.site.add(&Container::new("c2"), &loopback_network());
}

#[test]
fn signatures_that_others_could_have_written_do_not_count() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let file = workshop.signatures("loopback");

    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let told = refused(&workshop, "writable by others");
    assert!(
        told.contains("others may write to it") && told.contains("chmod go-w"),
        "{told}"
    );

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let elsewhere = workshop.path("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    assert!(refused(&workshop, "a link").contains("symbolic link"));
}

#[test]
fn a_key_that_everybody_can_sign_for_lets_nothing_run() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    workshop.trust(&format!("{WEAK_KEY}\n"));
    // The signature of that point and zero, which many verifiers take for any statement.
    let zero = "A".repeat(43);
    let forged = format!("{WEAK_KEY}:AQ{}{zero}==\n", &zero[..41]);
    fs::write(workshop.signatures("loopback"), forged).unwrap();
    let told = refused(&workshop, "a weak key");
    assert!(
        told.contains("weak key") && told.contains("cofferctl key new"),
        "{told}"
    );
}

#[test]
fn the_signature_is_looked_at_before_the_component_is() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    let code = workshop.site.installation().compiled("loopback");
    fs::remove_file(&code).unwrap();
    fs::write(&code, "no code").unwrap();
    refused(&workshop, "no signature, and no code");

    workshop.sign("vendor", "loopback");
    let signatures = fs::read(workshop.path("loopback.wasm.sig")).unwrap();
    fs::write(workshop.signatures("loopback"), signatures).unwrap();
    let container = Container::new("c1");
    let error = workshop.site.try_add(&container, &loopback_network()).error();
    assert_eq!(error.code, COMPONENT, "{error:?}");
}

#[test]
fn a_new_build_needs_a_new_signature() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let wasm = workshop.path("loopback.wasm");
    workshop.rebuild("loopback");

    let told = workshop.fails(&["component", "add", "--name", "loopback", &wasm]);
    assert!(
        told.contains("loopback.wasm.sig does not fit") && told.contains("sign again"),
        "{told}"
    );
    let told = workshop.fails(&["verify", "--key", &workshop.path("vendor.pub"), &wasm]);
    assert!(told.contains("is not valid"), "{told}");
    let container = Container::new("c1");
    let _ = workshop.site.add(&container, &loopback_network());
    workshop.site.del(&container, &loopback_network());

    fs::remove_file(workshop.path("loopback.wasm.sig")).unwrap();
    workshop.add("loopback");
    refused(&workshop, "the new build, unsigned");

    workshop.sign("vendor", "loopback");
    workshop.add("loopback");
    let _ = workshop.site.add(&container, &loopback_network());
}

#[test]
fn a_container_can_leave_when_the_signature_is_gone() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("host-local");
    workshop.sign("vendor", "host-local");
    workshop.add("host-local");
    let (before, container) = (workshop.site.snapshot(), Container::new("c1"));
    let config = bridge_network("1.0.0");
    let _ = workshop.site.add(&container, &config);
    assert_eq!(workshop.site.leased("mynet"), ["10.22.0.2"]);
    fs::remove_file(workshop.signatures("host-local")).unwrap();
    workshop.site.del(&container, &config);
    assert_eq!(workshop.site.leased("mynet"), [""; 0]);
    before.assert_same(&workshop.site.snapshot());
}

#[test]
fn the_plugins_that_a_plugin_calls_are_held_to_it_too() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("host-local");
    let (before, container) = (workshop.site.snapshot(), Container::new("c1"));
    let error = workshop.site.try_add(&container, &bridge_network("1.0.0")).error();
    assert!(error.text().contains("it has no signature"), "{error:?}");
    assert!(error.text().contains("plugin \"host-local\""), "{error:?}");
    before.assert_same(&workshop.site.snapshot());
}

#[test]
fn a_plan_knows_who_signed_what_is_installed_and_what_is_given() {
    needs_kernel!();
    let workshop = Workshop::new();
    workshop.pin("loopback");
    let network = workshop.path("10-mynet.conflist");
    let list = json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": [{ "type": "loopback" }] });
    fs::write(&network, list.to_string()).unwrap();
    let component = format!("loopback={}", workshop.path("loopback.wasm"));
    let planned = |with: &[&str], code: i32, told: &str| {
        let ended = workshop.site.cofferctl(&[&["plan", &network], with].concat());
        assert_eq!(ended.code, Some(code), "{with:?}: {ended:?}");
        assert!(ended.stdout.contains(told), "{with:?}: no {told:?} in {ended:?}");
    };
    let given = ["--component", &component];
    planned(&[], 1, "it has no signature");
    planned(&given, 1, "it has no signature");

    workshop.sign("vendor", "loopback");
    planned(&given, 0, "set link lo in the container namespace up");
    planned(&[], 1, "it has no signature");
    workshop.add("loopback");
    planned(&[], 0, "set link lo in the container namespace up");

    workshop.rebuild("loopback");
    planned(&given, 1, "is not valid");
    let pinned = workshop.path("pinned.toml");
    fs::copy(
        workshop
            .site
            .installation()
            .root()
            .join("etc/cofferdam/policy.d/loopback.toml"),
        &pinned,
    )
    .unwrap();
    planned(&["--policy", &pinned], 0, "pinned.toml:");
}
