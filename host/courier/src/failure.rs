//! What an error of the HTTP client is to a plugin.

use std::io;

use cofferdam_http::{CarryError, Response};
use rustix::io::Errno;
use ureq::Error;

use crate::resolver::Unresolved;

/// `what` was being done.
pub(crate) fn carry_error(error: &Error, what: &str) -> CarryError {
    match error {
        Error::HostNotFound => CarryError::NotFound(format!("{what}: there is no host of that name")),
        Error::Timeout(_) => deadline(what),
        Error::Io(error) => io_error(error, what),
        Error::Rustls(error) => tls_error(error, what),
        Error::BodyExceedsLimit(_) => CarryError::Quota(format!(
            "{what}: the response's body has more than {} bytes",
            Response::BODY
        )),
        Error::LargeResponseHeader(..) => too_many_headers(what),
        Error::Other(error) => match error.downcast_ref::<Unresolved>() {
            Some(unresolved @ Unresolved::Unknown(_)) => CarryError::NotFound(format!("{what}: {unresolved}")),
            Some(refused @ Unresolved::Refused(_)) => CarryError::Denied(format!("{what}: {refused}")),
            None => no_http(what, error),
        },
        error => no_http(what, error),
    }
}

/// A head that is longer than one may be.
pub(crate) fn too_many_headers(what: &str) -> CarryError {
    CarryError::Quota(format!(
        "{what}: the response has more than {} headers, or {} bytes of them",
        Response::HEADERS,
        Response::HEADER_BYTES
    ))
}

/// What came is no response.
pub(crate) fn no_http(what: &str, problem: &dyn std::fmt::Display) -> CarryError {
    os(
        Errno::PROTO,
        format!("{what}: the answer is no HTTP response: {problem}"),
    )
}

/// The node lacks what has to be there.
pub(crate) fn no_key(what: &str, problem: &dyn std::fmt::Display) -> CarryError {
    os(Errno::NOKEY, format!("{what}: {problem}"))
}

fn deadline(what: &str) -> CarryError {
    CarryError::Deadline(format!("{what}: there was no answer in the time of this call"))
}

fn io_error(error: &io::Error, what: &str) -> CarryError {
    let inner = error.get_ref();
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls_error(error, what);
    }
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
        return carry_error(error, what);
    }
    match (error.raw_os_error(), error.kind()) {
        (Some(errno), _) => CarryError::Os {
            errno,
            context: format!("{what}: {error}"),
        },
        (None, io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => deadline(what),
        (None, io::ErrorKind::ConnectionRefused) => {
            os(Errno::CONNREFUSED, format!("{what}: the connection is refused"))
        }
        (None, io::ErrorKind::UnexpectedEof) => os(
            Errno::PROTO,
            format!("{what}: the connection ended before the response did"),
        ),
        (None, _) => no_http(what, error),
    }
}

fn tls_error(error: &rustls::Error, what: &str) -> CarryError {
    match error {
        rustls::Error::InvalidCertificate(_) => os(
            Errno::KEYREJECTED,
            format!("{what}: the service's certificate is not to be trusted: {error}"),
        ),
        error => os(Errno::PROTO, format!("{what}: there is no TLS connection: {error}")),
    }
}

fn os(errno: Errno, context: String) -> CarryError {
    CarryError::Os {
        errno: errno.raw_os_error(),
        context,
    }
}
