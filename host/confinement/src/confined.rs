use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::{
    fs::stat,
    thread::{Pid, gettid},
};

use crate::{
    ConfinementError,
    thread::{Done, Rest, give_up},
    unsafe_calls::signal_thread,
};

/// Links of the directory that lists the threads of a process, without those
/// for the threads: each has one.
pub(crate) const LINKS_OF_NONE: usize = 2;

/// The threads that have given up all but the rest by themselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Confined(Arc<Mutex<Vec<(Pid, Done)>>>);

impl Confined {
    /// Has the calling thread give up all but the rest, once.
    pub(crate) fn confine_here(&self, rest: Rest) -> Result<Done, ConfinementError> {
        let thread = gettid();
        if let Some((_, done)) = self.list().iter().find(|(known, _)| *known == thread) {
            return Ok(*done);
        }
        let done = give_up(rest).map_err(|(step, errno)| ConfinementError::Thread {
            thread: thread.as_raw_pid(),
            step,
            errno,
        })?;
        self.list().push((thread, done));
        Ok(done)
    }

    /// Those besides the calling thread.
    pub(crate) fn others(&self) -> Vec<Pid> {
        let threads = self.list();
        let threads = threads.iter().map(|(thread, _)| *thread);
        threads.filter(|thread| *thread != gettid()).collect()
    }

    /// Whether the process has no other thread than these and the calling
    /// one. `false` also where that can't be seen.
    pub(crate) fn are_all(&self) -> bool {
        let Ok(status) = stat("/proc/self/task") else {
            return false;
        };
        let others = self.others();
        // Whoever is there afterwards was there when they were counted.
        usize::try_from(status.st_nlink) == Ok(others.len() + 1 + LINKS_OF_NONE)
            && others.into_iter().all(|thread| signal_thread(thread, 0).is_ok())
    }

    fn list(&self) -> MutexGuard<'_, Vec<(Pid, Done)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
