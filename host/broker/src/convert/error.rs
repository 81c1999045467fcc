use cofferdam_journal::{OwnedBy, Thing};
use cofferdam_network::Error as NetworkError;
use cofferdam_policy::Denial;
use cofferdam_protocol::CniError;
use cofferdam_sandbox::{CallError, bindings::cofferdam::cni::types};

use crate::{codes, deeds::Deeds, log::printable};

/// What an argument of the guest that makes no sense becomes.
pub(crate) fn invalid(text: impl Into<String>) -> CallError {
    CallError::Guest(types::Error::Invalid(text.into()))
}

/// What a missing grant becomes.
pub(crate) fn denied(denial: Denial) -> CallError {
    // Guests tell the target before what is missing: nobody is to look at the
    // policy first.
    let undeclared = if denial.is_undeclared() {
        ", which the component does not declare to need"
    } else {
        ""
    };
    CallError::Guest(types::Error::Denied(types::Denial {
        operation: denial.operation,
        target: format!("{}{undeclared}", denial.target),
        missing: denial.missing,
    }))
}

/// What another attachment's thing in the way becomes.
pub(crate) fn belongs(thing: &Thing, to: &OwnedBy) -> CallError {
    conflict(format!("{thing} belongs to {to}"))
}

/// What something else in the way becomes.
pub(crate) fn conflict(text: impl Into<String>) -> CallError {
    CallError::Guest(types::Error::Conflict(text.into()))
}

/// What an error of the kernel becomes.
pub(crate) fn network_error(error: NetworkError) -> CallError {
    CallError::Guest(guest_error(error))
}

/// The same where the kernel knows links by their numbers: the guest is told
/// names, since numbers count the links of others.
pub(crate) fn link_error(error: NetworkError, deeds: &Deeds) -> CallError {
    network_error(match error {
        NetworkError::NotFound(text) => NetworkError::NotFound(deeds.with_names(text)),
        NetworkError::AlreadyExists(text) => NetworkError::AlreadyExists(deeds.with_names(text)),
        NetworkError::Invalid(text) => NetworkError::Invalid(deeds.with_names(text)),
        NetworkError::Conflict(text) => NetworkError::Conflict(deeds.with_names(text)),
        NetworkError::Unsupported(text) => NetworkError::Unsupported(deeds.with_names(text)),
        NetworkError::Deadline(text) => NetworkError::Deadline(deeds.with_names(text)),
        NetworkError::Os { errno, context } => NetworkError::Os {
            errno,
            context: deeds.with_names(context),
        },
        other @ NetworkError::NoNamespace(_) => other,
    })
}

fn guest_error(error: NetworkError) -> types::Error {
    let text = error.to_string();
    match error {
        NetworkError::NotFound(_) | NetworkError::NoNamespace(_) => types::Error::NotFound(text),
        NetworkError::AlreadyExists(_) => types::Error::AlreadyExists(text),
        NetworkError::Invalid(_) => types::Error::Invalid(text),
        NetworkError::Conflict(_) => types::Error::Conflict(text),
        NetworkError::Unsupported(_) => types::Error::Unsupported(text),
        NetworkError::Deadline(_) => types::Error::Deadline(text),
        NetworkError::Os { errno, .. } => types::Error::Os(types::OsError {
            errno: (errno as i32).unsigned_abs(),
            context: text,
        }),
    }
}

/// An error of a host call as a plugin's failure: what an IPAM delegate that
/// was refused looks like to its caller.
pub(crate) fn failure_of(error: &types::Error) -> types::Failure {
    let mut details = None;
    let (code, message) = match error {
        types::Error::Denied(denial) => {
            details = Some(format!("missing grant: {}", denial.missing));
            (
                codes::DENIED,
                format!("{} is not granted for {}", denial.operation, denial.target),
            )
        }
        types::Error::Busy(text) | types::Error::Deadline(text) => (TRY_AGAIN, text.clone()),
        types::Error::NotFound(text) => (INTERNAL, format!("{text} does not exist")),
        types::Error::AlreadyExists(text) => (INTERNAL, format!("{text} already exists")),
        types::Error::Invalid(text)
        | types::Error::Conflict(text)
        | types::Error::Quota(text)
        | types::Error::Unsupported(text) => (INTERNAL, text.clone()),
        types::Error::Os(error) => (INTERNAL, error.context.clone()),
    };
    types::Failure { code, message, details }
}

/// The specification's "try again later".
const TRY_AGAIN: u32 = 11;
/// What an error without a code of its own gets.
const INTERNAL: u32 = 999;

/// A plugin's failure as the runtime will see it, without control characters.
/// 0 is no error's code.
pub(crate) fn failure_error(failure: types::Failure) -> CniError {
    let code = if failure.code == 0 { INTERNAL } else { failure.code };
    let error = CniError::new(code, printable(&failure.message));
    match failure.details {
        Some(details) => error.with_details(printable(&details)),
        None => error,
    }
}

/// The same the other way round, for an IPAM delegate's error.
pub(crate) fn wit_failure(error: CniError) -> types::Failure {
    types::Failure {
        code: error.code,
        message: error.message,
        details: error.details,
    }
}
