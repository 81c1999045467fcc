//! What services answer in a scenario, as its file says.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cofferdam_broker::Broker;
use cofferdam_http::{Carrier, CarryError, Header, Method, Request, Response};
use cofferdam_protocol::Url;
use serde_json::Value as Json;

use super::{
    comparison::{Mismatch, contains},
    document::{Result, Table, Value, advice},
};

pub(super) const KEYS: [&str; 6] = ["method", "url", "request", "status", "headers", "body"];

/// What a service answers to a request.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    method: Method,
    url: Url,
    /// What the request's body has to have, in JSON.
    request: Option<Json>,
    response: Response,
}

/// Reads the answers that a table has.
pub(super) fn read(table: &Table<'_>) -> Result<Vec<Answered>> {
    let Some(value) = table.get("http") else {
        return Ok(Vec::new());
    };
    value.list()?.iter().map(|item| answered(&item.table()?)).collect()
}

fn answered(table: &Table<'_>) -> Result<Answered> {
    table.refuse_unknown(&KEYS)?;
    let required = |key: &str| table.get(key).ok_or_else(|| table.error(format!("it has no {key:?}")));
    let method = method(&required("method")?)?;
    let url = required("url")?;
    let url = url.text()?.parse().map_err(|problem| url.error(problem))?;
    let body = table.get("body").map(|body| body_of(&body)).transpose()?;
    Ok(Answered {
        method,
        url,
        request: table.get("request").map(|request| request.json()).transpose()?,
        response: Response {
            status: table.get("status").map_or(Ok(200), |status| status_of(&status))?,
            headers: table
                .get("headers")
                .map_or(Ok(Vec::new()), |headers| headers_of(&headers))?,
            body: body.unwrap_or_default(),
        },
    })
}

fn method(value: &Value<'_>) -> Result<Method> {
    let word = value.text()?;
    Method::from_word(word).ok_or_else(|| {
        let words = Method::ALL.map(Method::word);
        value.error(format!("nothing is called {word:?}; {}", advice(word, &words)))
    })
}

fn status_of(value: &Value<'_>) -> Result<u16> {
    let status = u16::try_from(value.number()?).ok();
    status
        .filter(|status| (200..=599).contains(status))
        .ok_or_else(|| value.error("a response's status is from 200 to 599"))
}

fn headers_of(value: &Value<'_>) -> Result<Vec<Header>> {
    let table = value.table()?;
    let header = |(name, value): (&str, Value<'_>)| {
        Ok(Header {
            name: name.to_ascii_lowercase(),
            value: value.text()?.to_owned(),
        })
    };
    table.iter().map(header).collect()
}

/// A text as it is, everything else as JSON.
fn body_of(value: &Value<'_>) -> Result<Vec<u8>> {
    if value.is_text() {
        return Ok(value.text()?.as_bytes().to_vec());
    }
    Ok(value.plain_json()?.to_string().into_bytes())
}

/// The services as they are during one call.
#[derive(Clone, Debug)]
pub(super) struct Services(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Those of the step, which have to be asked for.
    of_step: Vec<(Answered, bool)>,
    /// Those of the whole scenario.
    given: Vec<Answered>,
}

impl Services {
    pub(super) fn new(of_step: &[Answered], given: &[Answered]) -> Self {
        Self(Arc::new(Mutex::new(State {
            of_step: of_step.iter().map(|answered| (answered.clone(), false)).collect(),
            given: given.to_vec(),
        })))
    }

    /// A broker whose plugins get these answers.
    pub(super) fn answer(&self, broker: &Broker) -> Broker {
        let services = self.clone();
        broker
            .clone()
            .carried_by(move |_| Ok::<_, Infallible>(Box::new(services.clone()) as Box<dyn Carrier>))
    }

    /// What the step says is asked for, and was not.
    pub(super) fn not_asked(&self) -> Vec<Mismatch> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = state.of_step.iter().filter(|(_, was_asked)| !was_asked);
        missing
            .map(|(answered, _)| Mismatch {
                what: "a request was not made".to_owned(),
                expected: answered.in_words(),
                found: "none that this is the answer to".to_owned(),
            })
            .collect()
    }
}

impl Carrier for Services {
    fn carry(&mut self, _: &str, request: &Request, _: Duration) -> std::result::Result<Response, CarryError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((answered, was_asked)) = state.of_step.iter_mut().find(|(answered, _)| answered.is_to(request)) {
            *was_asked = true;
            return Ok(answered.response.clone());
        }
        if let Some(answered) = state.given.iter().find(|answered| answered.is_to(request)) {
            return Ok(answered.response.clone());
        }
        let of_step = state.of_step.iter().map(|(answered, _)| answered);
        let known: Vec<String> = of_step.chain(&state.given).map(Answered::in_words).collect();
        let known = if known.is_empty() {
            "there are none".to_owned()
        } else {
            format!("there are those to {}", known.join(", "))
        };
        let body = String::from_utf8_lossy(request.body());
        Err(CarryError::Unsupported(format!(
            "the scenario has no answer to {} {} with the body {body:?}: {known}; write one as [[given.http]], \
             [[scenario.http]] or [[scenario.step.http]]",
            request.method(),
            request.url()
        )))
    }
}

impl Answered {
    fn is_to(&self, request: &Request) -> bool {
        let body = || serde_json::from_slice(request.body()).unwrap_or(Json::Null);
        self.method == request.method()
            && self.url == *request.url()
            && self.request.as_ref().is_none_or(|wanted| contains(&body(), wanted))
    }

    fn in_words(&self) -> String {
        match &self.request {
            Some(request) => format!("{} {} with {request}", self.method, self.url),
            None => format!("{} {}", self.method, self.url),
        }
    }
}
