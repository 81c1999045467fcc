use std::io;

use thiserror::Error;

use crate::message::Malformed;

/// Why firewalld did not do, or tell, what it was asked.
#[derive(Debug, Error)]
pub enum Error {
    /// It does not run, or not any more.
    #[error("firewalld does not run")]
    Gone,
    /// Nobody answered in time. It may have been done all the same.
    #[error("firewalld did not answer in time")]
    Late,
    /// It refused. Its own words begin with one in capitals, which is the
    /// reason: `ZONE_CONFLICT: '10.22.0.5/32' already bound to a zone`.
    #[error("firewalld: {0}")]
    Refused(String),
    /// What came is no answer.
    #[error("firewalld: what came over D-Bus is no answer")]
    Unreadable,
    /// The connection broke.
    #[error("the connection to D-Bus: {0}")]
    Connection(io::Error),
}

impl Error {
    /// The reason of a refusal, as `ZONE_CONFLICT`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused(words) => words.split(':').next(),
            _ => None,
        }
    }
}

impl From<Malformed> for Error {
    fn from(_: Malformed) -> Self {
        Self::Unreadable
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Late,
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => Self::Gone,
            _ => Self::Connection(error),
        }
    }
}
