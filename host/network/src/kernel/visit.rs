use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    panic::resume_unwind,
    thread,
};

use cofferdam_protocol::Place;
use nix::{
    errno::Errno,
    sched::{CloneFlags, setns},
};

use crate::{Error, Result, namespace};

/// Goes into another network namespace, for what can be opened only from
/// inside: sockets, and files below `/proc/sys/net`.
///
/// The calling thread goes itself and comes back: another thread would cost
/// more than most of what is done there (`docs/decisions`).
#[derive(Debug)]
pub(super) struct Visitor {
    place: Place,
    /// The calling thread's own namespace, where it may go back to.
    home: Option<OwnedFd>,
}

impl Visitor {
    /// Finds out whether the calling thread could come back: whoever has
    /// rights in the container only can not.
    pub(super) fn new(place: Place) -> Result<Self> {
        let home = namespace::open_current().map_err(|error| Error::Os {
            errno: Errno::EBADF,
            context: format!("opening this thread's own namespace: {error}"),
        })?;
        let may_return = enter(&home).is_ok();
        Ok(Self {
            place,
            home: may_return.then_some(home),
        })
    }

    /// Does something inside the namespace.
    pub(super) fn visit<T: Send>(&self, namespace: &OwnedFd, job: impl FnOnce() -> T + Send) -> Result<T> {
        let Some(home) = &self.home else {
            return self.send_thread(namespace, job);
        };
        enter(namespace).map_err(|errno| self.failed(errno))?;
        let _way_back = WayBack(home);
        Ok(job())
    }

    /// Has a thread do it that ends there.
    fn send_thread<T: Send>(&self, namespace: &OwnedFd, job: impl FnOnce() -> T + Send) -> Result<T> {
        let ended = thread::scope(|scope| {
            let errand = move || enter(namespace).map(|()| job());
            thread::Builder::new()
                .spawn_scoped(scope, errand)
                .map(thread::ScopedJoinHandle::join)
        });
        ended
            .map_err(|error| self.failed(errno(&error)))?
            .unwrap_or_else(|panic| resume_unwind(panic))
            .map_err(|errno| self.failed(errno))
    }

    fn failed(&self, errno: Errno) -> Error {
        let hint = match errno {
            Errno::EPERM => " (CAP_SYS_ADMIN here and over that namespace is needed)",
            _ => "",
        };
        Error::Os {
            errno,
            context: format!("joining the {} namespace{hint}", self.place),
        }
    }
}

/// Takes the thread home, also from a panic.
struct WayBack<'a>(&'a OwnedFd);

impl Drop for WayBack<'_> {
    fn drop(&mut self) {
        // Whatever the thread did next, it would do to the wrong namespace.
        enter(self.0).expect("the kernel lets a thread back in that it has let in before");
    }
}

fn enter(namespace: impl AsFd) -> nix::Result<()> {
    setns(namespace, CloneFlags::CLONE_NEWNET)
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::{
        fs::File,
        os::fd::OwnedFd,
        panic::{AssertUnwindSafe, catch_unwind},
        thread,
    };

    use cofferdam_protocol::Place;
    use nix::sched::{CloneFlags, unshare};

    use super::Visitor;
    use crate::namespace::{NamespaceIdentity, identity};

    fn current() -> NamespaceIdentity {
        identity(File::open("/proc/thread-self/ns/net").unwrap()).unwrap()
    }

    fn new_namespace() -> Option<OwnedFd> {
        let made = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            Ok::<OwnedFd, nix::Error>(File::open("/proc/thread-self/ns/net").unwrap().into())
        });
        match made.join().unwrap() {
            Ok(namespace) => Some(namespace),
            Err(errno) => {
                eprintln!("skipped: making a network namespace: {errno}");
                None
            }
        }
    }

    /// A visitor that comes back itself, and one that sends a thread.
    fn visitors() -> [Visitor; 2] {
        let by_thread = Visitor {
            place: Place::Container,
            home: None,
        };
        [Visitor::new(Place::Container).unwrap(), by_thread]
    }

    #[test]
    fn the_job_is_done_inside_and_the_thread_is_back_after_it() {
        let Some(namespace) = new_namespace() else { return };
        let home = current();
        for visitor in visitors() {
            let inside = visitor.visit(&namespace, current).unwrap();
            assert_eq!(inside, identity(&namespace).unwrap());
            assert_eq!(current(), home);
        }
    }

    #[test]
    fn the_thread_is_back_after_a_panic() {
        let Some(namespace) = new_namespace() else { return };
        let home = current();
        for visitor in visitors() {
            let visit = || visitor.visit(&namespace, || panic!("on purpose"));
            let ended: Result<crate::Result<()>, _> = catch_unwind(AssertUnwindSafe(visit));
            assert!(ended.is_err());
            assert_eq!(current(), home);
        }
    }

    #[test]
    fn what_is_no_namespace_is_an_error_and_nothing_is_done() {
        let home = current();
        let file: OwnedFd = File::open("/proc/self/status").unwrap().into();
        for visitor in visitors() {
            let result = visitor.visit(&file, || panic!("not reached"));
            let result: crate::Result<()> = result;
            assert!(result.unwrap_err().to_string().contains("container namespace"));
            assert_eq!(current(), home);
        }
    }
}
