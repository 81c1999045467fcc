use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::{
    fs::Mode,
    process::{DumpableBehavior, Resource, Rlimit, getpid, getrlimit, set_dumpable_behavior, setrlimit, umask},
};

use crate::{
    Access, Capabilities, ConfinementError, Refused, Report,
    file_view::Rules,
    filter::{Permissions, program},
    thread::Rest,
    threads::confine_all,
    unsafe_calls::{FilterFailure, install_filter},
};

/// Descriptors that the process may have.
const DESCRIPTORS: u64 = 256;

/// What the process keeps; everything else it gives up, for ever and with
/// all of its threads.
///
/// By default it keeps what it has open, the threads that run, memory without
/// new code, netlink sockets for routes and packet filters, and, where the
/// kernel has no Landlock, files as far as its user may use them.
///
/// ```no_run
/// use cofferdam_confinement::{Access, Capabilities, Confinement};
///
/// let report = Confinement::new()
///     .keep_capability(Capabilities::NET_ADMIN)
///     .directory("/run/cofferdam", Access::Write)
///     .directory("/proc", Access::Read)
///     .directory("/proc/sys/net", Access::Write)
///     .enforce()?;
/// # Ok::<(), cofferdam_confinement::ConfinementError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `enforce`"]
pub struct Confinement {
    capabilities: Capabilities,
    permissions: Permissions,
    directories: Vec<(PathBuf, Access)>,
    limits: Vec<(Resource, u64)>,
    umask: Mode,
    refused: Refused,
}

impl Default for Confinement {
    fn default() -> Self {
        Self::new()
    }
}

impl Confinement {
    /// Keeps no capability and no directory.
    pub fn new() -> Self {
        Self {
            capabilities: Capabilities::empty(),
            permissions: Permissions::default(),
            directories: Vec::new(),
            limits: vec![(Resource::Core, 0), (Resource::Nofile, DESCRIPTORS)],
            umask: Mode::WGRP | Mode::WOTH,
            refused: Refused::default(),
        }
    }

    /// Keeps a capability, or several, as far as the process has them.
    pub fn keep_capability(mut self, capability: Capabilities) -> Self {
        self.capabilities |= capability;
        self
    }

    /// Lets files below a directory be opened, where the kernel can tell them
    /// from others. It has to exist. What is below it follows it when it is
    /// renamed; what is mounted on it is below it.
    pub fn directory(mut self, path: impl Into<PathBuf>, access: Access) -> Self {
        self.directories.push((path.into(), access));
        self
    }

    /// Lets packet sockets be opened (`AF_PACKET`).
    pub fn allow_packets(mut self) -> Self {
        self.permissions.packets = true;
        self
    }

    /// Lets questions be asked about interfaces, and drivers be set, with
    /// `ioctl` on an IPv4 datagram socket.
    pub fn allow_interface_requests(mut self) -> Self {
        self.permissions.interface_requests = true;
        self
    }

    /// Lets memory be made executable: for code that is loaded afterwards.
    pub fn allow_code(mut self) -> Self {
        self.permissions.code = true;
        self
    }

    /// Lets threads be started. They inherit all of this.
    pub fn allow_threads(mut self) -> Self {
        self.permissions.threads = true;
        self
    }

    /// Lowers another limit, or lowers one differently; by default no memory
    /// is dumped and 256 descriptors may be open. A limit that is lower
    /// already stays.
    pub fn limit(mut self, resource: Resource, limit: u64) -> Self {
        self.limits.retain(|(known, _)| *known != resource);
        self.limits.push((resource, limit));
        self
    }

    /// The rights that new files never get, as bits of a mode; by default
    /// 0o022.
    pub fn umask(mut self, mask: u32) -> Self {
        self.umask = Mode::from_bits_truncate(mask);
        self
    }

    /// What becomes of a system call that is not allowed.
    pub fn refused(mut self, refused: Refused) -> Self {
        self.refused = refused;
        self
    }

    /// Gives up everything else, in all threads.
    ///
    /// Other threads are interrupted by a signal (`SIGRTMAX`); their calls are
    /// taken up again, but for those on sockets with a time limit, which end
    /// with `EINTR`.
    ///
    /// # Errors
    /// Which step failed, and why. What was done before is not undone: the
    /// process must not go on with what it was to be confined for.
    pub fn enforce(self) -> Result<Report, ConfinementError> {
        self.enforce_in_parts(|_| ())
    }

    /// The same, telling the name of each part when it is done: to see where
    /// the time goes.
    ///
    /// # Errors
    /// As [`Confinement::enforce`].
    pub fn enforce_in_parts(self, mut done: impl FnMut(&'static str)) -> Result<Report, ConfinementError> {
        static ENFORCED: AtomicBool = AtomicBool::new(false);
        if ENFORCED.swap(true, Ordering::SeqCst) {
            return Err(ConfinementError::AlreadyConfined);
        }
        umask(self.umask);
        self.limits
            .iter()
            .try_for_each(|(resource, limit)| lower(*resource, *limit))?;
        set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(ConfinementError::Dumpable)?;
        done("limits");
        let rules = Rules::new(&self.directories)?;
        done("file rules");
        let rest = Rest {
            capabilities: self.capabilities,
            ruleset: rules.descriptor(),
        };
        let (own, other_threads) = confine_all(rest)?;
        done("threads");
        let filter_length = self.filter()?;
        done("filter");
        Ok(Report {
            capabilities: own.capabilities,
            bounding_set_closed: own.bounding_set_closed,
            other_threads,
            file_view: rules.view,
            filter_length,
        })
    }

    /// Last: it allows none of the calls that were made until here.
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

fn lower(resource: Resource, limit: u64) -> Result<(), ConfinementError> {
    let now = getrlimit(resource);
    let wanted = Rlimit {
        current: Some(now.current.map_or(limit, |current| current.min(limit))),
        maximum: Some(now.maximum.map_or(limit, |maximum| maximum.min(limit))),
    };
    setrlimit(resource, wanted).map_err(|errno| ConfinementError::Limit {
        resource: format!("{resource:?}"),
        limit,
        errno,
    })
}
