//! Collecting attachments that nobody will detach: for the verb GC, where the
//! runtime tells which these are, and for runtimes that never call it, where
//! the container's namespace does.

mod inhabited;

use std::{
    fmt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use cofferdam_journal::{Error, Header, History, LockedAttachment, NamespaceRecord, Report, State, StateDirectory};
use cofferdam_network::{
    Kernel,
    namespace::{NamespaceError, OpenNamespace, identity, open_namespace},
};
use cofferdam_system::Errno;
pub use inhabited::Inhabited;

use crate::{
    Installation,
    container::{kernel_where_made, record},
    undo::roll_back_left,
};

/// Time that the kernel has for a request.
const REQUEST: Duration = Duration::from_secs(10);

/// What there is now at the path of a container's namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceNow {
    /// The namespace that the attachment was made in.
    There,
    /// Nothing: the container is gone.
    Gone,
    /// Something else: the container is gone, and its path was used again.
    Another,
    /// Not the namespace, but a process lives in it: the path is another one
    /// here than where the runtime is, or what it began with has ended.
    Elsewhere,
    /// It can't be looked at, or its path is not on record.
    Unknown,
}

impl NamespaceNow {
    /// Looks. As the runtime's path is followed, that has to be done where the
    /// runtime sees its files and processes.
    #[must_use]
    pub fn of(made_in: &NamespaceRecord, inhabited: &Inhabited) -> Self {
        match Self::at_path(made_in) {
            Self::Gone | Self::Another if lives_on(made_in, inhabited) => Self::Elsewhere,
            now => now,
        }
    }

    fn at_path(made_in: &NamespaceRecord) -> Self {
        if made_in.path.is_empty() {
            return Self::Unknown;
        }
        let namespace = match open_namespace(Path::new(&made_in.path)) {
            Ok(namespace) => namespace,
            Err(NamespaceError::NotExist(_)) => return Self::Gone,
            Err(NamespaceError::NotANamespace { .. } | NamespaceError::NotANetworkNamespace(_)) => {
                return Self::Another;
            }
            // A socket, or something that leads through a file.
            Err(NamespaceError::Os {
                errno: Errno::ENXIO | Errno::ENOTDIR,
                ..
            }) => return Self::Another,
            Err(NamespaceError::Os { .. }) => return Self::Unknown,
        };
        match is_it(namespace, made_in) {
            Some(true) => Self::There,
            Some(false) => Self::Another,
            None => Self::Unknown,
        }
    }
}

/// Whether a namespace is the recorded one; `None` where it can't be looked at.
fn is_it(namespace: OpenNamespace, made_in: &NamespaceRecord) -> Option<bool> {
    let identity = identity(&namespace).ok()?;
    let mut kernel = Kernel::new(REQUEST).with_container(namespace);
    Some(record(&mut kernel, identity, Some(&made_in.path)).is_same(made_in))
}

/// Whether a process is in the recorded namespace. What nobody is in may live
/// on, too, held by a mount or a descriptor; of that nothing can be known.
fn lives_on(made_in: &NamespaceRecord, inhabited: &Inhabited) -> bool {
    let mut paths = inhabited.paths_to(made_in.identity.inode).iter();
    paths.any(|path| open_namespace(path).is_ok_and(|namespace| is_it(namespace, made_in) == Some(true)))
}

/// Why an attachment can go, though nobody said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// The node was started anew since.
    EarlierBoot,
    /// The container's namespace is not at its path, and no process is in it.
    NamespaceGone,
    /// There is another namespace, or something else, at its path.
    NamespaceReplaced,
    /// The call that made it, or undid it, ended before its end. Whether that
    /// is so is known by who has the attachment's lock.
    Unfinished,
}

impl Abandoned {
    /// Why, if there is a reason. The age of the attachment is another
    /// question, and whether somebody is at work on it.
    #[must_use]
    pub fn of(history: &History, inhabited: &Inhabited) -> Option<Self> {
        let header = history.header()?;
        if header.is_of_earlier_boot() {
            return Some(Self::EarlierBoot);
        }
        let look = |record| NamespaceNow::of(record, inhabited);
        match header.namespace.as_ref().map(look) {
            Some(NamespaceNow::Gone) => return Some(Self::NamespaceGone),
            Some(NamespaceNow::Another) => return Some(Self::NamespaceReplaced),
            Some(NamespaceNow::There | NamespaceNow::Elsewhere | NamespaceNow::Unknown) | None => {}
        }
        match history.state() {
            State::Uncommitted | State::RollingBack => Some(Self::Unfinished),
            // What can't be read may be that it is complete, and in use.
            State::Torn | State::None | State::Committed => None,
        }
    }
}

impl fmt::Display for Abandoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EarlierBoot => "the node was started anew since",
            Self::NamespaceGone => "its namespace is gone",
            Self::NamespaceReplaced => "its namespace is gone, and its path leads to something else",
            Self::Unfinished => "the call that worked on it ended before its end",
        })
    }
}

/// How long ago an attachment was begun. One of the future, as a clock that
/// was set makes them, was begun just now.
#[must_use]
pub fn age(header: &Header) -> Duration {
    let started = UNIX_EPOCH + Duration::from_millis(header.started);
    SystemTime::now().duration_since(started).unwrap_or_default()
}

/// The node's network, for who works on an operator's word.
#[must_use]
pub fn host_kernel(installation: &Installation) -> Kernel {
    installation.kernel(REQUEST)
}

/// Undoes what is on record of an attachment, inside its container too as far
/// as that is there, and removes the journal when all is undone.
///
/// # Errors
/// The journal can't be used. What could not be undone is in the report.
pub fn undo(state: &StateDirectory, locked: LockedAttachment, host: impl Fn() -> Kernel) -> Result<Report, Error> {
    let id = locked.id().clone();
    let path = locked.history().namespace().map(|record| record.path.clone());
    let mut kernel = kernel_where_made(host, path.as_deref(), locked.history());
    let journal = locked.reopen()?;
    Ok(roll_back_left(journal, &mut kernel, &state.shared(), &id))
}
