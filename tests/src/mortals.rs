use std::{
    process::Child,
    sync::{Mutex, PoisonError},
};

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::Pid,
};

/// Processes that run at the same time, any of which may be killed at any
/// time.
#[derive(Debug, Default)]
pub struct Mortals {
    alive: Mutex<Vec<Pid>>,
}

impl Mortals {
    /// Kills one of them, by its place among so many. Whether there was one.
    pub fn kill_one(&self, choose: impl FnOnce(usize) -> usize) -> bool {
        // Nobody's number becomes another process's while this is held.
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        if alive.is_empty() {
            return false;
        }
        kill(alive[choose(alive.len())], Signal::SIGKILL).expect("a child of our own");
        true
    }

    /// Counts a child among them, and waits for its end; the exit code, if it
    /// was not killed.
    pub(crate) fn wait(&self, child: &mut Child) -> Option<i32> {
        let pid = Pid::from_raw(child.id().cast_signed());
        let alive = || self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive().push(pid);
        // Its number stays its own until it is waited for without this flag.
        let end = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while waitid(Id::Pid(pid), end) == Err(Errno::EINTR) {}
        alive().retain(|other| *other != pid);
        child.wait().expect("waiting for a child of our own").code()
    }
}
