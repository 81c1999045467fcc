//! The process that sends: what it can do, and that it goes.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cofferdam_http::{Carrier as _, CarryError, Courier, Method, Permit, Request, wire};
use cofferdam_tests::{Container, Mortals, Products, Service, bridge_network, couriers_in, needs_kernel};
use serde_json::{Value, json};

use crate::node::{ADDRESS, Node, TOLD, get, no_courier_is_left, respond};

/// A service that answers after some seconds.
fn slow(node: &Node) -> Service {
    Service::start(node.site.node(), ADDRESS, |_, out| {
        thread::sleep(Duration::from_secs(4));
        respond(out, 200, "ok")
    })
}

fn config(origin: &str) -> Value {
    json!({
        "cniVersion": "1.1.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile",
        "calls": [get(origin), { "do": "tell" }],
    })
}

#[track_caller]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_courier_has_given_up_all_but_connections() {
    needs_kernel!();
    let node = Node::new();
    let service = slow(&node);
    let origin = format!("http://{}", service.address());
    node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
    thread::scope(|scope| {
        let added = scope.spawn(|| node.ask(&get(&origin)));
        wait_for("the service is asked", || (!service.asked().is_empty()).then_some(()));
        let couriers = couriers_in(&node.site);
        let [courier] = couriers.as_slice() else {
            panic!("{couriers:?}")
        };
        let status = fs::read_to_string(format!("/proc/{courier}/status")).unwrap();
        let value = |key: &str| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            line.unwrap_or_default().trim().to_owned()
        };
        for key in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(value(key), "0000000000000000", "{key}");
        }
        assert_eq!((value("NoNewPrivs").as_str(), value("Seccomp").as_str()), ("1", "2"));
        assert_eq!(fs::read(format!("/proc/{courier}/environ")).unwrap_or_default(), b"");
        for descriptor in fs::read_dir(format!("/proc/{courier}/fd")).unwrap() {
            let leads = fs::read_link(descriptor.unwrap().path()).unwrap();
            let leads = leads.to_string_lossy().into_owned();
            assert!(leads.starts_with("socket:") || leads == "/dev/null", "{leads}");
        }
        assert_eq!(added.join().unwrap().code, TOLD);
    });
    no_courier_is_left(&node.site);
}

#[test]
fn it_goes_with_a_host_that_is_killed_in_the_middle_of_a_request() {
    needs_kernel!();
    let node = Node::new();
    let service = slow(&node);
    let origin = format!("http://{}", service.address());
    node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
    let (mortals, container) = (Mortals::default(), Container::new("c1"));
    let before = node.site.snapshot();
    thread::scope(|scope| {
        let call = node.site.call("ADD", &container, &config(&origin));
        let mortals = &mortals;
        let added = scope.spawn(move || call.run_among(mortals));
        wait_for("the service is asked", || (!service.asked().is_empty()).then_some(()));
        assert_eq!(couriers_in(&node.site).len(), 1);
        assert!(mortals.kill_one(|_| 0));
        assert!(added.join().unwrap().is_none());
    });
    wait_for("the courier is gone", || {
        couriers_in(&node.site).is_empty().then_some(())
    });
    node.site.del(&container, &config(&origin));
    before.assert_same(&node.site.snapshot());
}

#[test]
fn a_call_without_a_grant_or_without_the_import_starts_none() {
    needs_kernel!();
    let node = Node::new();
    // An installation that lacks it would fail where it is looked for.
    let alone = node.site.installation().root().join("alone");
    fs::create_dir(&alone).unwrap();
    fs::copy(Products::locate().cofferdam(), alone.join("cofferdam")).unwrap();
    node.site.installation().replace_cofferdam(&alone.join("cofferdam"));
    let bin = node.site.installation().plugin_directory();
    fs::remove_file(bin.join("bridge")).unwrap();
    std::os::unix::fs::symlink("cofferdam", bin.join("bridge")).unwrap();
    node.site.installation().policy(
        "bridge.http.toml",
        "[plugin.bridge]\n[[plugin.bridge.grant]]\nallow = \"http.request\"\norigins = [\"http://10.99.0.1\"]\nmethods = [\"GET\"]\n",
    );
    let container = Container::new("c1");
    let result = node.site.add(&container, &bridge_network("1.1.0"));
    node.site
        .check(&container, &bridge_network("1.1.0"), &result)
        .silent_success();
    node.site.del(&container, &bridge_network("1.1.0"));

    node.grant("origins = [\"http://10.99.0.1\"]\nmethods = [\"GET\"]");
    let missing = node.ask(&get("http://10.99.0.1"));
    assert!(
        missing.message.contains("install cofferdam-courier beside cofferdam"),
        "{missing:?}"
    );
    node.site.del(&container, &config("http://10.99.0.1"));
}

fn orders(origin: &str) -> wire::Orders {
    wire::Orders {
        permits: vec![Permit {
            plugin: "remote".to_owned(),
            origins: vec![origin.parse().unwrap()],
            methods: vec![Method::Get],
            paths: Some(vec!["/v1".parse().unwrap()]),
            credential: None,
            authority: None,
        }],
        credentials: "/nonexistent".into(),
        authorities: "/nonexistent".into(),
        roots: Vec::new(),
    }
}

fn program() -> std::path::PathBuf {
    Products::locate().executable("cofferdam-courier")
}

/// Whoever has taken over the host's process can say anything.
#[test]
fn it_sends_nothing_that_is_not_in_its_orders_whoever_asks() {
    needs_kernel!();
    let node = Node::new();
    let (service, other) = (node.friendly(), node.friendly());
    let origin = format!("http://{}", service.address());
    node.site.node().run(|| {
        let mut courier = Courier::start(&program(), &orders(&origin)).unwrap();
        let mut ask = |plugin: &str, method: Method, url: String| {
            let request = Request::new(method, &url, Vec::new(), Vec::new()).unwrap();
            courier.carry(plugin, &request, Duration::from_secs(5))
        };
        for (plugin, method, url) in [
            ("remote", Method::Get, format!("http://{}/v1", other.address())),
            ("remote", Method::Get, format!("{origin}/v2")),
            ("remote", Method::Delete, format!("{origin}/v1")),
            ("other", Method::Get, format!("{origin}/v1")),
        ] {
            let refused = ask(plugin, method, url.clone());
            assert!(
                matches!(refused, Err(CarryError::Denied(_))),
                "{method} {url}: {refused:?}"
            );
        }
        assert_eq!(
            ask("remote", Method::Get, format!("{origin}/v1/a")).unwrap().status,
            200
        );
    });
    assert_eq!((service.asked().len(), other.asked().len()), (1, 0));
    no_courier_is_left(&node.site);
}

#[test]
fn it_ends_with_its_socket_and_with_what_it_does_not_understand() {
    needs_kernel!();
    let node = Node::new();
    let service = slow(&node);
    let origin = format!("http://{}", service.address());
    // It goes with the thread that starts it, too.
    node.site.node().run(|| end_in_all_ways(&service, &origin));
}

fn end_in_all_ways(service: &Service, origin: &str) {
    let start = |bytes: &[u8]| {
        let (mut socket, its) = UnixStream::pair().unwrap();
        let mut command = Command::new(program());
        command
            .stdin(OwnedFd::from(its))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap();
        socket.write_all(bytes).unwrap();
        (socket, child)
    };
    let mut told = Vec::new();
    wire::write_orders(&mut told, &orders(origin)).unwrap();
    // No orders; orders twice; a request that no guest could make; nonsense.
    for bytes in [
        b"\0\0\0\x02\0\0\0\0{}".to_vec(),
        [&told[..], &told].concat(),
        [&told[..], b"\xff\xff\xff\xff\xff\xff\xff\xff"].concat(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    ] {
        let (mut socket, mut child) = start(&bytes);
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        assert_eq!(answer, b"", "{bytes:?}");
        wait_for("the courier ends", || child.try_wait().unwrap());
    }
    // In the middle of a request.
    let request = Request::new(Method::Get, &format!("{origin}/v1"), Vec::new(), Vec::new()).unwrap();
    wire::write_request(&mut told, "remote", &request, 10_000).unwrap();
    let (socket, mut child) = start(&told);
    wait_for("the service is asked", || (!service.asked().is_empty()).then_some(()));
    let begun = Instant::now();
    drop(socket);
    wait_for("the courier ends", || child.try_wait().unwrap());
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn whoever_executes_it_by_hand_gets_nothing() {
    let ended = cofferdam_tests::finish(&mut Command::new(program()), b"");
    assert_eq!(
        (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
        (Some(1), "", "")
    );
}

/// The namespace that requests are sent from is the node's.
#[test]
fn requests_come_from_the_node_and_not_from_the_container() {
    needs_kernel!();
    let node = Node::new();
    let container = Container::new("c1");
    container.namespace.ip(&["link", "set", "lo", "up"]);
    let inside = Service::start(&container.namespace, "127.0.0.1", |_, out| respond(out, 200, "inside"));
    let origin = format!("http://127.0.0.1:{}", inside.address().port());
    node.grant(&format!("origins = [\"{origin}\"]\nmethods = [\"GET\"]"));
    let config = config(&origin);
    let refused = node.site.try_add(&container, &config).error();
    assert!(refused.details.contains("errno 111"), "{refused:?}");
    assert_eq!(inside.asked(), []);
    no_courier_is_left(&node.site);
}
