//! Requests whose responses are written down, or come once more.

use std::time::Duration;

use cofferdam_http::{CarryError, Header, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Tape;
use crate::requests::Carrying;

/// A response, as it is on the tape.
#[derive(Serialize, Deserialize)]
struct Answered {
    status: u16,
    headers: Vec<Header>,
    body: Vec<u8>,
}

/// Has a request sent, unless the tape has what came of it. No request is sent
/// twice, so each is as good as a change.
pub(crate) fn carry(
    tape: Option<&Tape>,
    carrier: &mut Carrying,
    plugin: &str,
    (request, target): (&Request, &str),
    time: Duration,
) -> Result<Response, CarryError> {
    let call = format!("carry({plugin:?}, {request:?})");
    if let Some(answer) = tape.and_then(|tape| tape.answer(&call, true)) {
        return read(target, answer);
    }
    let carried = match carrier {
        Ok(carrier) => carrier.carry(plugin, request, time),
        Err(why) => Err(CarryError::Unsupported(format!("{target}: {why}"))),
    };
    if let Some(tape) = tape {
        let answered = carried.clone().map(|response| Answered {
            status: response.status,
            headers: response.headers,
            body: response.body,
        });
        tape.write(call, true, answered);
    }
    carried
}

fn read(target: &str, answer: Value) -> Result<Response, CarryError> {
    let read: Result<Result<Answered, CarryError>, _> = serde_json::from_value(answer);
    let answered = read.unwrap_or_else(|error| {
        let text = format!("the recording's answer to {target} is none: {error}");
        Err(CarryError::Unsupported(text))
    })?;
    Ok(Response {
        status: answered.status,
        headers: answered.headers,
        body: answered.body,
    })
}
