use thiserror::Error;

use crate::bindings::types;

/// Why the host did not do what it was asked. Nothing was changed.
///
/// `?` turns it into a [`Failure`](crate::Failure) with the code that
/// [`codes`](crate::codes) lists.
///
/// ```
/// # use cofferdam_guest_sdk::{Error, Failure, Namespace};
/// fn find(container: &Namespace) -> Result<u32, Failure> {
///     match container.find("eth0") {
///         Ok(link) => Ok(link.info()?.mtu),
///         Err(Error::NotFound(_)) => Ok(1500),
///         Err(error) => Err(error.into()),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The policy does not grant it, or the component does not declare to need
    /// it.
    #[error("{operation} is not granted for {target}")]
    Denied {
        /// The operation, in the policy's words: `link.create`.
        operation: String,
        /// What it was to be done to.
        target: String,
        /// The grant that would have allowed it, as a line of policy; or why
        /// none would.
        missing: String,
    },
    /// The object does not exist, or this plugin may not see it.
    #[error("{0}")]
    NotFound(String),
    /// An object of that name, or that very address or route, exists.
    #[error("{0}")]
    AlreadyExists(String),
    /// The argument makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The object belongs to somebody else.
    #[error("{0}")]
    Conflict(String),
    /// A lock could not be had in time.
    #[error("{0}")]
    Busy(String),
    /// A limit of this call, attachment, network or tenant is reached.
    #[error("{0}")]
    Quota(String),
    /// The time budget of this call is used up.
    #[error("{0}")]
    Deadline(String),
    /// This kernel can't do it.
    #[error("{0}")]
    Unsupported(String),
    /// The kernel refused.
    #[error("{context}")]
    Os {
        /// The number from `errno.h`.
        errno: u32,
        /// What was being done, to what, and what the number means.
        context: String,
    },
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::Denied(denial) => Self::Denied {
                operation: denial.operation,
                target: denial.target,
                missing: denial.missing,
            },
            types::Error::NotFound(text) => Self::NotFound(text),
            types::Error::AlreadyExists(text) => Self::AlreadyExists(text),
            types::Error::Invalid(text) => Self::Invalid(text),
            types::Error::Conflict(text) => Self::Conflict(text),
            types::Error::Busy(text) => Self::Busy(text),
            types::Error::Quota(text) => Self::Quota(text),
            types::Error::Deadline(text) => Self::Deadline(text),
            types::Error::Unsupported(text) => Self::Unsupported(text),
            types::Error::Os(os) => Self::Os {
                errno: os.errno,
                context: os.context,
            },
        }
    }
}

/// Results where one kind of refusal is as good as success.
///
/// ```
/// use cofferdam_guest_sdk::{Error, Outcome};
///
/// let gone: Result<(), Error> = Err(Error::NotFound("link \"eth0\" does not exist".into()));
/// assert_eq!(gone.optional(), Ok(None));
/// ```
pub trait Outcome<T> {
    /// A missing object is `None`.
    ///
    /// # Errors
    /// Every other error.
    fn optional(self) -> Result<Option<T>, Error>;

    /// An object that exists already is `None`.
    ///
    /// # Errors
    /// Every other error.
    fn unless_exists(self) -> Result<Option<T>, Error>;
}

impl<T> Outcome<T> for Result<T, Error> {
    fn optional(self) -> Result<Option<T>, Error> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn unless_exists(self) -> Result<Option<T>, Error> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::AlreadyExists(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
