use std::{
    env, fs,
    os::fd::{AsFd as _, AsRawFd as _, OwnedFd},
    sync::mpsc,
    thread,
};

use cofferdam_confinement::{ConfinementError, clear_environment, close_inherited_descriptors};
use nix::{fcntl::OFlag, unistd::pipe2};

use crate::scenario::{command, run, run_to_any_end, tell};

tests![
    the_environment_is_cleared_but_for_what_is_kept,
    the_environment_is_left_alone_while_another_thread_may_read_it,
    inherited_descriptors_are_closed,
];

const SECRET: &str = "COFFERDAM_TEST_SECRET";
const KEPT: &str = "CNI_COMMAND";

pub(crate) fn environment() {
    clear_environment(|name| name.as_encoded_bytes().starts_with(b"CNI_")).unwrap();
    tell(
        "left",
        env::vars()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" "),
    );
    let seen = fs::read("/proc/self/environ").unwrap();
    let seen = String::from_utf8_lossy(&seen);
    tell("secret is seen", seen.contains("swordfish"));
    tell("others are seen", seen.contains("PATH="));
    tell("what is kept is seen", seen.contains("CNI_COMMAND=ADD"));
}

pub(crate) fn environment_beside_a_thread() {
    let (sender, receiver) = mpsc::channel::<()>();
    let other = thread::spawn(move || receiver.recv().is_err());
    let ended = clear_environment(|_| false);
    tell("refused", matches!(ended, Err(ConfinementError::EnvironmentInUse)));
    tell("secret", env::var(SECRET).unwrap());
    drop(sender);
    other.join().unwrap();
}

pub(crate) fn descriptors() {
    let count = || fs::read_dir("/proc/self/fd").unwrap().count();
    let inherited: Vec<OwnedFd> = (0..20).map(|_| pipe2(OFlag::empty()).unwrap().0).collect();
    let kept = [&inherited[3], &inherited[11]];
    let before = count();
    // SAFETY: they are given up below; closing them again would be an error.
    #[allow(unsafe_code)]
    unsafe {
        close_inherited_descriptors(&kept.map(|kept| kept.as_fd())).unwrap();
    }
    tell("before", before > 20);
    // Three, two that are kept, and the one for counting.
    tell("after", count());
    let open = |descriptor: &OwnedFd| fs::metadata(format!("/proc/self/fd/{}", descriptor.as_raw_fd())).is_ok();
    tell("kept", open(kept[0]) && open(kept[1]));
    inherited.into_iter().for_each(std::mem::forget);
}

fn the_environment_is_cleared_but_for_what_is_kept() {
    let outcome = run_to_any_end(command("environment").env(SECRET, "swordfish").env(KEPT, "ADD"));
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(outcome.of("left"), "CNI_COMMAND=ADD");
    assert_eq!(outcome.of("secret is seen"), "false");
    assert_eq!(outcome.of("others are seen"), "false");
    assert_eq!(outcome.of("what is kept is seen"), "true");
}

fn the_environment_is_left_alone_while_another_thread_may_read_it() {
    let outcome = run_to_any_end(command("environment beside a thread").env(SECRET, "swordfish"));
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(outcome.of("refused"), "true");
    assert_eq!(outcome.of("secret"), "swordfish");
}

fn inherited_descriptors_are_closed() {
    let outcome = run("descriptors");
    assert_eq!(outcome.of("before"), "true");
    assert_eq!(outcome.of("after"), "6");
    assert_eq!(outcome.of("kept"), "true");
}
