use cofferdam_http::{CarryError, Header, Method, Request, Response};
use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        http::{Header as WitHeader, Host, Method as WitMethod, Request as WitRequest, Response as WitResponse},
        types::{Denial, Error, OsError},
    },
};

use crate::{
    convert::{conflict, invalid},
    mediator::{Mediator, quota},
    recording::carry,
};

impl Host for Mediator {
    fn send(&mut self, request: WitRequest) -> Result<WitResponse, CallError> {
        self.enter()?;
        let request = checked(request)?;
        let question = Question::HttpRequest {
            method: request.method().word(),
            url: request.url(),
        };
        self.permit(&question)?;
        self.count_request()?;
        let plugin = self.plugin.clone();
        let session = self.session();
        let time = session.time_left();
        let carried = carry(
            session.tape.as_ref(),
            &mut session.carrier,
            &plugin,
            (&request, &question.target()),
            time,
        );
        let response = carried.map_err(|error| told(error, &question))?;
        self.session().deeds.answered.push(&response.body);
        Ok(wit_response(response))
    }
}

/// What whoever sends requests says, for the guest.
fn told(error: CarryError, question: &Question<'_>) -> CallError {
    CallError::Guest(match error {
        CarryError::Denied(text) => Error::Denied(Denial {
            operation: question.operation().to_string(),
            target: question.target(),
            missing: format!("nothing that a grant could make up for: {text}"),
        }),
        CarryError::NotFound(text) => Error::NotFound(text),
        CarryError::Quota(text) => return quota(text),
        CarryError::Deadline(text) => Error::Deadline(text),
        CarryError::Conflict(text) => return conflict(text),
        CarryError::Unsupported(text) => Error::Unsupported(text),
        CarryError::Os { errno, context } => Error::Os(OsError {
            errno: errno.unsigned_abs(),
            context,
        }),
    })
}

fn checked(request: WitRequest) -> Result<Request, CallError> {
    let method = match request.method {
        WitMethod::Get => Method::Get,
        WitMethod::Head => Method::Head,
        WitMethod::Post => Method::Post,
        WitMethod::Put => Method::Put,
        WitMethod::Patch => Method::Patch,
        WitMethod::Delete => Method::Delete,
    };
    let headers = request.headers.into_iter().map(|header| Header {
        name: header.name,
        value: header.value,
    });
    Request::new(method, &request.url, headers.collect(), request.body).map_err(|error| invalid(error.to_string()))
}

fn wit_response(response: Response) -> WitResponse {
    let headers = response.headers.into_iter().map(|header| WitHeader {
        name: header.name,
        value: header.value,
    });
    WitResponse {
        status: response.status,
        headers: headers.collect(),
        body: response.body,
    }
}
