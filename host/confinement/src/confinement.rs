use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::{
    fs::Mode,
    process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask},
};

use crate::{
    Access, Capabilities, ConfinementError, Prepared, Refused, Report,
    file_view::{Kept, Rules},
    filter::Permissions,
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
///     .directory("/proc/sys/net", Access::Write)
///     .file("/proc/locks")
///     .enforce()?;
/// # Ok::<(), cofferdam_confinement::ConfinementError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `enforce`"]
pub struct Confinement {
    capabilities: Capabilities,
    bounding_set: bool,
    permissions: Permissions,
    paths: Vec<(PathBuf, Kept)>,
    ports: BTreeSet<u16>,
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
            bounding_set: false,
            permissions: Permissions::default(),
            paths: Vec::new(),
            ports: BTreeSet::new(),
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

    /// Leaves the bounding set of capabilities as it is. Nothing can be gained
    /// from it by a process that can execute nothing, and has no new
    /// privileges; emptying it takes a call for each capability.
    pub fn keep_bounding_set(mut self) -> Self {
        self.bounding_set = true;
        self
    }

    /// Lets files below a directory be opened, where the kernel can tell them
    /// from others. It has to exist. What is below it follows it when it is
    /// renamed; what is mounted on it is below it.
    pub fn directory(mut self, path: impl Into<PathBuf>, access: Access) -> Self {
        self.paths.push((path.into(), Kept::Directory(access)));
        self
    }

    /// Lets one file be opened for reading, where the kernel can tell it from
    /// others. It has to exist.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.paths.push((path.into(), Kept::File));
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

    /// Lets TAP devices be made of descriptors of `/dev/net/tun` that are open
    /// already.
    pub fn allow_taps(mut self) -> Self {
        self.permissions.taps = true;
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

    /// Lets processes that were started before be waited for.
    pub fn allow_waiting(mut self) -> Self {
        self.permissions.children = true;
        self
    }

    /// Lets the process have names resolved, and connect to TCP ports: these,
    /// where the kernel can tell them from others. In exchange it can make no
    /// netlink socket and no file, nor any of what the other methods allow but
    /// threads.
    pub fn only_services(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.permissions.services = true;
        self.ports.extend(ports);
        self
    }

    /// Lets timers be made: for time limits of what is begun afterwards.
    pub fn allow_timers(mut self) -> Self {
        self.permissions.timers = true;
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

    /// Lowers limits and makes the rules for files; capabilities and system
    /// calls are as before.
    ///
    /// # Errors
    /// Which step failed, and why. What was done before is not undone: the
    /// process must not go on with what it was to be confined for.
    pub fn prepare(self) -> Result<Prepared, ConfinementError> {
        static PREPARED: AtomicBool = AtomicBool::new(false);
        if PREPARED.swap(true, Ordering::SeqCst) {
            return Err(ConfinementError::AlreadyConfined);
        }
        umask(self.umask);
        for (resource, limit) in &self.limits {
            lower(*resource, *limit)?;
        }
        set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(ConfinementError::Dumpable)?;
        let rules = Rules::new(&self.paths, &self.ports)?;
        Ok(Prepared::new(
            (self.capabilities, self.bounding_set),
            self.permissions,
            self.refused,
            rules,
        ))
    }

    /// Gives up everything else, in all threads: [`Confinement::prepare`] and
    /// [`Prepared::enforce`].
    ///
    /// # Errors
    /// As for these.
    pub fn enforce(self) -> Result<Report, ConfinementError> {
        self.prepare()?.enforce()
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
