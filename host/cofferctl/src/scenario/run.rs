//! Runs a scenario, step by step.

use std::time::Instant;

use cofferdam_broker::Broker;
use cofferdam_protocol::{CniError, Place, Verb};
use cofferdam_scenario::{Action, Deed, Fact, Given, Pictures, RequestParts, Scenario, Step, apply, fresh};
use cofferdam_simulation::{Nobody, Simulated};
use serde_json::Value as Json;

use super::{
    comparison::{Mismatch, Outcome, compare, compare_pictures, named},
    ground::Ground,
    request::{Occasion, Request},
    service::Services,
    watch::Watch,
};

/// What came of a scenario.
pub(super) struct Ended {
    pub(super) milliseconds: u128,
    pub(super) failure: Option<Failure>,
}

/// Where a scenario failed, and how.
pub(super) struct Failure {
    pub(super) line: usize,
    /// `step 2, CHECK`.
    pub(super) step: String,
    pub(super) mismatches: Vec<Mismatch>,
}

/// What scenarios are run with.
pub(super) struct Stage<'a> {
    pub(super) ground: &'a Ground,
    pub(super) broker: &'a Broker,
    pub(super) watch: &'a Watch,
}

/// An attachment that the scenario made.
struct Attached {
    parts: RequestParts,
    result: Json,
}

/// A scenario that is under way.
struct Play<'a> {
    stage: &'a Stage<'a>,
    given: &'a Given,
    network: Simulated,
    /// The network without what is attached: changed by others only.
    untouched: Simulated,
    attached: Vec<Attached>,
}

impl Stage<'_> {
    /// Runs a scenario from its beginning.
    ///
    /// # Errors
    /// It can't be begun: a file that it names is not there.
    pub(super) fn run(&self, scenario: &Scenario) -> anyhow::Result<Ended> {
        let started = Instant::now();
        self.ground.prepare(&scenario.given)?;
        let failure = match Play::begin(self, &scenario.given) {
            Ok(mut play) => play.perform(scenario),
            Err(why) => Some(Failure {
                line: scenario.line,
                step: "what is given".to_owned(),
                mismatches: vec![impossible("to be possible", why)],
            }),
        };
        Ok(Ended {
            milliseconds: started.elapsed().as_millis(),
            failure,
        })
    }
}

impl<'a> Play<'a> {
    fn begin(stage: &'a Stage<'a>, given: &'a Given) -> Result<Self, String> {
        let mut network = fresh();
        for (place, facts) in [(Place::Host, &given.node), (Place::Container, &given.container)] {
            for fact in facts {
                apply(&mut network, place, Deed::Add, fact).map_err(|why| format!("{}: {why}", named(place)))?;
            }
        }
        Ok(Self {
            stage,
            given,
            untouched: copy(&network),
            network,
            attached: Vec::new(),
        })
    }

    fn perform(&mut self, scenario: &Scenario) -> Option<Failure> {
        for (number, step) in (1..).zip(&scenario.steps) {
            let mismatches = self.step(step);
            if !mismatches.is_empty() {
                return Some(Failure {
                    line: step.line,
                    step: format!("step {number}, {}", word(&step.action)),
                    mismatches,
                });
            }
        }
        let mismatches = self.end(scenario.restored);
        (!mismatches.is_empty()).then(|| Failure {
            line: scenario.line,
            step: "after the DEL of all that was attached".to_owned(),
            mismatches,
        })
    }

    fn step(&mut self, step: &Step) -> Vec<Mismatch> {
        match &step.action {
            Action::Change(changes) => match self.change(changes) {
                Ok(()) => compare(&step.expected, None, &mut self.network),
                Err(why) => vec![impossible("the change to be possible", why)],
            },
            Action::Call {
                verb,
                request,
                valid,
                services,
            } => {
                let before = Pictures::of(&self.network);
                let services = Services::new(services, &self.given.services);
                let outcome = self.call(*verb, request, valid, &services);
                let mut all = compare(&step.expected, Some(&outcome), &mut self.network);
                all.extend(services.not_asked());
                if *verb == Verb::Add && outcome.is_err() {
                    all.extend(compare_pictures(&before, &Pictures::of(&self.network)));
                }
                all
            }
        }
    }

    /// What somebody else does is done to the network without attachments,
    /// too, as far as it has to do with that one.
    fn change(&mut self, changes: &[(Place, Deed, Fact)]) -> Result<(), String> {
        for (place, deed, fact) in changes {
            apply(&mut self.network, *place, *deed, fact)?;
            let mut tried = copy(&self.untouched);
            if apply(&mut tried, *place, *deed, fact).is_ok() {
                self.untouched = tried;
            }
        }
        Ok(())
    }

    fn call(&mut self, verb: Verb, parts: &RequestParts, valid: &[(String, String)], services: &Services) -> Outcome {
        let previous = self.previous(verb, parts);
        let occasion = Occasion {
            verb,
            parts,
            previous: previous.as_ref(),
            valid,
        };
        let request = Request::new(self.given, &occasion)?;
        let outcome = self.stage.watch.during(|| self.answer(verb, request, services));
        let outcome = outcome.map_err(|error| self.stage.ground.explained(error));
        match (verb, &outcome) {
            (Verb::Add, Ok(Some(result))) => self.attached.push(Attached {
                parts: parts.clone(),
                result: result.clone(),
            }),
            (Verb::Del, Ok(_)) => self.attached.retain(|attached| !attached.is_of(parts)),
            (Verb::Gc, Ok(_)) => self.attached.retain(|attached| attached.is_among(valid)),
            _ => {}
        }
        outcome
    }

    /// As a runtime does, CHECK and DEL get the result of the ADD.
    fn previous(&self, verb: Verb, parts: &RequestParts) -> Option<Json> {
        let of_add = self.attached.iter().find(|attached| attached.is_of(parts));
        match verb {
            Verb::Check | Verb::Del => of_add
                .map(|attached| attached.result.clone())
                .or_else(|| self.given.previous.clone()),
            Verb::Add => self.given.previous.clone(),
            _ => None,
        }
    }

    fn answer(&self, verb: Verb, request: Request, services: &Services) -> Outcome {
        let Request {
            name,
            environment,
            config,
        } = request;
        let (broker, network) = (services.answer(self.stage.broker), &self.network);
        match verb {
            Verb::Add => {
                let text = broker.add_simulated(&name, environment, config, Box::new(network.clone()), || ())?;
                let result = serde_json::from_str(&text).map_err(|error| CniError::internal(error.to_string()))?;
                Ok(Some(result))
            }
            Verb::Check => broker
                .check_simulated(&name, environment, config, network)
                .map(|()| None),
            Verb::Del => {
                let detached = broker.detach_simulated(&name, environment, config, network)?;
                detached.answer?;
                detached.complaints.into_iter().next().map_or(Ok(None), Err)
            }
            Verb::Gc => broker
                .collect_simulated(&name, environment, config, network)
                .map(|()| None),
            _ => broker
                .status_simulated(&name, environment, config, network)
                .map(|()| None),
        }
    }

    /// Detaches what the scenario left attached, last first, and compares with
    /// the beginning.
    fn end(&mut self, restored: bool) -> Vec<Mismatch> {
        while let Some(parts) = self.attached.last().map(|attached| attached.parts.clone()) {
            let services = Services::new(&[], &self.given.services);
            if let Err(error) = self.call(Verb::Del, &parts, &[], &services) {
                return vec![impossible("DEL to succeed", error.to_string())];
            }
        }
        if !restored {
            return Vec::new();
        }
        let mut all = compare_pictures(&Pictures::of(&self.untouched), &Pictures::of(&self.network));
        let network = self.given.config.get("name").and_then(Json::as_str).unwrap_or_default();
        let claimed = self.stage.ground.claimed(network);
        if !claimed.is_empty() {
            all.push(Mismatch {
                what: "addresses are still on record".to_owned(),
                expected: "none".to_owned(),
                found: claimed.join("\n"),
            });
        }
        all
    }
}

impl Attached {
    fn is_of(&self, parts: &RequestParts) -> bool {
        self.parts.container_id == parts.container_id && self.parts.interface == parts.interface
    }

    fn is_among(&self, valid: &[(String, String)]) -> bool {
        let is_it = |(container_id, interface): &(String, String)| {
            *container_id == self.parts.container_id && *interface == self.parts.interface
        };
        valid.iter().any(is_it)
    }
}

/// Another network that begins as this one is.
fn copy(network: &Simulated) -> Simulated {
    Simulated::new(network.sides(), Box::new(Nobody))
}

fn impossible(expected: &str, found: String) -> Mismatch {
    Mismatch {
        what: "it can't be done".to_owned(),
        expected: expected.to_owned(),
        found,
    }
}

fn word(action: &Action) -> &str {
    match action {
        Action::Call { verb, .. } => verb.as_str(),
        Action::Change(_) => "change",
    }
}
