//! bandwidth: what a container gets and sends is limited.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Instant,
};

use cofferdam_tests::{Attached, Container, Namespace, Output, Site, bridge_network, needs_kernel, with};
use serde_json::{Value, json};

/// 8 Mbit/s, with a burst of 100 kB.
fn ingress() -> Value {
    json!({ "ingressRate": 8_000_000, "ingressBurst": 800_000 })
}

fn bandwidth(result: &Value, changes: Value) -> Value {
    let config = json!({
        "cniVersion": "1.0.0", "name": "mynet", "type": "bandwidth", "capabilities": { "bandwidth": true },
        "prevResult": result,
    });
    with(config, changes)
}

fn attached() -> Attached {
    let site = Site::new();
    site.node().keep_links_bare();
    let (container, network) = (Container::new("c1"), bridge_network("1.0.0"));
    let result = site.add(&container, &network);
    Attached {
        site,
        container,
        network,
        result,
    }
}

/// Calls of the second plugin of a list.
trait Limited {
    fn limit(&self, changes: Value) -> Value;
    fn try_limit(&self, changes: Value) -> Output;
    fn unlimit(&self);
    /// The queueing disciplines of the host's end, as `tc(8)` shows them.
    fn shown(&self) -> String;
}

impl Limited for Attached {
    #[track_caller]
    fn limit(&self, changes: Value) -> Value {
        self.site.add(&self.container, &bandwidth(&self.result, changes))
    }

    fn try_limit(&self, changes: Value) -> Output {
        self.site.try_add(&self.container, &bandwidth(&self.result, changes))
    }

    #[track_caller]
    fn unlimit(&self) {
        self.site.del(&self.container, &bandwidth(&self.result, json!({})));
    }

    fn shown(&self) -> String {
        let end = host_end(&self.result);
        self.site.node().tool("tc", &["qdisc", "show", "dev", end])
    }
}

fn host_end(result: &Value) -> &str {
    let interfaces = result["interfaces"].as_array().unwrap();
    let mut names = interfaces.iter().map(|interface| interface["name"].as_str().unwrap());
    names.find(|name| name.starts_with("veth")).unwrap()
}

fn ifb(result: &Value) -> &str {
    result["interfaces"].as_array().unwrap().last().unwrap()["name"]
        .as_str()
        .unwrap()
}

/// Bytes a second from one namespace to an address of the other, after the
/// burst.
fn speed(from: &Namespace, to: &Namespace, address: &str) -> f64 {
    const BURST: usize = 300_000;
    const BYTES: usize = 700_000;
    let listener = to.run(|| TcpListener::bind((address, 0)).unwrap());
    let target: SocketAddr = listener.local_addr().unwrap();
    let mut sender = from.run(|| TcpStream::connect(target).unwrap());
    let (mut receiver, _) = listener.accept().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = sender.write_all(&vec![0; BURST + BYTES]);
        });
        let mut buffer = vec![0; BURST];
        receiver.read_exact(&mut buffer).unwrap();
        let begin = Instant::now();
        let mut rest = vec![0; BYTES];
        receiver.read_exact(&mut rest).unwrap();
        BYTES as f64 / begin.elapsed().as_secs_f64()
    })
}

#[test]
fn what_the_container_gets_is_no_faster_than_its_rate() {
    needs_kernel!();
    let attached = attached();
    let node = attached.site.node();
    let before = attached.site.snapshot();
    let result = attached.limit(ingress());
    assert_eq!(result, attached.result, "the result is passed on");
    let shown = attached.shown();
    assert!(shown.contains("tbf 1: root"), "{shown}");
    assert!(shown.contains("rate 8Mbit burst 100000b lat 25ms"), "{shown}");
    let inside = &attached.container.namespace;
    let speed_in = speed(node, inside, "10.22.0.2");
    assert!(speed_in < 1_300_000.0, "{speed_in} bytes/s");
    attached.unlimit();
    attached.unlimit();
    let shown = attached.shown();
    assert!(!shown.contains("tbf"), "{shown}");
    before.assert_same(&attached.site.snapshot());
}

fn egress() -> Value {
    json!({ "egressRate": 8_000_000, "egressBurst": 800_000 })
}

#[test]
fn what_the_container_sends_is_no_faster_than_its_rate() {
    needs_kernel!();
    let attached = attached();
    let node = attached.site.node();
    let before = attached.site.snapshot();
    let result = attached.limit(egress());
    let interfaces = result["interfaces"].as_array().unwrap();
    let last = interfaces.last().unwrap();
    let ifb = last["name"].as_str().unwrap();
    assert!(
        interfaces.len() == 4 && ifb.starts_with("bwp") && ifb.len() == 15,
        "{result}"
    );
    let link = node.link(ifb).unwrap();
    assert_eq!((&link["mtu"], &link["txqlen"]), (&json!(1500), &Value::Null), "{link}");
    let shown = node.tool("tc", &["qdisc", "show", "dev", ifb]);
    assert!(shown.contains("rate 8Mbit burst 100000b lat 25ms"), "{shown}");
    let filters = node.tool("tc", &["filter", "show", "dev", host_end(&attached.result), "ingress"]);
    assert_eq!(filters.matches("mirred").count(), 1, "{filters}");
    let inside = &attached.container.namespace;
    let speed_out = speed(inside, node, "10.22.0.1");
    assert!(speed_out < 1_300_000.0, "{speed_out} bytes/s");
    let check = attached
        .site
        .check(&attached.container, &bandwidth(&result, egress()), &result);
    check.silent_success();
    node.tool("tc", &["qdisc", "del", "dev", host_end(&attached.result), "ingress"]);
    let check = attached
        .site
        .check(&attached.container, &bandwidth(&result, egress()), &result);
    assert!(check.error().text().contains(ifb));
    attached.unlimit();
    before.assert_same(&attached.site.snapshot());
    attached.del();
}

#[test]
fn two_interfaces_of_a_container_have_an_ifb_each() {
    needs_kernel!();
    let attached = attached();
    let second = attached
        .site
        .call("ADD", &attached.container, &attached.network)
        .ifname("eth1")
        .run()
        .result();
    let one = attached.limit(egress());
    let other = attached
        .site
        .call("ADD", &attached.container, &bandwidth(&second, egress()))
        .ifname("eth1")
        .run()
        .result();
    assert_ne!(ifb(&one), ifb(&other));
}

#[test]
fn the_runtimes_word_counts_where_the_configuration_has_none() {
    needs_kernel!();
    let attached = attached();
    let asked = json!({ "runtimeConfig": { "bandwidth": ingress() } });
    attached.limit(asked.clone());
    assert!(attached.shown().contains("rate 8Mbit"));
    attached.unlimit();
    attached.limit(with(
        asked,
        json!({ "ingressRate": 16_000_000, "ingressBurst": 800_000 }),
    ));
    assert!(attached.shown().contains("rate 16Mbit"));
    attached.unlimit();
}

#[test]
fn without_limits_nothing_is_done() {
    needs_kernel!();
    let attached = attached();
    let before = attached.site.snapshot();
    for changes in [
        json!({}),
        json!({ "runtimeConfig": { "bandwidth": null } }),
        json!({ "ingressRate": 0, "ingressBurst": 0, "runtimeConfig": { "bandwidth": ingress() } }),
    ] {
        assert_eq!(attached.limit(changes), attached.result);
        before.assert_same(&attached.site.snapshot());
        assert!(!attached.shown().contains("tbf"));
        attached.unlimit();
    }
}

#[test]
fn what_the_operator_set_at_the_link_stays_and_is_told_of() {
    needs_kernel!();
    let attached = attached();
    let node = attached.site.node();
    node.tool(
        "tc",
        &[
            "qdisc",
            "add",
            "dev",
            host_end(&attached.result),
            "root",
            "handle",
            "7:",
            "pfifo",
        ],
    );
    let text = attached.try_limit(ingress()).error().text();
    assert!(text.contains("pfifo"), "{text}");
    assert!(attached.shown().contains("pfifo 7:"));
}

fn both() -> Value {
    with(ingress(), egress())
}

#[test]
fn check_tells_of_each_thing_that_somebody_took_away_and_repair_puts_it_back() {
    needs_kernel!();
    let attached = attached();
    let result = attached.limit(both());
    let config = bandwidth(&attached.result, both());
    let check = || attached.site.check(&attached.container, &config, &result);
    check().silent_success();
    let (end, ifb) = (host_end(&result), ifb(&result));
    let node = attached.site.node();
    for (taken, words) in [
        (format!("qdisc del dev {end} root"), "gets"),
        (format!("qdisc del dev {ifb} root"), "sends"),
        (format!("qdisc del dev {end} ingress"), ifb),
    ] {
        node.tool("tc", &taken.split(' ').collect::<Vec<_>>());
        let text = check().error().text();
        assert!(text.contains(words), "{taken}: {text}");
        let ended = attached.site.cofferctl(&["repair", "--all"]);
        assert_eq!(ended.code, Some(0), "{taken}: {ended:?}");
        check().silent_success();
    }
    node.ip(&["link", "del", ifb]);
    let text = check().error().text();
    assert!(text.contains("gone"), "{text}");
    attached.unlimit();
    // The other plugin's part goes as well.
    attached.del();
}

/// What was put in its place stays, also after DEL.
#[test]
fn check_tells_of_another_limit_and_another_way() {
    needs_kernel!();
    let attached = attached();
    let node = attached.site.node();
    node.ip(&["link", "add", "elsewhere", "type", "ifb"]);
    let result = attached.limit(both());
    let config = bandwidth(&attached.result, both());
    let check = || attached.site.check(&attached.container, &config, &result);
    let end = host_end(&result);
    let elsewhere = "protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev elsewhere";
    let tbf = "root handle 1: tbf rate 1mbit burst 10kb latency 25ms";
    for (changed, words) in [
        (format!("filter del dev {end} ingress"), "does not go through"),
        (
            format!("filter add dev {end} ingress {elsewhere}"),
            "does not go through",
        ),
        (format!("qdisc change dev {end} {tbf}"), "gets"),
    ] {
        node.tool("tc", &changed.split(' ').collect::<Vec<_>>());
        let text = check().error().text();
        assert!(text.contains(words), "{changed}: {text}");
    }
    attached.unlimit();
    let filters = node.tool("tc", &["filter", "show", "dev", end, "ingress"]);
    assert!(filters.contains("elsewhere"), "{filters}");
    attached.del();
}

#[test]
fn del_needs_nothing_of_what_add_was_given() {
    needs_kernel!();
    let attached = attached();
    let before = attached.site.snapshot();
    for changes in [
        json!({ "prevResult": null }),
        json!({ "ingressRate": 80_000, "ingressBurst": 80_000 }),
        json!({ "egressRate": 1000 }),
        json!({ "ingressBurst": 34_359_738_360_u64 }),
    ] {
        attached.limit(both());
        let config = bandwidth(&attached.result, changes);
        attached.site.del(&attached.container, &config);
        before.assert_same(&attached.site.snapshot());
    }
}

#[test]
fn add_twice_is_an_error_that_changes_nothing() {
    needs_kernel!();
    let attached = attached();
    attached.limit(both());
    let before = attached.site.snapshot();
    let _ = attached.try_limit(both()).error();
    before.assert_same(&attached.site.snapshot());
}

#[test]
fn gc_ends_the_limits_of_containers_that_are_not_listed() {
    needs_kernel!();
    let attached = attached();
    attached.limit(both());
    let site = &attached.site;
    let before = site.snapshot();
    let goes = Container::new("goes");
    let result = site.add(&goes, &attached.network);
    site.add(&goes, &bandwidth(&result, both()));
    let listed = json!([{ "containerID": "c1", "ifname": "eth0" }]);
    let config = bandwidth(
        &attached.result,
        json!({ "cniVersion": "1.1.0", "cni.dev/valid-attachments": listed }),
    );
    site.call("GC", &goes, &config).run().silent_success();
    before.assert_same(&site.snapshot());
    assert!(attached.shown().contains("rate 8Mbit"));
}

#[test]
fn status_tells_what_an_add_would_refuse() {
    needs_kernel!();
    let attached = attached();
    let status = |changes: Value| {
        let config = json!({ "cniVersion": "1.1.0", "name": "mynet", "type": "bandwidth" });
        let config = with(config, changes);
        attached.site.call("STATUS", &attached.container, &config).run()
    };
    status(both()).silent_success();
    let text = status(json!({ "egressRate": 1000 })).error().text();
    assert!(
        text.contains("egress: if rate is set, burst must also be set"),
        "{text}"
    );
}

#[test]
fn del_after_the_pair_is_gone_is_success() {
    needs_kernel!();
    let attached = attached();
    attached.limit(ingress());
    attached.site.node().ip(&["link", "del", host_end(&attached.result)]);
    attached.unlimit();
    attached.del();
}

/// What the reference plugin made before the node changed over.
#[test]
fn del_takes_away_the_ifb_of_the_reference_plugin() {
    needs_kernel!();
    let attached = attached();
    let node = attached.site.node();
    // H("mynetc1"), of which the reference plugin takes 12 digits.
    let ifb = "bwpf0bca4ac77cd";
    node.ip(&["link", "add", ifb, "type", "ifb"]);
    attached.unlimit();
    assert!(node.link(ifb).is_none());
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    needs_kernel!();
    let attached = attached();
    let before = attached.site.snapshot();
    for (changes, words) in [
        (
            json!({ "prevResult": null, "ingressRate": 8, "ingressBurst": 8 }),
            "must be called as chained plugin",
        ),
        (json!({ "prevResult": null }), "must be called as chained plugin"),
        (json!({ "ingressRate": 1000 }), "if rate is set, burst must also be set"),
        (json!({ "egressBurst": 1000 }), "if burst is set, rate must also be set"),
        (
            json!({ "ingressRate": 1000, "ingressBurst": 34_359_738_360_u64 }),
            "burst cannot be more than 4GB",
        ),
        (
            with(ingress(), json!({ "prevResult": { "interfaces": null, "ips": null } })),
            "no interfaces provided",
        ),
        (
            with(
                ingress(),
                json!({ "prevResult": { "interfaces": [{ "name": "cni0" }], "ips": null } }),
            ),
            "no veth peer of container interface found in host ns",
        ),
    ] {
        let text = attached.try_limit(changes).error().text();
        assert!(text.contains(words), "{words:?} is not in {text}");
        before.assert_same(&attached.site.snapshot());
    }
}
