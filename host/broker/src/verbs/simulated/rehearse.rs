//! ADD as a rehearsal: what it would do, without any of it.

use std::{sync::Arc, time::Instant};

use cofferdam_journal::{Entry, History, NamespaceRecord};
use cofferdam_network::Network;
use cofferdam_protocol::{CniError, Environment, PluginConfig};

use super::run_add;
use crate::{
    Broker,
    call::Call,
    codes,
    rehearsal::{Rehearsal, Rehearsing},
    verbs::add,
};

/// What an ADD would do.
#[derive(Debug)]
pub struct Rehearsed {
    /// Its operations in order, with those that would fail.
    pub operations: Vec<Entry>,
    /// What it would print.
    pub outcome: Result<String, CniError>,
}

impl Rehearsed {
    fn nothing(error: CniError) -> Self {
        Self {
            operations: Vec::new(),
            outcome: Err(error),
        }
    }
}

impl Broker {
    /// ADD for plugin `name` on a network that is not the kernel's. The broker's
    /// installation is written to as by an ADD, so it has to be a copy.
    ///
    /// What is not granted is done as if it were, and told to `audience`.
    #[must_use]
    pub fn rehearse(
        &self,
        name: &str,
        environment: Environment,
        config: PluginConfig,
        on: (Box<dyn Network + Send>, NamespaceRecord),
        audience: Arc<dyn Rehearsal>,
    ) -> Rehearsed {
        Call::new(self, name, environment, config, Instant::now())
            .and_then(|mut call| {
                call.rehearsing = Rehearsing::Before(audience);
                rehearse(&call, on)
            })
            .unwrap_or_else(Rehearsed::nothing)
    }
}

fn rehearse(call: &Call, on: (Box<dyn Network + Send>, NamespaceRecord)) -> Result<Rehearsed, CniError> {
    let ran = run_add(call, on, |recorded| refuse_recorded(call, recorded), |_| {})?;
    let operations = ran
        .session
        .journal
        .as_ref()
        .map(|journal| journal.history().entries().to_vec());
    Ok(Rehearsed {
        operations: operations.unwrap_or_default(),
        outcome: add::conclude(call, &ran.state, ran.session, ran.outcome),
    })
}

/// What an ADD that died left is undone by the next one, on the kernel: what
/// that finds then is not known here.
fn refuse_recorded(call: &Call, history: &History) -> Result<(), CniError> {
    if history.is_empty() {
        return Ok(());
    }
    let what = if history.is_committed() {
        "is attached already; a DEL has to come first"
    } else {
        "is on record of an ADD that did not end, which the next one undoes first; rehearse with another container"
    };
    let text = format!("{} {what}", call.attachment);
    Err(CniError::new(codes::ALREADY_ATTACHED, text))
}
