use std::fmt::Display;

use netlink_packet_core::DecodeError;
use nix::errno::Errno;

use crate::{Error, LinkId};

/// Why a netlink exchange did not end well. It knows nothing of what the
/// exchange was about; [`Failure::during`] adds that.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The kernel refused, with a sentence where it gave one.
    Refused { errno: Errno, text: Option<String> },
    /// No answer in time.
    TimeLimit,
    /// The kernel's table changed under each of several readings.
    Unsteady,
    /// The answer is not what it should be.
    Malformed(String),
}

impl Failure {
    pub(crate) fn errno(&self) -> Option<Errno> {
        match self {
            Self::Refused { errno, .. } => Some(*errno),
            _ => None,
        }
    }

    /// The failure of an action (`adding`, `taking down`) upon an object
    /// (`link 3 in the host namespace`).
    pub(crate) fn during(self, action: &str, object: impl Display) -> Error {
        let object = object.to_string();
        match self {
            Self::Refused { errno, text } => refusal(errno, text.as_deref().or(hint(errno)), action, object),
            Self::TimeLimit => Error::Deadline(format!("{action} {object}")),
            Self::Unsteady => Error::Os {
                errno: Errno::EINTR,
                context: format!("{action} {object}: the kernel's table changed during each of several readings"),
            },
            Self::Malformed(why) => Error::Os {
                errno: Errno::EBADMSG,
                context: format!("{action} {object}: the kernel's answer can't be read ({why})"),
            },
        }
    }

    /// The same where the kernel says `ENODEV` when the link that has the
    /// object, or was to get it, is missing.
    pub(crate) fn upon(self, link: LinkId, action: &str, object: impl Display) -> Error {
        match self.errno() {
            Some(Errno::ENODEV) => Error::NotFound(link.to_string()),
            _ => self.during(action, object),
        }
    }
}

fn refusal(errno: Errno, text: Option<&str>, action: &str, object: String) -> Error {
    match (Error::from_errno(errno, action, object), text) {
        (Error::Os { errno, context }, Some(text)) => Error::Os {
            errno,
            context: format!("{context}: {text}"),
        },
        (Error::Unsupported(message), Some(text)) => Error::Unsupported(format!("{message} ({text})")),
        (error, _) => error,
    }
}

/// What helps against a refusal that the kernel did not explain.
fn hint(errno: Errno) -> Option<&'static str> {
    (errno == Errno::EPERM).then_some("CAP_NET_ADMIN over that namespace is needed")
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::EAGAIN => Self::TimeLimit,
            errno => Self::Refused { errno, text: None },
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Errno::from_raw(error.raw_os_error().unwrap_or(nix::libc::EIO)).into()
    }
}
