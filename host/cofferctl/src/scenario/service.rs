//! What services answer while a scenario runs.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cofferdam_broker::Broker;
use cofferdam_http::{Carrier, CarryError, Request, Response};
use cofferdam_scenario::Answered;
use serde_json::Value as Json;

use super::comparison::{Mismatch, contains};

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
                expected: answered.to_string(),
                found: "none that this is the answer to".to_owned(),
            })
            .collect()
    }
}

impl Carrier for Services {
    fn carry(&mut self, _: &str, request: &Request, _: Duration) -> Result<Response, CarryError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((answered, was_asked)) = state
            .of_step
            .iter_mut()
            .find(|(answered, _)| is_answer_to(answered, request))
        {
            *was_asked = true;
            return Ok(answered.response.clone());
        }
        if let Some(answered) = state.given.iter().find(|answered| is_answer_to(answered, request)) {
            return Ok(answered.response.clone());
        }
        let of_step = state.of_step.iter().map(|(answered, _)| answered);
        let known: Vec<String> = of_step.chain(&state.given).map(ToString::to_string).collect();
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

/// Whether an answer is one to this request.
pub(crate) fn is_answer_to(answered: &Answered, request: &Request) -> bool {
    let body = || serde_json::from_slice(request.body()).unwrap_or(Json::Null);
    answered.method == request.method()
        && answered.url == *request.url()
        && answered.request.as_ref().is_none_or(|wanted| contains(&body(), wanted))
}
