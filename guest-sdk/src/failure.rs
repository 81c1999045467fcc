use std::fmt;

use cofferdam_protocol::{ParseIpPrefixError, ParseMacAddressError};

use crate::{Error, bindings::types, codes};

/// A failure as the runtime will see it: a code of [`codes`], one sentence
/// that names the object and the operation, and details where there are any.
///
/// ```
/// use cofferdam_guest_sdk::{Failure, codes};
///
/// let failure = Failure::invalid_config("invalid VLAN ID 5000 (must be between 0 and 4094)");
/// assert_eq!(failure.code, codes::INVALID_CONFIG);
/// assert_eq!(
///     failure.within("bridge").message,
///     "bridge: invalid VLAN ID 5000 (must be between 0 and 4094)",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of [`codes`], or the plugin's own from 200 on.
    pub code: u32,
    /// One sentence.
    pub message: String,
    /// What helps to find the cause.
    pub details: Option<String>,
}

impl Failure {
    /// A failure with a code.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Failure;
    /// let failure = Failure::new(200, "the licence server is not there");
    /// ```
    #[must_use]
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: None,
        }
    }

    /// A failure that has no code of its own.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Failure;
    /// assert_eq!(Failure::internal("no random numbers").code, 999);
    /// ```
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(codes::INTERNAL, message)
    }

    /// The configuration makes no sense.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Failure;
    /// let failure = Failure::invalid_config("mtu: 100 is not from 576 to 65535");
    /// ```
    #[must_use]
    pub fn invalid_config(message: impl Into<String>) -> Self {
        Self::new(codes::INVALID_CONFIG, message)
    }

    /// The configuration asks for what this version of the plugin can't do.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Failure;
    /// let failure = Failure::unsupported_field("mode", "\"transparent\"");
    /// ```
    #[must_use]
    pub fn unsupported_field(key: &str, value: impl fmt::Display) -> Self {
        Self::new(
            codes::UNSUPPORTED_FIELD,
            format!("configuration field \"{key}\" (value {value}) is not supported by this version of the plugin"),
        )
    }

    /// CHECK found a difference.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Failure;
    /// let failure = Failure::changed("interface \"eth0\" is down");
    /// ```
    #[must_use]
    pub fn changed(message: impl Into<String>) -> Self {
        Self::new(codes::CHANGED, message)
    }

    /// The same with details.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Failure;
    /// let failure = Failure::internal("no address could be had").with_details("tried 10.22.0.2 to 10.22.0.9");
    /// assert_eq!(failure.to_string(), "no address could be had; tried 10.22.0.2 to 10.22.0.9");
    /// ```
    #[must_use]
    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// The same, with what was being done in front of the message.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Failure;
    /// assert_eq!(Failure::internal("no carrier").within("eth0").message, "eth0: no carrier");
    /// ```
    #[must_use]
    pub fn within(mut self, context: &str) -> Self {
        self.message.insert_str(0, ": ");
        self.message.insert_str(0, context);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.details {
            Some(details) => write!(f, "; {details}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Denied { .. } => codes::DENIED,
            Error::NotFound(_) => codes::NOT_FOUND,
            Error::AlreadyExists(_) => codes::ALREADY_EXISTS,
            Error::Invalid(_) => codes::INVALID,
            Error::Unsupported(_) => codes::UNSUPPORTED,
            Error::Conflict(_) => codes::CONFLICT,
            Error::Quota(_) => codes::QUOTA,
            Error::Busy(_) | Error::Deadline(_) => codes::TRY_AGAIN_LATER,
            Error::Os { .. } => codes::INTERNAL,
        };
        let failure = Self::new(code, error.to_string());
        match error {
            Error::Denied { missing, .. } => failure.with_details(format!("missing grant: {missing}")),
            Error::Os { errno, .. } => failure.with_details(format!("errno {errno}")),
            _ => failure,
        }
    }
}

impl From<ParseIpPrefixError> for Failure {
    fn from(error: ParseIpPrefixError) -> Self {
        Self::invalid_config(error.to_string())
    }
}

impl From<ParseMacAddressError> for Failure {
    fn from(error: ParseMacAddressError) -> Self {
        Self::invalid_config(error.to_string())
    }
}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            details: failure.details,
        }
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            details: failure.details,
        }
    }
}

/// Adds to an error what was being done.
///
/// ```
/// use cofferdam_guest_sdk::{Context, Error};
///
/// let error: Result<(), Error> = Err(Error::Quota("256 links are in use".into()));
/// let failure = error.context("veth pair for eth0").unwrap_err();
/// assert_eq!(failure.message, "veth pair for eth0: 256 links are in use");
/// ```
pub trait Context<T> {
    /// Puts `context` in front of the message.
    ///
    /// # Errors
    /// The same as before.
    fn context(self, context: &str) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> Context<T> for Result<T, E> {
    fn context(self, context: &str) -> Result<T, Failure> {
        self.map_err(|error| error.into().within(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_the_host_has_its_code() {
        let text = || "text".to_owned();
        for (error, code) in [
            (
                Error::Denied {
                    operation: text(),
                    target: text(),
                    missing: text(),
                },
                100,
            ),
            (Error::NotFound(text()), 101),
            (Error::AlreadyExists(text()), 102),
            (Error::Invalid(text()), 103),
            (Error::Unsupported(text()), 104),
            (Error::Conflict(text()), 105),
            (Error::Quota(text()), 106),
            (Error::Busy(text()), 11),
            (Error::Deadline(text()), 11),
            (
                Error::Os {
                    errno: 1,
                    context: text(),
                },
                999,
            ),
        ] {
            assert_eq!(Failure::from(error).code, code);
        }
    }

    #[test]
    fn a_denial_names_operation_target_and_missing_grant() {
        let failure = Failure::from(Error::Denied {
            operation: "link.delete".into(),
            target: "link \"eth0\" in the host namespace".into(),
            missing: "allow = \"link.delete\"".into(),
        });
        assert_eq!(
            failure.to_string(),
            "link.delete is not granted for link \"eth0\" in the host namespace; \
             missing grant: allow = \"link.delete\""
        );
    }
}
