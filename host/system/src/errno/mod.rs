//! What operations ended with, by Linux's numbers and in its words.

#[cfg(any(test, not(target_os = "linux")))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

use std::io;

#[cfg(not(target_os = "linux"))]
use self::elsewhere as system;
#[cfg(target_os = "linux")]
use self::linux as system;
pub use self::system::Errno;

/// Which of Linux's errors an operation on a file ended with.
#[must_use]
pub fn errno_of(error: &io::Error) -> Errno {
    system::of(error).unwrap_or(Errno::EIO)
}

/// What an operation on a file ended with, for a component that is told: the
/// same words on every system.
#[must_use]
pub fn words_of(error: &io::Error) -> String {
    let known = system::of(error).map(io::Error::from);
    known.as_ref().unwrap_or(error).to_string()
}

/// The same error once more.
#[must_use]
pub fn same_error(error: &io::Error) -> io::Error {
    match (error.raw_os_error(), system::carried(error)) {
        (Some(number), _) => io::Error::from_raw_os_error(number),
        (None, Some(errno)) => errno.into(),
        (None, None) => io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn an_error_is_the_same_once_more() {
        for error in [
            io::Error::from(Errno::ELOOP),
            io::Error::from_raw_os_error(1),
            io::Error::new(io::ErrorKind::PermissionDenied, "not yours"),
            io::Error::other("something else"),
        ] {
            let again = same_error(&error);
            assert_eq!(again.to_string(), error.to_string());
            assert_eq!(again.kind(), error.kind());
            assert_eq!(errno_of(&again), errno_of(&error));
        }
    }

    #[test]
    fn what_is_no_error_of_the_kernels_keeps_its_words() {
        assert_eq!(words_of(&io::Error::other("something else")), "something else");
        let missing = words_of(&io::Error::from(Errno::ENOENT));
        assert_eq!(missing, "No such file or directory (os error 2)");
    }
}
