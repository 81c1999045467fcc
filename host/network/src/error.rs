use std::io;

use cofferdam_protocol::Place;
use cofferdam_system::{Errno, errno_of};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What an operation returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the kernel's state is not as it was to become. An operation that
/// returns an error changed nothing, but for one that
/// [leaves it in doubt](Error::leaves_doubt).
#[derive(Debug, Error, Serialize, Deserialize)]
pub enum Error {
    /// The object does not exist. The text names it.
    #[error("{0} does not exist")]
    NotFound(String),
    /// An object of that name, address or destination exists.
    #[error("{0} already exists")]
    AlreadyExists(String),
    /// The request makes no sense, whatever the state of the kernel.
    #[error("{0}")]
    Invalid(String),
    /// There is an object in the way that is of another kind or making.
    #[error("{0}")]
    Conflict(String),
    /// The kernel lacks the feature.
    #[error("{0}")]
    Unsupported(String),
    /// The kernel did not answer, or the state did not come about, in time.
    #[error("{0} took longer than its time limit")]
    Deadline(String),
    /// The request is about the container's namespace, and there is none.
    #[error("there is no {0} namespace")]
    NoNamespace(Place),
    /// The kernel refused.
    #[error("{context}: {}", errno.desc())]
    Os {
        /// The number from `errno.h`.
        #[serde(with = "number")]
        errno: Errno,
        /// What was being done, and to what.
        context: String,
    },
}

/// A number of `errno.h` as a number.
mod number {
    use cofferdam_system::Errno;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(errno: &Errno, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(*errno as i32)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Errno, D::Error> {
        i32::deserialize(deserializer).map(Errno::from_raw)
    }
}

impl Error {
    /// Whether the kernel may have done what it was asked all the same: its
    /// answer did not come in time, or could not be read.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        match self {
            Self::Deadline(_) => true,
            Self::Os { errno, .. } => matches!(errno, Errno::EBADMSG | Errno::EINTR | Errno::EPIPE | Errno::ENOBUFS),
            _ => false,
        }
    }

    /// A refusal of the kernel, sorted into the variants above where its
    /// number says which; `object` names what the operation was about and
    /// `action` what was being done to it.
    #[must_use]
    pub fn from_errno(errno: Errno, action: &str, object: impl Into<String>) -> Self {
        let object = object.into();
        match errno {
            Errno::ENODEV | Errno::ENOENT | Errno::ESRCH | Errno::EADDRNOTAVAIL => Self::NotFound(object),
            Errno::EEXIST => Self::AlreadyExists(object),
            Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT | Errno::EPROTONOSUPPORT => {
                Self::Unsupported(format!("{action} {object}: this kernel does not support it"))
            }
            Errno::EAGAIN | Errno::ETIMEDOUT => Self::Deadline(format!("{action} {object}")),
            errno => Self::Os {
                errno,
                context: format!("{action} {object}"),
            },
        }
    }

    /// The same for an I/O error.
    #[must_use]
    pub fn from_io(error: &io::Error, action: &str, object: impl Into<String>) -> Self {
        Self::from_errno(errno_of(error), action, object)
    }
}
