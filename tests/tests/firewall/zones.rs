//! Beside a firewalld that rejects what is forwarded. It is the real one, of
//! Debian, in the node's namespace.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use cofferdam_tests::{
    Cni, Container, EchoServer, GoPlugins, Output, Site, answers, couriers_in, firewalld::Firewalld, is_silent,
    needs_go_plugins, needs_kernel, outside, with,
};
use serde_json::{Value, json};

use crate::ground::{attach, bridge, detach, firewall};

const MINE: [&str; 2] = ["10.22.0.2/32", "fd00:22::2/128"];
/// What lets packets through by firewalld, and nothing else.
const WITHOUT_ZONES: &str = r#"
[plugin.firewall]

[[plugin.firewall.grant]]
allow = "forwarding.accept"
in = "host"
chains = ["CNI-ADMIN"]
"#;

#[test]
fn containers_are_in_the_zone_as_long_as_they_are_attached() {
    needs_kernel!();
    let site = Site::new();
    let Some(firewalld) = Firewalld::start(&site) else {
        return;
    };
    let outside = outside(site.node());
    let server = EchoServer::start(&outside);
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    for to in ["192.0.2.2", "2001:db8::2"] {
        assert!(is_silent(&container.namespace, to, &server), "{to} without the plugin");
    }
    let config = firewall(&bridge(), &result, json!({}));
    site.add(&container, &config);
    assert_eq!(firewalld.sources("trusted"), MINE);
    for to in ["192.0.2.2", "2001:db8::2"] {
        assert!(answers(&container.namespace, to, &server), "{to}");
    }
    site.call("CHECK", &container, &config).run().silent_success();
    detach(&site, &container, &bridge(), &config);
    assert_eq!(firewalld.sources("trusted"), [""; 0]);
    site.del(&container, &config);
}

#[test]
fn what_firewalld_forgot_check_tells_and_repair_puts_back() {
    needs_kernel!();
    let site = Site::new();
    let Some(firewalld) = Firewalld::start(&site) else {
        return;
    };
    let container = Container::new("c1");
    let config = attach(&site, &container, &bridge(), json!({ "backend": "firewalld" }));
    firewalld.reload();
    assert_eq!(firewalld.sources("trusted"), [""; 0]);
    let text = site.call("CHECK", &container, &config).run().error().text();
    assert!(
        text.contains("10.22.0.2 is not in zone trusted of firewalld any more"),
        "{text}"
    );
    let told = site.cofferctl(&["repair", "--all"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(
        told.stdout.contains("fd00:22::2 in zone trusted of firewalld"),
        "{told:?}"
    );
    assert_eq!(firewalld.sources("trusted"), MINE);
    site.call("CHECK", &container, &config).run().silent_success();
    site.del(&container, &config);
    assert_eq!(firewalld.sources("trusted"), [""; 0]);
}

#[test]
fn another_zone_has_to_be_granted_and_to_exist() {
    needs_kernel!();
    let site = Site::new();
    let Some(firewalld) = Firewalld::start(&site) else {
        return;
    };
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let config = |zone: &str| firewall(&bridge(), &result, json!({ "firewalldZone": zone }));
    let text = site.try_add(&container, &config("internal")).error().text();
    assert!(
        text.contains("forwarding.zone") && text.contains("zones = [\"internal\"]"),
        "{text}"
    );
    let grant = "[[plugin.firewall.grant]]\nallow = \"forwarding.zone\"\nin = \"host\"\nzones = [\"*\"]\n";
    site.installation()
        .policy("firewall.mine.toml", &format!("[plugin.firewall]\n{grant}"));
    let error = site.try_add(&container, &config("nowhere")).error();
    assert!(
        error.text().contains("zone nowhere of firewalld does not exist"),
        "{error:?}"
    );
    site.add(&container, &config("internal"));
    assert_eq!(firewalld.sources("internal"), MINE);
    site.del(&container, &config("internal"));
    assert_eq!(firewalld.sources("internal"), [""; 0]);
}

#[test]
fn what_the_operator_put_there_stays_and_what_is_elsewhere_is_an_error() {
    needs_kernel!();
    let site = Site::new();
    let Some(firewalld) = Firewalld::start(&site) else {
        return;
    };
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let config = firewall(&bridge(), &result, json!({}));
    firewalld.call("zone.addSource", &["trusted", MINE[0]]).unwrap();
    site.add(&container, &config);
    site.del(&container, &config);
    assert_eq!(firewalld.sources("trusted"), [MINE[0]]);
    firewalld.call("zone.addSource", &["internal", MINE[1]]).unwrap();
    let error = site.try_add(&container, &config).error();
    assert!(error.text().contains("since it is in another one"), "{error:?}");
    assert_eq!(
        (firewalld.sources("trusted"), firewalld.sources("internal")),
        (vec![MINE[0].to_owned()], vec![MINE[1].to_owned()]),
        "and all is as before"
    );
}

#[test]
fn it_is_left_alone_where_iptables_is_meant_or_no_zone_granted() {
    needs_kernel!();
    let site = Site::new();
    let Some(firewalld) = Firewalld::start(&site) else {
        return;
    };
    let container = Container::new("c1");
    let attempt = |keys: Value| {
        let config = attach(&site, &container, &bridge(), keys);
        assert_eq!(firewalld.sources("trusted"), [""; 0]);
        site.call("CHECK", &container, &config).run().silent_success();
        detach(&site, &container, &bridge(), &config);
    };
    attempt(json!({ "backend": "iptables" }));
    site.installation().policy("firewall.toml", WITHOUT_ZONES);
    attempt(json!({}));
}

#[test]
fn a_firewalld_that_ended_keeps_nothing_from_being_detached() {
    needs_kernel!();
    let site = Site::new();
    let Some(firewalld) = Firewalld::start(&site) else {
        return;
    };
    let container = Container::new("c1");
    let config = attach(&site, &container, &bridge(), json!({}));
    drop(firewalld);
    detach(&site, &container, &bridge(), &config);
    let result = site.add(&container, &bridge());
    let config = with(config, json!({ "backend": "firewalld", "prevResult": result }));
    let error = site.try_add(&container, &config).error();
    assert!(
        error.text().contains("firewalld does not run on this node"),
        "{error:?}"
    );
    let status = Cni::new(site.installation(), site.node())
        .plugin("firewall")
        .command("STATUS");
    let network = with(config, json!({ "cniVersion": "1.1.0", "prevResult": null }));
    let error = status.config(&network).run().error();
    assert_eq!(error.code, 50, "{error:?}");
}

/// Who has it can ask systemd for anything.
#[test]
fn the_process_that_runs_components_has_no_connection_to_the_bus() {
    needs_kernel!();
    let site = Site::new();
    let Some(firewalld) = Firewalld::start(&site) else {
        return;
    };
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let config = firewall(&bridge(), &result, json!({}));
    firewalld.pause();
    thread::scope(|scope| {
        let added = scope.spawn(|| site.try_add(&container, &config));
        let (deputy, employer) = wait_for_both(&site);
        let sockets = |process: u32| -> Vec<String> {
            let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
            let leads = descriptors.map(|descriptor| fs::read_link(descriptor.unwrap().path()).unwrap());
            let leads = leads.map(|leads| leads.to_string_lossy().into_owned());
            leads.filter(|leads| leads.starts_with("socket:")).collect()
        };
        let bus = fs::read_link(format!("/proc/{deputy}/fd/1")).unwrap();
        let bus = bus.to_string_lossy().into_owned();
        assert!(sockets(deputy).contains(&bus));
        assert!(!sockets(employer).contains(&bus), "{:?}", sockets(employer));
        for key in ["CapPrm", "CapEff", "CapBnd"] {
            assert_eq!(status(deputy, key), "0000000000000000", "{key}");
        }
        assert_eq!(
            (status(deputy, "NoNewPrivs"), status(deputy, "Seccomp")),
            ("1".into(), "2".into())
        );
        firewalld.resume();
        assert_eq!(added.join().unwrap().code, 0);
    });
    assert_eq!(couriers_in(&site), [0; 0]);
    assert_eq!(firewalld.sources("trusted"), MINE);
}

/// The one that asks firewalld, and the one that it asks for, when both gave up
/// everything else.
#[track_caller]
fn wait_for_both(site: &Site) -> (u32, u32) {
    let begun = Instant::now();
    let is_confined = |process| status(process, "Seccomp") == "2";
    loop {
        if let [deputy] = couriers_in(site)[..]
            && let Ok(employer) = status(deputy, "PPid").parse()
            && is_confined(deputy)
            && is_confined(employer)
        {
            return (deputy, employer);
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "there is no deputy");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A line of what the kernel tells of a process.
fn status(process: u32, key: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let value = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    value.unwrap_or_default().trim().to_owned()
}

#[test]
fn one_of_another_namespace_is_none() {
    needs_kernel!();
    let (site, other) = (Site::new(), Site::new());
    let Some(firewalld) = Firewalld::start(&other) else {
        return;
    };
    let run = site.installation().root().join("run");
    fs::create_dir_all(&run).unwrap();
    std::os::unix::fs::symlink(other.installation().root().join("run/dbus"), run.join("dbus")).unwrap();
    let container = Container::new("c1");
    let config = attach(&site, &container, &bridge(), json!({}));
    assert_eq!(firewalld.sources("trusted"), [""; 0]);
    detach(&site, &container, &bridge(), &config);
}

/// The Go plugin's answer, which asks the same firewalld.
fn by_go(
    plugins: &GoPlugins,
    site: &Site,
    firewalld: &Firewalld,
    command: &str,
    container: &Container,
    config: &Value,
) -> Output {
    Cni::go(plugins, site.node())
        .plugin("firewall")
        .command(command)
        .container_id(&container.id)
        .netns(&container.namespace)
        .variable("DBUS_SYSTEM_BUS_ADDRESS", firewalld.address())
        .config(config)
        .run()
}

#[test]
fn it_is_told_what_the_go_plugin_tells_and_forgets_what_that_left() {
    needs_kernel!();
    let plugins = needs_go_plugins!();
    let site = Site::new();
    let Some(firewalld) = Firewalld::start(&site) else {
        return;
    };
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let config = firewall(&bridge(), &result, json!({}));
    let go = |command: &str| by_go(&plugins, &site, &firewalld, command, &container, &config);
    assert_eq!(go("ADD").result(), result);
    assert_eq!(firewalld.sources("trusted"), MINE);
    go("CHECK").silent_success();
    // The address is one of ours: its owner is asked first.
    site.del(&container, &bridge());
    site.del(&container, &config);
    assert_eq!(firewalld.sources("trusted"), [""; 0]);
}

/// Prints, and asserts nothing: what decision 11 tells.
#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn what_it_costs() {
    needs_kernel!();
    let plugins = needs_go_plugins!();
    let site = Site::new();
    let Some(firewalld) = Firewalld::start(&site) else {
        return;
    };
    let container = Container::new("c1");
    let result = site.add(&container, &bridge());
    let config = |backend: &str| firewall(&bridge(), &result, json!({ "backend": backend }));
    let median = |once: &dyn Fn() -> Duration| {
        let mut times: Vec<Duration> = (0..41).map(|_| once()).collect();
        times.sort();
        times[times.len() / 2]
    };
    let ours = |backend: &str| {
        let config = config(backend);
        median(&|| {
            let begun = Instant::now();
            site.call("ADD", &container, &config).run().result();
            let took = begun.elapsed();
            site.del(&container, &config);
            took
        })
    };
    let go = |command: &str| by_go(&plugins, &site, &firewalld, command, &container, &config("firewalld"));
    let theirs = median(&|| {
        let begun = Instant::now();
        go("ADD").result();
        let took = begun.elapsed();
        go("DEL").silent_success();
        took
    });
    println!("ADD of two addresses, Go: {theirs:?}");
    println!("the same, Cofferdam: {:?}", ours("firewalld"));
    println!("where iptables is meant, and there is none: {:?}", ours("iptables"));
    site.installation().policy("firewall.toml", WITHOUT_ZONES);
    println!("where no zone is granted: {:?}", ours(""));
}
