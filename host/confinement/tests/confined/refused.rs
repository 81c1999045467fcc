use std::{os::unix::process::ExitStatusExt as _, process::Command, sync::mpsc, thread};

use cofferdam_confinement::{Capabilities, Confinement, ConfinementError, Refused};
use cofferdam_escape::{REFUSED, REFUSED_OF_X86};
use libc::{EPERM, SIGSYS};

use crate::{
    scenario::{command, run, run_to_any_end, tell},
    status::is_root_of_the_machine,
};

tests![
    what_is_not_needed_is_refused_in_every_thread,
    the_same_is_not_refused_without_confinement,
    a_refused_call_can_be_made_to_kill,
    a_process_can_be_confined_once,
];

/// Tries each call and tells how it ended.
fn try_all(thread: &str) {
    for call in REFUSED.iter().chain(REFUSED_OF_X86) {
        tell(&format!("{thread}: {} {}", call.name, call.arguments()), call.make());
    }
    let executed = Command::new("/bin/true").status().map_err(|error| error.raw_os_error());
    tell(
        &format!("{thread}: execute /bin/true"),
        executed.map_or_else(Option::unwrap, |_| 0),
    );
}

/// In the main thread, and in one that was there before confinement.
fn try_all_in_two_threads(confine: impl FnOnce()) {
    let (sender, confined) = mpsc::channel();
    let other = thread::spawn(move || {
        confined.recv().unwrap();
        try_all("another thread");
    });
    confine();
    try_all("the main thread");
    sender.send(()).unwrap();
    other.join().unwrap();
}

pub(crate) fn free() {
    try_all_in_two_threads(|| ());
}

pub(crate) fn confined() {
    try_all_in_two_threads(|| {
        let confinement = Confinement::new()
            .keep_capability(Capabilities::NET_ADMIN)
            .directory("/", crate::files::READ);
        confinement.enforce().unwrap();
    });
}

pub(crate) fn killed() {
    Confinement::new().refused(Refused::Kill).enforce().unwrap();
    tell("alive", "still");
    let _ = REFUSED[0].make();
    tell("alive", "after all");
}

pub(crate) fn twice() {
    Confinement::new().enforce().unwrap();
    let again = Confinement::new().enforce();
    tell("again", matches!(again, Err(ConfinementError::AlreadyConfined)));
}

fn what_is_not_needed_is_refused_in_every_thread() {
    let outcome = run("confined");
    let expected = 2 * (REFUSED.len() + REFUSED_OF_X86.len() + 1);
    assert_eq!(outcome.found.len(), expected);
    for (call, errno) in &outcome.found {
        assert_eq!(errno, &EPERM.to_string(), "{call}");
    }
}

/// Or the test above would pass whatever is refused, and by whom.
fn the_same_is_not_refused_without_confinement() {
    if !is_root_of_the_machine() {
        eprintln!("skipped: as another user than root, much of it is refused anyway");
        return;
    }
    for (call, errno) in &run("free").found {
        assert_ne!(errno, &EPERM.to_string(), "{call}");
    }
}

fn a_refused_call_can_be_made_to_kill() {
    let outcome = run_to_any_end(&mut command("killed"));
    assert_eq!(outcome.status.signal(), Some(SIGSYS), "{outcome:?}");
    assert_eq!(outcome.of("alive"), "still");
}

fn a_process_can_be_confined_once() {
    assert_eq!(run("twice").of("again"), "true");
}
