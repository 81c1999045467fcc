//! What a process that speaks with services can do, and what it can't.

use std::{
    fs::File,
    io::Write as _,
    net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket},
    thread,
    time::Duration,
};

use cofferdam_confinement::{Confinement, FileView};
use cofferdam_escape::{Call, REFUSED, REFUSED_OF_X86};
use libc::EPERM;
use nix::sched::{CloneFlags, unshare};

use crate::scenario::{run, tell};

tests![it_connects_to_the_ports_that_it_needs_and_does_nothing_else,];

/// Arguments of `socket` for TCP and UDP over IPv4.
const OF_SERVICES: [&str; 2] = ["[2, 1, 0]", "[2, 2, 0]"];

/// A port that connections come to; the kernel takes them.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::mem::forget(listener);
    address
}

fn connected(address: SocketAddr) -> String {
    let connected = TcpStream::connect_timeout(&address, Duration::from_secs(2)).and_then(|mut stream| {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"connected")
    });
    match connected {
        Ok(()) => "connected".to_owned(),
        Err(error) => error.raw_os_error().unwrap_or_default().to_string(),
    }
}

pub(crate) fn services() {
    if unshare(CloneFlags::CLONE_NEWNET).is_err() {
        tell("skipped", "network namespaces can't be made");
        return;
    }
    std::process::Command::new("ip")
        .args(["link", "set", "lo", "up"])
        .status()
        .unwrap();
    let (granted, other) = (server(), server());
    let report = Confinement::new()
        .only_services([granted.port()])
        .file("/etc/hosts")
        .enforce()
        .unwrap();
    let limits_ports = matches!(report.file_view, FileView::Limited { version } if version >= 4);
    tell("limits ports", limits_ports);
    tell("granted", connected(granted));
    tell("other", connected(other));
    let thread = thread::spawn(move || connected(granted));
    tell("in a thread", thread.join().unwrap());
    tell("localhost", ("localhost", 80).to_socket_addrs().is_ok());
    tell("datagrams", UdpSocket::bind("127.0.0.1:0").is_ok());
    tell("hosts", File::open("/etc/hosts").is_ok());
    tell("listening", TcpListener::bind("127.0.0.1:0").is_err());
    // But for TCP and UDP.
    let refused = |call: &&Call| !OF_SERVICES.contains(&call.arguments().as_str());
    for call in REFUSED.iter().chain(REFUSED_OF_X86).filter(refused) {
        tell(&format!("{} {}", call.name, call.arguments()), call.make());
    }
    tell("all", "done");
}

fn it_connects_to_the_ports_that_it_needs_and_does_nothing_else() {
    let mut outcome = run("services");
    if outcome.found.contains_key("skipped") {
        eprintln!("skipped: {}", outcome.of("skipped"));
        return;
    }
    assert_eq!(outcome.of("all"), "done");
    for (name, value) in [
        ("granted", "connected"),
        ("in a thread", "connected"),
        ("localhost", "true"),
        ("datagrams", "true"),
        ("hosts", "true"),
        ("listening", "true"),
    ] {
        assert_eq!(outcome.of(name), value, "{name}");
    }
    // EACCES, where the kernel can tell ports apart.
    let other = if outcome.of("limits ports") == "true" {
        "13"
    } else {
        "connected"
    };
    assert_eq!(outcome.of("other"), other);
    for name in [
        "all",
        "granted",
        "in a thread",
        "localhost",
        "datagrams",
        "hosts",
        "listening",
        "limits ports",
        "other",
    ] {
        outcome.found.remove(name);
    }
    assert!(outcome.found.len() > 50);
    for (call, errno) in &outcome.found {
        assert_eq!(errno, &EPERM.to_string(), "{call}");
    }
}
