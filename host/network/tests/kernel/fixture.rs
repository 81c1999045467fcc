//! Two fresh namespaces, and short words for what the tests say often.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write as _},
    os::fd::OwnedFd,
    panic::resume_unwind,
    thread,
    time::Duration,
};

use cofferdam_network::{Bridge, Error, Kernel, LinkId, Network, OperationalState, Result, VethEnd};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};
use nix::sched::{CloneFlags, unshare};

pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Says what is not run, and why. Not by `eprintln`: the output of tests that
/// pass is kept back.
pub(crate) fn skipped(reason: impl fmt::Display) {
    let thread = thread::current();
    let _ = writeln!(io::stderr(), "skipped {}: {reason}", thread.name().unwrap_or("a test"));
}

/// Runs a test on a thread that has a new network namespace, with another one
/// for the container.
pub(crate) fn in_new_namespaces(test: impl FnOnce(&mut Kernel) + Send + 'static) {
    with_namespace(|container| test(&mut Kernel::new(TIME_LIMIT).with_container(container)));
}

/// The same with the descriptor of the container's namespace.
pub(crate) fn with_namespace(test: impl FnOnce(OwnedFd) + Send + 'static) {
    let outcome = thread::spawn(|| {
        if let Err(errno) = unshare(CloneFlags::CLONE_NEWNET) {
            skipped(format_args!("a network namespace can't be made here ({errno})"));
            return;
        }
        begin_without_forwarding();
        test(new_namespace());
    })
    .join();
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

pub(crate) fn new_namespace() -> OwnedFd {
    thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        begin_without_forwarding();
        File::open("/proc/thread-self/ns/net").unwrap().into()
    })
    .join()
    .unwrap()
}

/// A new namespace forwards if the node does.
fn begin_without_forwarding() {
    fs::write("/proc/sys/net/ipv4/ip_forward", "0").unwrap();
}

/// Whether the kernel has a file for a feature; says so when it has not.
pub(crate) fn has_file(path: &str, feature: &str) -> bool {
    let present = std::path::Path::new(path).exists();
    if !present {
        skipped(format_args!("this kernel has no {feature}"));
    }
    present
}

pub(crate) fn mac(last: u8) -> MacAddress {
    MacAddress([2, 0, 0, 0, 0, last])
}

pub(crate) fn prefix(text: &str) -> IpPrefix {
    text.parse().unwrap()
}

pub(crate) fn missing(place: Place) -> LinkId {
    LinkId { place, index: 4711 }
}

pub(crate) fn end(place: Place, name: &str, last: u8) -> VethEnd {
    VethEnd {
        place,
        name: name.to_owned(),
        mac: mac(last),
        mtu: None,
        master: None,
    }
}

pub(crate) fn bridge(kernel: &mut Kernel, name: &str) -> LinkId {
    kernel
        .create_bridge(&Bridge {
            place: Place::Host,
            name: name.to_owned(),
            mac: mac(0xbb),
            mtu: None,
            vlan_filtering: false,
        })
        .unwrap()
}

/// `eth0` in the container and `veth0` in the host's namespace, both down.
pub(crate) fn veth(kernel: &mut Kernel) -> (LinkId, LinkId) {
    kernel
        .create_veth(&end(Place::Container, "eth0", 1), &end(Place::Host, "veth0", 2))
        .unwrap()
}

/// The same, both up and ready to pass packets.
pub(crate) fn veth_up(kernel: &mut Kernel) -> (LinkId, LinkId) {
    let (inner, outer) = veth(kernel);
    for link in [inner, outer] {
        kernel.set_link_up(link, true).unwrap();
    }
    for link in [inner, outer] {
        wait_until(|| {
            let info = kernel.link(link).unwrap().unwrap();
            info.operational_state == OperationalState::Up
        });
    }
    (inner, outer)
}

pub(crate) fn wait_until(mut condition: impl FnMut() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come about within five seconds");
}

#[track_caller]
pub(crate) fn assert_not_found<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    match result {
        Err(Error::NotFound(text)) => assert_words(&text, words),
        other => panic!("{other:?} is not `NotFound`"),
    }
}

#[track_caller]
pub(crate) fn assert_exists<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    match result {
        Err(Error::AlreadyExists(text)) => assert_words(&text, words),
        other => panic!("{other:?} is not `AlreadyExists`"),
    }
}

#[track_caller]
pub(crate) fn assert_invalid<T: std::fmt::Debug>(result: Result<T>) {
    match result {
        Err(Error::Invalid(_)) => {}
        other => panic!("{other:?} is not `Invalid`"),
    }
}

#[track_caller]
pub(crate) fn assert_conflict<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    match result {
        Err(Error::Conflict(text)) => assert_words(&text, words),
        other => panic!("{other:?} is not `Conflict`"),
    }
}

#[track_caller]
fn assert_words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
}
