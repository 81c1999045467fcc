//! podman with its CNI backend, on networks whose plugins are Cofferdam's, and
//! `cofferctl docker-run`, which does without that backend.

#![allow(clippy::unwrap_used, clippy::panic)]

/// Ends the test where there is no podman.
macro_rules! needs_podman {
    () => {
        needs_kernel!();
        needs_root_and!("podman", "runc", "conmon", "busybox", "tar", "iptables");
    };
}

mod docker_run;
mod host;

use cofferdam_tests::{BusyboxImage, needs_kernel, needs_root_and, page};

use host::Host;

#[test]
fn a_published_container_with_chosen_addresses_is_reached_and_leaves_nothing() {
    needs_podman!();
    let host = Host::new();
    let before = host.snapshot();
    let chosen = [
        "--network",
        "front",
        "--ip",
        "10.22.0.77",
        "--mac-address",
        "0a:00:00:00:00:77",
    ];
    host.serve(
        "web",
        &[&chosen[..], &["--publish", "8080:80", "--publish", "127.0.0.1:9090:80"]].concat(),
    );

    assert!(host.addresses("web").contains("10.22.0.77/16"));
    assert!(
        host.podman(&["exec", "web", "ip", "link"])
            .contains("0a:00:00:00:00:77")
    );
    assert_eq!(
        page(&host.outside, "192.0.2.1:8080", "/greeting").as_deref(),
        Some(GREETING)
    );
    assert_eq!(
        page(host.machine.node(), "127.0.0.1:9090", "/greeting").as_deref(),
        Some(GREETING)
    );
    assert_eq!(page(&host.outside, "192.0.2.1:9090", "/greeting"), None);
    let taken = host.try_podman(&[
        "run",
        "--rm",
        "--network",
        "front",
        "--ip",
        "10.22.0.77",
        BusyboxImage::NAME,
    ]);
    assert_ne!(taken.code, Some(0), "an address is a container's alone");

    host.podman(&["rm", "--force", "--time", "0", "--all"]);
    before.assert_same(&host.snapshot());
}

#[test]
fn a_container_is_connected_to_networks_and_disconnected_while_it_runs() {
    needs_podman!();
    let host = Host::new();
    let before = host.snapshot();
    host.serve("both", &["--network", "front", "--network", "back"]);
    host.serve("one", &["--network", "front"]);
    let addresses = host.addresses("both");
    assert!(
        addresses.contains("10.22.0.2/16") && addresses.contains("10.23.0.2/16"),
        "{addresses}"
    );
    assert!(!host.addresses("one").contains("10.23."));

    host.podman(&["network", "connect", "back", "one"]);
    assert!(host.addresses("one").contains("10.23.0.3/16"));
    host.podman(&["exec", "one", "ping", "-c", "1", "-W", "5", "10.23.0.2"]);
    host.podman(&["network", "disconnect", "front", "both"]);
    let addresses = host.addresses("both");
    assert!(
        !addresses.contains("10.22.") && addresses.contains("10.23.0.2/16"),
        "{addresses}"
    );

    host.podman(&["rm", "--force", "--time", "0", "--all"]);
    before.assert_same(&host.snapshot());
}

#[test]
fn a_reload_makes_the_rules_anew_that_somebody_flushed() {
    needs_podman!();
    let host = Host::new();
    let before = host.snapshot();
    host.serve("web", &["--network", "front", "--publish", "8080:80"]);
    let attached = host.addresses("web");
    host.machine.node().tool("nft", &["flush", "ruleset"]);
    assert_eq!(page(&host.outside, "192.0.2.1:8080", "/greeting"), None);

    host.podman(&["network", "reload", "--all"]);

    assert_eq!(
        page(&host.outside, "192.0.2.1:8080", "/greeting").as_deref(),
        Some(GREETING)
    );
    let address = |text: &str| {
        text.split(' ')
            .find(|word| word.starts_with("10.22."))
            .map(str::to_owned)
    };
    assert_eq!(address(&attached), address(&host.addresses("web")));
    host.podman(&["rm", "--force", "--time", "0", "--all"]);
    before.assert_same(&host.snapshot());
}

const GREETING: &str = BusyboxImage::GREETING;
