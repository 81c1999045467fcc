use rustix::process::getpid;

use crate::{
    Capabilities, ConfinementError, Refused, Report,
    confined::Confined,
    file_view::{FileView, Rules},
    filter::{Permissions, program},
    thread::Rest,
    threads::confine_all,
    unsafe_calls::{FilterFailure, install_filter},
};

/// A confinement with all that can be done ahead of it.
#[derive(Debug)]
#[must_use = "nothing is confined before `enforce`"]
pub struct Prepared {
    permissions: Permissions,
    refused: Refused,
    view: FileView,
    thread: ThreadConfinement,
}

/// What one thread has to give up, for it to do that itself. A thread that
/// does not is interrupted by [`Prepared::enforce`], and has to be waited for
/// until it is scheduled.
#[derive(Clone, Debug)]
#[must_use = "nothing is confined before `confine`"]
pub struct ThreadConfinement {
    capabilities: Capabilities,
    bounding_set: bool,
    rules: Rules,
    confined: Confined,
}

impl ThreadConfinement {
    /// Gives up, in the calling thread, all capabilities and files that the
    /// process is not to keep. The limits on system calls come with
    /// [`Prepared::enforce`].
    ///
    /// # Errors
    /// What the kernel refused; the thread may have given up some.
    pub fn confine(self) -> Result<(), ConfinementError> {
        self.confined.confine_here(self.rest()).map(drop)
    }

    fn rest(&self) -> Rest {
        Rest {
            capabilities: self.capabilities,
            ruleset: self.rules.descriptor(),
            bounding_set: self.bounding_set,
        }
    }
}

impl Prepared {
    pub(crate) fn new(
        (capabilities, bounding_set): (Capabilities, bool),
        permissions: Permissions,
        refused: Refused,
        rules: Rules,
    ) -> Self {
        Self {
            permissions,
            refused,
            view: rules.view,
            thread: ThreadConfinement {
                capabilities,
                bounding_set,
                rules,
                confined: Confined::default(),
            },
        }
    }

    /// What a thread does that still needs more than the rest for a moment,
    /// as for joining a namespace.
    pub fn thread(&self) -> ThreadConfinement {
        self.thread.clone()
    }

    /// Gives up everything that is not to be kept, in all threads.
    ///
    /// Other threads that did not do so themselves are interrupted by a signal
    /// (`SIGRTMAX`); their calls are taken up again, but for those on sockets
    /// with a time limit, which end with `EINTR`.
    ///
    /// # Errors
    /// Which step failed, and why. What was done before is not undone: the
    /// process must not go on with what it was to be confined for.
    pub fn enforce(self) -> Result<Report, ConfinementError> {
        let (own, other_threads) = confine_all(self.thread.rest(), &self.thread.confined)?;
        Ok(Report {
            capabilities: own.capabilities,
            bounding_set_closed: own.bounding_set_closed,
            other_threads,
            file_view: self.view,
            filter_length: self.filter()?,
        })
    }

    /// Last: it allows none of the calls that are made until here.
    fn filter(&self) -> Result<usize, ConfinementError> {
        let process = getpid().as_raw_pid().unsigned_abs();
        let mut program = program(self.permissions, self.refused, process);
        install_filter(&mut program).map_err(|failure| match failure {
            FilterFailure::Errno(errno) => ConfinementError::Filter(errno),
            FilterFailure::Thread(thread) => ConfinementError::FilterOfThread(thread),
        })?;
        Ok(program.len())
    }
}
