//! Telling what the configuration keeps secret, as a careless plugin does.

use cofferdam_guest_sdk::{Failure, log};

/// False when there is no such attack.
#[allow(clippy::panic)]
pub(crate) fn tried(attack: &str, token: &str) -> Result<bool, Failure> {
    match attack {
        "log-token" => {
            log::warn(&format!("{{\"token\":\"{token}\"}}"));
            log::error(token);
        }
        "fail-with-token" => {
            let failure = Failure::internal(format!("{token} was not accepted"));
            return Err(failure.with_details(format!("token {token}")));
        }
        "panic-with-token" => panic!("no answer to {token}"),
        _ => return Ok(false),
    }
    Ok(true)
}
