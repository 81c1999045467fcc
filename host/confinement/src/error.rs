use std::{path::PathBuf, time::Duration};

use rustix::io::Errno;
use thiserror::Error;

use crate::Step;

/// Why a process is not confined, or not wholly. What was done before stays
/// done; code that is not trusted must not be run.
#[derive(Debug, Error)]
pub enum ConfinementError {
    /// It was confined before.
    #[error("the process is confined already; it can be done once only")]
    AlreadyConfined,
    /// A directory or file that was named can't be opened.
    #[error("{path:?}, which is to stay accessible, can't be opened: {errno}; make it before confinement")]
    Path {
        /// The path as given.
        path: PathBuf,
        /// From `errno.h`.
        errno: Errno,
    },
    /// The kernel has Landlock and does not take the rules.
    #[error("the rules for files (Landlock) can't be made: {0}")]
    FileView(#[from] landlock::RulesetError),
    /// A limit can't be lowered.
    #[error("the limit {resource} can't be set to {limit}: {errno}")]
    Limit {
        /// Its name, as `Nofile`.
        resource: String,
        /// In the resource's own unit.
        limit: u64,
        /// From `errno.h`.
        errno: Errno,
    },
    /// The process can't be kept from being looked into.
    #[error("the process can't be made not dumpable (PR_SET_DUMPABLE): {0}")]
    Dumpable(#[source] Errno),
    /// The threads of the process can't be listed.
    #[error("the threads of this process can't be listed: {0}; /proc has to be mounted, with this process in it")]
    ThreadList(#[source] Errno),
    /// The threads of the process can't be listed, since the list changes.
    #[error("the threads of this process come and go too fast to be listed; confine it when they do not")]
    ThreadsChange,
    /// The signal that reaches other threads can't be used.
    #[error("the signal SIGRTMAX, which reaches the other threads, can't be used: {0}")]
    Signal(#[source] Errno),
    /// Another thread does not do its part.
    #[error(
        "thread {thread} did not answer within {waited:?}; it may have SIGRTMAX blocked: start threads with no signal \
         blocked, or after confinement"
    )]
    ThreadSilent {
        /// Its number.
        thread: i32,
        /// How long it was waited for.
        waited: Duration,
    },
    /// A thread can't do its part.
    #[error("thread {thread} can't be confined: {step:?} failed: {errno}")]
    Thread {
        /// Its number.
        thread: i32,
        /// What failed.
        step: Step,
        /// From `errno.h`.
        errno: Errno,
    },
    /// The kernel does not take the filter.
    #[error(
        "the kernel does not take the system call filter: {0}; it needs CONFIG_SECCOMP_FILTER, and a sandbox around \
         this process that lets it call seccomp(2)"
    )]
    Filter(#[source] Errno),
    /// A thread has a filter of its own.
    #[error("thread {0} has a system call filter of its own, and can't be given that of the process")]
    FilterOfThread(i32),
    /// Inherited descriptors can't be closed.
    #[error("inherited descriptors can't be closed (close_range): {0}; Linux 5.9 or newer is needed")]
    Descriptors(#[source] Errno),
    /// The environment is in use.
    #[error("the environment can't be cleared while other threads run: do it before the first is started")]
    EnvironmentInUse,
}
