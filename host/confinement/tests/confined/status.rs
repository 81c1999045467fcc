use std::fs;

use cofferdam_confinement::{Capabilities, Confinement, FileView, Resource, probe};
use rustix::{
    fs::Mode,
    process::{dumpable_behavior, getrlimit, umask},
    thread::{CapabilitySets, capabilities, capabilities_secure_bits, set_capabilities},
};

use crate::{
    files::READ,
    scenario::{run, tell},
};

tests![
    all_sets_of_capabilities_hold_what_is_kept,
    others_can_not_look_into_it_and_it_still_sees_itself,
    being_root_means_nothing_to_an_execution,
    limits_are_lowered,
    the_report_says_what_is_left,
    a_process_that_may_not_close_the_bounding_set_is_confined_and_says_so,
];

/// A field of a thread's `/proc/self/task/…/status`; `None` when the thread
/// has ended.
fn field(thread: &str, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let value = line.unwrap_or_else(|| panic!("no {name} in {status}"));
    Some(value.trim().to_owned())
}

/// Whether nothing is refused for want of a capability.
pub(crate) fn is_root_of_the_machine() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap();
    let all: Vec<_> = map.split_whitespace().collect();
    all == ["0", "0", "4294967295"] && field(&own(), "CapEff").unwrap().trim_start_matches('0').len() >= 10
}

fn own() -> String {
    rustix::thread::gettid().as_raw_pid().to_string()
}

const SETS: &[&str] = &["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];

/// What the kernel says of each thread, in one line.
pub(crate) fn tell_of_threads() {
    for entry in fs::read_dir("/proc/self/task").unwrap() {
        let thread = entry.unwrap().file_name().into_string().unwrap();
        if let Some(state) = state(&thread) {
            tell(&format!("thread {thread}"), state);
        }
    }
}

fn state(thread: &str) -> Option<String> {
    let sets: Option<Vec<_>> = SETS.iter().map(|set| field(thread, set)).collect();
    Some(format!(
        "{} no_new_privs {} seccomp {}",
        sets?.join(" "),
        field(thread, "NoNewPrivs")?,
        field(thread, "Seccomp")?
    ))
}

/// The line above for a thread that keeps CAP_NET_ADMIN, if this process has
/// it, and nothing else.
pub(crate) fn confined_state() -> String {
    let held = capabilities(None).unwrap();
    let left = (held.permitted & Capabilities::NET_ADMIN).bits();
    let bounding = if held.effective.contains(Capabilities::SETPCAP) {
        format!("{:016x}", Capabilities::NET_ADMIN.bits())
    } else {
        field(&own(), "CapBnd").unwrap()
    };
    format!(
        "{:016x} {left:016x} {left:016x} {bounding} {:016x} no_new_privs 1 seccomp 2",
        0, 0
    )
}

pub(crate) fn of_a_process() {
    let report = Confinement::new()
        .keep_capability(Capabilities::NET_ADMIN)
        .directory("/proc", READ)
        .limit(Resource::Fsize, 1 << 20)
        .umask(0o077)
        .enforce()
        .unwrap();
    tell_of_threads();
    tell("report", &report);
    tell("view", format_args!("{:?}", report.file_view));
    for (name, resource) in [
        ("core", Resource::Core),
        ("nofile", Resource::Nofile),
        ("fsize", Resource::Fsize),
    ] {
        let limit = getrlimit(resource);
        tell(name, format_args!("{:?} {:?}", limit.current, limit.maximum));
    }
}

/// What can't be asked any more when the filter is there.
pub(crate) fn prepared() {
    let prepared = Confinement::new()
        .umask(0o027)
        .directory("/proc", READ)
        .prepare()
        .unwrap();
    prepared.thread().confine().unwrap();
    tell(
        "secure bits",
        format_args!("{:#x}", capabilities_secure_bits().unwrap().bits()),
    );
    tell("dumpable", format_args!("{:?}", dumpable_behavior().unwrap()));
    tell("umask", format_args!("{:o}", umask(Mode::empty()).as_raw_mode()));
    tell("a file", fs::read("/proc/self/status").is_ok());
    tell("a descriptor of its own", fs::metadata("/proc/self/fd/0").is_ok());
    tell("its namespace", fs::File::open("/proc/thread-self/ns/net").is_ok());
}

pub(crate) fn without_setpcap() {
    let all = capabilities(None).unwrap();
    let less = all.permitted - Capabilities::SETPCAP;
    let sets = CapabilitySets {
        effective: less,
        permitted: less,
        inheritable: Capabilities::empty(),
    };
    set_capabilities(None, sets).unwrap();
    let report = Confinement::new()
        .keep_capability(Capabilities::NET_ADMIN | Capabilities::SETPCAP)
        .directory("/proc", READ)
        .enforce()
        .unwrap();
    tell("bounding set closed", report.bounding_set_closed);
    tell("capabilities", format_args!("{:?}", report.capabilities));
    tell("effective", field(&own(), "CapEff").unwrap());
}

fn all_sets_of_capabilities_hold_what_is_kept() {
    let outcome = run("status");
    let threads: Vec<_> = outcome
        .found
        .iter()
        .filter(|(name, _)| name.starts_with("thread "))
        .collect();
    assert!(!threads.is_empty());
    for (thread, state) in threads {
        assert_eq!(*state, confined_state(), "{thread}");
    }
}

fn others_can_not_look_into_it_and_it_still_sees_itself() {
    let outcome = run("prepared");
    assert_eq!(outcome.of("dumpable"), "NotDumpable");
    assert_eq!(outcome.of("umask"), "27");
    for own in ["a file", "a descriptor of its own", "its namespace"] {
        assert_eq!(outcome.of(own), "true", "{own}");
    }
}

/// `noroot`, `keep_caps` and `no_cap_ambient_raise`, locked; see `capabilities(7)`.
fn being_root_means_nothing_to_an_execution() {
    let may = capabilities(None).unwrap().effective.contains(Capabilities::SETPCAP);
    assert_eq!(run("prepared").of("secure bits"), if may { "0xe3" } else { "0x0" });
}

fn limits_are_lowered() {
    let outcome = run("status");
    assert_eq!(outcome.of("core"), "Some(0) Some(0)");
    assert_eq!(outcome.of("nofile"), "Some(256) Some(256)");
    assert_eq!(outcome.of("fsize"), "Some(1048576) Some(1048576)");
}

fn the_report_says_what_is_left() {
    let outcome = run("status");
    let report = outcome.of("report");
    let held = capabilities(None).unwrap().permitted;
    let left = if held.contains(Capabilities::NET_ADMIN) {
        "CAP_NET_ADMIN"
    } else {
        "none"
    };
    assert!(report.starts_with(&format!("capabilities: {left}; ")), "{report}");
    let files = match probe() {
        FileView::Limited { .. } => "files are limited by Landlock",
        _ => "files are not limited",
    };
    assert!(report.contains(files), "{report}");
    assert_eq!(outcome.of("view"), format!("{:?}", probe()));
}

fn a_process_that_may_not_close_the_bounding_set_is_confined_and_says_so() {
    let outcome = run("no right to close the bounding set");
    assert_eq!(outcome.of("bounding set closed"), "false");
    let left = capabilities(None).unwrap().permitted & Capabilities::NET_ADMIN;
    assert_eq!(outcome.of("effective"), format!("{:016x}", left.bits()));
}
