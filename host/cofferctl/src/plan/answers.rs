use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cofferdam_broker::{Broker, printable};
use cofferdam_http::{Carrier, CarryError, Request, Response};
use cofferdam_scenario::Answered;

use crate::{output::cut, scenario::is_answer_to};

/// Characters of a request's body that are shown.
const SHOWN: usize = 400;

/// What services answer in a plan, which asks none, and the first request that
/// there is no answer to. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    given: Arc<[Answered]>,
    unanswered: Arc<Mutex<Option<Unanswered>>>,
}

/// What a plugin would ask of a service.
#[derive(Clone, Debug)]
pub(super) struct Unanswered {
    pub(super) plugin: String,
    /// The request, in words.
    pub(super) request: String,
}

impl Answers {
    pub(super) fn new(given: Vec<Answered>) -> Self {
        Self {
            given: given.into(),
            ..Self::default()
        }
    }

    /// A broker whose plugins get these answers.
    pub(super) fn answer(&self, broker: Broker) -> Broker {
        let answers = self.clone();
        broker.carried_by(move |_| Ok::<_, Infallible>(Box::new(answers.clone()) as Box<dyn Carrier>))
    }

    /// What was asked first that nobody answers.
    pub(super) fn unanswered(&self) -> Option<Unanswered> {
        self.unanswered.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Carrier for Answers {
    fn carry(&mut self, plugin: &str, request: &Request, _: Duration) -> Result<Response, CarryError> {
        if let Some(answered) = self.given.iter().find(|answered| is_answer_to(answered, request)) {
            return Ok(answered.response.clone());
        }
        let asked = in_words(request);
        let text = format!("a plan sends no requests, and has no answer to {asked}");
        let mut unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        unanswered.get_or_insert_with(|| Unanswered {
            plugin: plugin.to_owned(),
            request: asked,
        });
        Err(CarryError::Unsupported(text))
    }
}

fn in_words(request: &Request) -> String {
    let line = format!("{} {}", request.method(), request.url());
    if request.body().is_empty() {
        return line;
    }
    let body = printable(&cut(&String::from_utf8_lossy(request.body()), SHOWN));
    format!("{line} with the body {body}")
}
