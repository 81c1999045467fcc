//! Walks a network's plugins as a runtime does, each with the result of the one
//! before it.

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use cofferdam_broker::{Broker, Installation, Rehearsed};
use cofferdam_journal::{Entry, Progress};
use cofferdam_protocol::{
    CniError, Environment, Injection, Invocation, ListedPlugin, NetworkList, Place, PluginConfig, Program,
    json::Node as Document,
};
use cofferdam_simulation::{Changes, Nobody, Sides, Simulated};

use serde_json::{Value, json};

use super::{
    Arguments,
    answers::{Answers, Unanswered},
    copies::Copies,
    node::Node,
    watch::{Decided, Heard, Watch},
};
use crate::request::pairs;

/// Time for one plugin of the list.
pub(crate) const BUDGET: Duration = Duration::from_secs(30);

/// What an ADD would do.
pub(crate) struct Planned {
    pub(super) network: String,
    pub(super) container: String,
    pub(super) interface: String,
    pub(super) operations: Vec<PlannedOperation>,
    /// What was asked for that no operation came of.
    pub(super) asked: Vec<Decided>,
    /// Plugins that a real ADD would not run, with the reason.
    pub(super) refused: Vec<(String, String)>,
    pub(super) before: Sides,
    pub(super) after: Sides,
    pub(crate) end: End,
    pub(super) remarks: Vec<String>,
}

/// An operation, with the grants that it takes.
pub(super) struct PlannedOperation {
    pub(super) plugin: String,
    pub(super) operation: String,
    pub(super) fails: bool,
    pub(super) takes: Vec<Decided>,
}

/// How the ADD would end.
pub(crate) enum End {
    /// With this result.
    Result(Document),
    /// With this error, and everything undone.
    Error { plugin: String, error: CniError },
    /// Nobody knows: this plugin is no component.
    Unknown { plugin: String },
    /// Nobody knows: this plugin would ask a service.
    Unanswered { plugin: String, request: String },
}

impl End {
    /// `result`, `error`, `unknown` and `unanswered`, of which one is there.
    pub(crate) fn document(&self) -> Value {
        let (key, told) = match self {
            Self::Result(result) => ("result", json!(result)),
            Self::Error { plugin, error } => {
                let error = json!({
                    "plugin": plugin, "code": error.code, "message": error.message, "details": error.details,
                });
                ("error", error)
            }
            Self::Unknown { plugin } => ("unknown", json!(plugin)),
            Self::Unanswered { plugin, request } => ("unanswered", json!({ "plugin": plugin, "request": request })),
        };
        let mut document = json!({ "result": null, "error": null, "unknown": null, "unanswered": null });
        document[key] = told;
        document
    }
}

impl Planned {
    pub(super) fn new(
        copies: &Copies,
        network: &NetworkList,
        node: &Node,
        (watch, answers): (Watch, Answers),
        (arguments, environment): (&Arguments, Environment),
    ) -> anyhow::Result<Self> {
        let simulated = Simulated::new(node.sides.clone(), Box::new(Nobody));
        let walk = Walk {
            copies,
            network,
            node,
            capability_args: arguments.capability_args()?,
            environment,
            simulated: simulated.clone(),
            watch: Arc::new(watch),
            answers,
        };
        let mut planned = Self {
            network: network.name.clone(),
            container: arguments.id.clone(),
            interface: arguments.interface.clone(),
            operations: Vec::new(),
            asked: Vec::new(),
            refused: Vec::new(),
            before: node.sides.clone(),
            after: node.sides.clone(),
            end: End::Result(Document::Object(Vec::new())),
            remarks: copies.remarks.iter().chain(&node.remarks).cloned().collect(),
        };
        let mut previous = None;
        for plugin in &network.plugins {
            match walk.step(plugin, previous.as_ref(), &mut planned)? {
                End::Result(result) => previous = Some(result),
                end => {
                    planned.end = end;
                    planned.after = simulated.sides();
                    return Ok(planned);
                }
            }
        }
        planned.end = End::Result(previous.unwrap_or_else(|| Document::Object(Vec::new())));
        planned.after = simulated.sides();
        Ok(planned)
    }

    /// Whether a real ADD would succeed, as far as can be told.
    pub(super) fn succeeds(&self) -> bool {
        matches!(self.end, End::Result(_)) && self.refused.is_empty() && !self.all_asked().any(Decided::is_overlooked)
    }

    /// What would change in a namespace.
    pub(super) fn changes(&self, place: Place) -> Changes {
        let before = self.before.at(place).picture();
        self.after.at(place).picture().changes_since(&before)
    }

    pub(super) fn all_asked(&self) -> impl Iterator<Item = &Decided> {
        let of_operations = self.operations.iter().flat_map(|operation| &operation.takes);
        of_operations.chain(&self.asked)
    }

    /// Puts what was asked to the operations that came of it.
    fn take_in(&mut self, operations: &[Entry], heard: Heard, copies: &Copies) {
        let (looks, changes): (Vec<Decided>, Vec<Decided>) = heard.asked.into_iter().partition(|asked| asked.is_look);
        let mut changes = changes.into_iter().peekable();
        for (number, entry) in operations.iter().enumerate() {
            let mut takes = Vec::new();
            while let Some(asked) = changes.next_if(|asked| asked.before <= number) {
                takes.push(asked);
            }
            self.operations.push(PlannedOperation {
                plugin: entry.plugin.clone(),
                operation: copies.with_original_paths(&entry.operation.to_string()),
                fails: entry.progress == Progress::Abandoned,
                takes,
            });
        }
        self.asked.extend(looks);
        self.asked.extend(changes);
        for refused in heard.refused {
            let refused = (refused.0, copies.with_original_paths(&refused.1));
            if !self.refused.contains(&refused) {
                self.refused.push(refused);
            }
        }
    }
}

/// What all steps have in common.
struct Walk<'w> {
    copies: &'w Copies,
    network: &'w NetworkList,
    node: &'w Node,
    capability_args: Option<Document>,
    environment: Environment,
    simulated: Simulated,
    watch: Arc<Watch>,
    answers: Answers,
}

impl Walk<'_> {
    fn step(&self, plugin: &ListedPlugin, previous: Option<&Document>, planned: &mut Planned) -> anyhow::Result<End> {
        let injection = Injection {
            name: &self.network.name,
            version: &self.network.version,
            previous,
            capability_args: self.capability_args.as_ref(),
            valid_attachments: None,
        };
        let name = plugin.plugin_type.clone();
        let failed = |error| End::Error {
            plugin: name.clone(),
            error,
        };
        let config = match injection.apply(&plugin.config) {
            Ok(config) => config,
            Err(error) => return Ok(failed(error)),
        };
        if let Some(missing) = missing(self.copies.installation(), &config)? {
            return Ok(End::Unknown { plugin: missing });
        }
        let broker = Broker::new(self.copies.installation().clone(), BUDGET);
        let rehearsed = self.answers.answer(broker).rehearse(
            &name,
            self.environment.clone(),
            config,
            (Box::new(self.simulated.clone()), self.node.namespace.clone()),
            Arc::clone(&self.watch) as Arc<_>,
        );
        let Rehearsed { operations, outcome } = rehearsed;
        planned.take_in(&operations, self.watch.take(), self.copies);
        if let Some(Unanswered { plugin, request }) = self.answers.unanswered() {
            return Ok(End::Unanswered { plugin, request });
        }
        Ok(match outcome {
            Ok(text) => match Document::parse(&text) {
                Ok(result) => End::Result(result),
                Err(error) => bail!("plugin {name:?} would print what is no JSON: {error}"),
            },
            Err(error) => failed(CniError {
                message: self.copies.with_original_paths(&error.message),
                details: error
                    .details
                    .as_deref()
                    .map(|details| self.copies.with_original_paths(details)),
                ..error
            }),
        })
    }
}

/// The first plugin of a configuration that is no component of an installation.
pub(crate) fn missing(installation: &Installation, config: &PluginConfig) -> anyhow::Result<Option<String>> {
    let names = match config.program()? {
        Program::Named(name) => vec![name],
        Program::Chain(members) => members
            .iter()
            .map(PluginConfig::plugin_type)
            .collect::<Result<_, _>>()?,
    };
    let components = installation.components();
    Ok(names.into_iter().find(|name| components.resolve(name).is_err()))
}

/// The variables of the request, checked.
pub(crate) fn environment(arguments: &Arguments) -> anyhow::Result<Environment> {
    pairs(&arguments.args)?;
    let namespace = arguments.namespace_path()?;
    match Environment::read(|name| arguments.variable(name, &namespace))? {
        Invocation::Request(environment) => Ok(environment),
        Invocation::About => bail!("nothing is asked for"),
    }
}

impl Arguments {
    /// A variable of the request.
    pub(crate) fn variable(&self, name: &str, namespace: &str) -> Option<String> {
        let value = match name {
            "CNI_COMMAND" => "ADD",
            "CNI_CONTAINERID" => &self.id,
            "CNI_NETNS" => namespace,
            "CNI_IFNAME" => &self.interface,
            "CNI_ARGS" => &self.args,
            "CNI_PATH" => "/opt/cni/bin",
            _ => return None,
        };
        Some(value.to_owned())
    }
}
