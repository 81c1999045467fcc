//! How an operation ended, as far as it is the same on both.

use cofferdam_network::{Error, Result};
use cofferdam_system::Errno;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    NotFound,
    Exists,
    Invalid,
    Conflict,
    Unsupported,
    Deadline,
    NoNamespace,
    Os(Errno),
}

impl Outcome {
    pub(crate) fn of<T>(result: &Result<T>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(Error::NotFound(_)) => Self::NotFound,
            Err(Error::AlreadyExists(_)) => Self::Exists,
            Err(Error::Invalid(_)) => Self::Invalid,
            Err(Error::Conflict(_)) => Self::Conflict,
            Err(Error::Unsupported(_)) => Self::Unsupported,
            Err(Error::Deadline(_)) => Self::Deadline,
            Err(Error::NoNamespace(_)) => Self::NoNamespace,
            Err(Error::Os { errno, .. }) => Self::Os(*errno),
        }
    }
}

/// The word for it in `cases`: `exists`, or a number's name.
impl std::str::FromStr for Outcome {
    type Err = String;

    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Ok(match word {
            "done" => Self::Done,
            "missing" => Self::NotFound,
            "exists" => Self::Exists,
            "invalid" => Self::Invalid,
            "conflict" => Self::Conflict,
            "unsupported" => Self::Unsupported,
            name => Self::Os(number(name).ok_or_else(|| format!("{name} is no outcome"))?),
        })
    }
}

fn number(name: &str) -> Option<Errno> {
    let known = [
        Errno::EACCES,
        Errno::EADDRINUSE,
        Errno::EBUSY,
        Errno::EHOSTUNREACH,
        Errno::EINVAL,
        Errno::ELOOP,
        Errno::ENETDOWN,
        Errno::ENETUNREACH,
        Errno::ENOBUFS,
        Errno::ENXIO,
        Errno::ERANGE,
    ];
    known.into_iter().find(|errno| format!("{errno:?}") == name)
}
