use std::{
    cell::Cell,
    io,
    os::fd::OwnedFd,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use cofferdam_protocol::Place;
use nix::{
    errno::Errno,
    sched::{CloneFlags, setns},
};

use crate::{Error, Result};

/// It opens sockets and small files, no more.
const STACK: usize = 64 * 1024;

type Job = Box<dyn FnOnce() + Send>;

/// A thread that lives in a network namespace, for what only a thread in
/// there can do: opening its sockets and its files below `/proc/sys/net`.
#[derive(Debug)]
pub(crate) struct Worker {
    place: Place,
    time_limit: Duration,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    /// A job did not end in time; joining the thread might not either.
    stuck: Cell<bool>,
}

impl Worker {
    /// Starts the thread and has it join the namespace.
    pub(crate) fn start(place: Place, namespace: Arc<OwnedFd>, time_limit: Duration) -> Result<Self> {
        let (jobs, received) = mpsc::channel::<Job>();
        let thread = thread::Builder::new()
            .name(format!("netns-{place}"))
            .stack_size(STACK)
            .spawn(move || received.into_iter().for_each(|job| job()))
            .map_err(|error| failed(place, &error))?;
        let worker = Self {
            place,
            time_limit,
            jobs: Some(jobs),
            thread: Some(thread),
            stuck: Cell::new(false),
        };
        worker
            .run(move || setns(&*namespace, CloneFlags::CLONE_NEWNET))?
            .map_err(|errno| failed(place, &errno.into()))?;
        Ok(worker)
    }

    /// Has the thread do something, and waits for the result.
    pub(crate) fn run<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let ended = || Error::Os {
            errno: Errno::EPIPE,
            context: format!("the thread in the {} namespace has ended", self.place),
        };
        let (sender, result) = mpsc::sync_channel(1);
        let job: Job = Box::new(move || {
            // Nobody waits any more when the time limit has passed.
            let _ = sender.send(job());
        });
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        jobs.send(job).map_err(|_| ended())?;
        result.recv_timeout(self.time_limit).map_err(|error| match error {
            RecvTimeoutError::Disconnected => ended(),
            RecvTimeoutError::Timeout => {
                self.stuck.set(true);
                Error::Deadline(format!("a thread's work in the {} namespace", self.place))
            }
        })
    }
}

/// Waits for the thread, so that it does not keep the namespace alive.
impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && !self.stuck.get()
        {
            let _ = thread.join();
        }
    }
}

fn failed(place: Place, error: &io::Error) -> Error {
    let errno = error.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
    let hint = match errno {
        Errno::EPERM => " (CAP_SYS_ADMIN here and over that namespace is needed)",
        _ => "",
    };
    Error::Os {
        errno,
        context: format!("joining the {place} namespace{hint}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::{
        fs::File,
        thread,
        time::{Duration, Instant},
    };

    use cofferdam_protocol::Place;

    use super::Worker;
    use crate::Error;

    fn start(time_limit: Duration) -> Option<Worker> {
        let here = File::open("/proc/thread-self/ns/net").unwrap();
        let namespace = std::sync::Arc::new(here.into());
        match Worker::start(Place::Container, namespace, time_limit) {
            Ok(worker) => Some(worker),
            Err(error) => {
                eprintln!("skipped: {error}");
                None
            }
        }
    }

    #[test]
    fn a_job_that_takes_too_long_ends_at_the_time_limit() {
        let Some(worker) = start(Duration::from_millis(50)) else {
            return;
        };
        let begin = Instant::now();
        let result = worker.run(|| thread::sleep(Duration::from_secs(2)));
        assert!(matches!(result, Err(Error::Deadline(_))), "{result:?}");
        drop(worker);
        assert!(begin.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn a_job_that_panics_is_an_error() {
        let Some(worker) = start(Duration::from_secs(5)) else {
            return;
        };
        let result: Result<(), _> = worker.run(|| panic!("on purpose"));
        assert!(matches!(result, Err(Error::Os { .. })), "{result:?}");
        assert!(worker.run(|| ()).is_err());
    }
}
