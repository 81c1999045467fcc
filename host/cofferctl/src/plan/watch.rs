use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use cofferdam_broker::{Asked, Listener, Rehearsal, RehearsedAnswer, trace::Tracer};
use cofferdam_policy::{Denial, PluginPolicy, Question, Source};
use cofferdam_protocol::CniError;

/// Hears what the plugins of one call ask for, and looks up what the policy says
/// to that.
pub(super) struct Watch {
    policies: BTreeMap<String, PluginPolicy>,
    network: String,
    tenant: Option<String>,
    tracer: Option<Arc<Tracer>>,
    heard: Mutex<Heard>,
}

/// All that was heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) asked: Vec<Decided>,
    /// Plugins that a real call would not run, with the reason.
    pub(super) refused: Vec<(String, String)>,
}

/// What a plugin asked for, and what the policy says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decided {
    pub(super) plugin: String,
    /// As a policy calls it.
    pub(super) operation: &'static str,
    /// In words, with what it is done to.
    pub(super) what: String,
    /// Whether it only looks, or opens what it looks at.
    pub(super) is_look: bool,
    /// How many operations came before it.
    pub(super) before: usize,
    pub(super) verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The grants that allow it.
    Granted(Vec<Source>),
    /// What is missing.
    NotGranted(String),
    /// What is missing, where the plugin does not get it here either.
    Denied(String),
}

impl Decided {
    /// Whether the plan goes on here where a real call would be denied it.
    pub(super) fn is_overlooked(&self) -> bool {
        matches!(self.verdict, Verdict::NotGranted(_))
    }
}

impl Watch {
    pub(super) fn new(
        policies: BTreeMap<String, PluginPolicy>,
        network: &str,
        args: &str,
        tracer: Option<Arc<Tracer>>,
    ) -> Self {
        Self {
            policies,
            network: network.to_owned(),
            tenant: cofferdam_policy::tenant(args),
            tracer,
            heard: Mutex::default(),
        }
    }

    /// What was heard since the last time.
    pub(super) fn take(&self) -> Heard {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn verdict(&self, asked: &Asked<'_>) -> Verdict {
        match asked.answer {
            RehearsedAnswer::Granted => {}
            RehearsedAnswer::Overlooked(denial) => return Verdict::NotGranted(missing(denial, asked.question)),
            RehearsedAnswer::Denied(denial) => return Verdict::Denied(missing(denial, asked.question)),
        }
        let policy = self.policies.get(asked.plugin);
        let explanation = policy.map(|policy| policy.explain(asked.question, &self.network, self.tenant.as_deref()));
        Verdict::Granted(
            explanation
                .map(|explanation| explanation.allowed_by)
                .unwrap_or_default(),
        )
    }
}

impl Rehearsal for Watch {
    fn refused(&self, plugin: &str, error: &CniError) {
        let text = match &error.details {
            Some(details) if !details.is_empty() => format!("{}; {details}", error.message),
            _ => error.message.clone(),
        };
        let refused = (plugin.to_owned(), text);
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if !heard.refused.contains(&refused) {
            heard.refused.push(refused);
        }
    }

    fn asked(&self, asked: Asked<'_>) {
        let decided = Decided {
            plugin: asked.plugin.to_owned(),
            operation: asked.question.operation().name(),
            what: format!("{} of {}", asked.question.operation(), asked.question.target()),
            is_look: is_look(asked.question),
            before: asked.operations,
            verdict: self.verdict(&asked),
        };
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if !heard.asked.contains(&decided) {
            heard.asked.push(decided);
        }
    }
}

impl Listener for Watch {
    fn begins(&self, plugin: &str) {
        if let Some(tracer) = &self.tracer {
            tracer.begins(plugin);
        }
    }

    fn ends(&self) {
        if let Some(tracer) = &self.tracer {
            tracer.ends();
        }
    }

    fn handed(&self, handle: u32, what: &str) {
        if let Some(tracer) = &self.tracer {
            tracer.handed(handle, what);
        }
    }
}

/// Whether no operation can come of it.
fn is_look(question: &Question<'_>) -> bool {
    let name = question.operation().name();
    name.ends_with(".see")
        || name.ends_with(".read")
        || matches!(name, "ipam.delegate" | "packet.exchange" | "http.request")
}

/// The grant that is missing. A policy that is for other networks says only
/// that it is.
fn missing(denial: &Denial, question: &Question<'_>) -> String {
    if denial.missing.starts_with("a [plugin.") {
        format!("{} in {}", question.as_grant(), denial.missing)
    } else {
        denial.missing.clone()
    }
}
