//! Each call, planned and real.

use cofferdam_tests::{Container, needs_kernel};
use serde_json::json;

use crate::bench::{Bench, bridge, list, picture};

#[test]
fn a_trace_shows_each_call_with_what_handles_stand_for() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[bridge(false)]));
    let file = bench.file();

    let traced = bench.site.cofferctl(&["trace", file.to_str().unwrap()]);

    assert_eq!(traced.code, Some(0), "{traced:?}");
    let shown = traced.stdout;
    for call in [
        "bridge: links.ensure-bridge(in: the host namespace, name: \"cni0\"",
        "bridge: link.set-up(self: link cni0 in the host namespace) -> ()",
        "  host-local: records.claim(self: handle 0, name: \"10.22.0.2\") -> true",
        "bridge: routes.add(link: link eth0 in the container namespace",
    ] {
        assert!(shown.contains(call), "{call}: {shown}");
    }
    assert!(bench.site.node().link("cni0").is_none());
    let document = bench.site.cofferctl_json(&["trace", file.to_str().unwrap()]);
    let claimed = document["calls"].as_array().unwrap().iter();
    let mut claimed = claimed.filter(|call| call["function"] == "records.claim");
    assert_eq!(claimed.next().unwrap()["result"], "true", "{document:#}");
    assert_eq!(
        document["end"]["result"]["ips"][0]["address"], "10.22.0.2/16",
        "{document:#}"
    );
}

/// What the host says to a call that it denies is in the trace as well.
#[test]
fn a_trace_goes_on_to_the_call_that_fails() {
    needs_kernel!();
    let bench = Bench::new();
    bench
        .site
        .node()
        .ip(&["link", "add", "cni0", "type", "veth", "peer", "name", "far0"]);
    bench.configure(&list(&[bridge(false)]));

    let traced = bench.site.cofferctl(&["trace", bench.file().to_str().unwrap()]);

    assert_eq!(traced.code, Some(1), "{traced:?}");
    let last = traced.stdout.lines().last().unwrap_or_default();
    assert!(
        last.contains("links.ensure-bridge(") && last.contains("-> error Conflict("),
        "{traced:?}"
    );
    assert!(traced.stderr.contains("plugin bridge fails"), "{traced:?}");
}

#[test]
fn a_real_add_is_traced_on_the_kernel_and_detached_as_any_other() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[bridge(true), json!({ "type": "tuning", "mtu": 1400 })]));
    let container = Container::new("first");
    let netns = container.namespace.path();
    let file = bench.file();
    let before = picture(&bench, &container);

    let words = [
        "trace",
        file.to_str().unwrap(),
        "--real",
        "--netns",
        &netns,
        "--id",
        "first",
    ];
    let traced = bench.site.cofferctl(&words);

    assert_eq!(traced.code, Some(0), "{traced:?}");
    assert!(
        traced
            .stdout
            .contains("bridge: link.set-up(self: link cni0 in the host namespace) -> ()"),
        "{traced:?}"
    );
    assert!(traced.stdout.contains("tuning: "), "{traced:?}");
    assert!(traced.stderr.contains("net del mynet"), "{traced:?}");
    assert_eq!(container.namespace.addresses("eth0")[0], "10.22.0.2/16");
    assert_eq!(container.namespace.link("eth0").unwrap()["mtu"], 1400);
    let directory = bench.directory.path().to_str().unwrap();
    let place = ["--conf-dir", directory, "--plugin-dir", "/no/such/directory"];
    let del = ["net", "del", "mynet", &netns, "--id", "first"];
    let detached = bench.site.cofferctl(&[&del[..], &place].concat());
    assert_eq!(detached.code, Some(0), "{detached:?}");
    let after = picture(&bench, &container);
    before.0.assert_same(&after.0);
    before.1.assert_same(&after.1);
}

#[test]
fn a_real_add_takes_a_container_and_what_is_installed() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[bridge(false)]));
    let container = Container::new("first");
    let (file, netns) = (bench.file(), container.namespace.path());
    let file = file.to_str().unwrap();
    let before = picture(&bench, &container);

    for (options, why) in [
        (&[][..], "--netns"),
        (&["--netns", &netns, "--policy", "my.toml"][..], "for plans"),
    ] {
        let refused = bench.site.cofferctl(&[&["trace", file, "--real"], options].concat());
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(why), "{refused:?}");
    }
    let after = picture(&bench, &container);
    before.0.assert_same(&after.0);
    before.1.assert_same(&after.1);
}
