//! What a file of scenarios holds: what is given, what is done, and what is
//! expected.

use std::{collections::BTreeMap, path::PathBuf};

use cofferdam_protocol::{Place, Verb};
use serde_json::Value as Json;

use super::{arrange::Deed, fact::Fact, service::Answered};

/// All that a file holds.
#[derive(Debug)]
pub(super) struct ScenarioFile {
    /// Components besides those that are tested: projects' directories or
    /// files, by the plugins' names.
    pub(super) plugins: BTreeMap<String, PathBuf>,
    pub(super) scenarios: Vec<Scenario>,
}

#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) given: Given,
    pub(super) steps: Vec<Step>,
    /// Whether all has to be as it was when everything is detached.
    pub(super) restored: bool,
}

/// What a scenario begins with.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// Files of policies, or directories with such.
    pub(super) policies: Vec<PathBuf>,
    /// What stands in the place of a plugin's files.
    pub(super) policy_of: BTreeMap<String, String>,
    /// The configuration of a plugin, or of a list of them.
    pub(super) config: Json,
    /// The plugin that is called, where it is not the configuration's `type`.
    pub(super) plugin: Option<String>,
    pub(super) request: RequestParts,
    pub(super) previous: Option<Json>,
    /// Files of the node that plugins may ask for, by their paths there.
    pub(super) files: BTreeMap<PathBuf, String>,
    pub(super) node: Vec<Fact>,
    pub(super) container: Vec<Fact>,
    /// What services answer, as often as they are asked.
    pub(super) services: Vec<Answered>,
}

/// What one step may have otherwise than the others.
#[derive(Clone, Debug)]
pub(super) struct RequestParts {
    pub(super) container_id: String,
    pub(super) interface: String,
    pub(super) args: String,
    pub(super) runtime_config: Option<Json>,
    /// Laid over the configuration, one over the other.
    pub(super) config_with: Vec<Json>,
    /// Keys of it that are left out.
    pub(super) config_without: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) action: Action,
    pub(super) expected: Expected,
}

#[derive(Debug)]
pub(super) enum Action {
    /// A runtime's call.
    Call {
        verb: Verb,
        request: Box<RequestParts>,
        /// For GC: the attachments (container id, interface) in use.
        valid: Vec<(String, String)>,
        /// What services answer, and have to be asked.
        services: Vec<Answered>,
    },
    /// What somebody else does to the network, in this order.
    Change(Vec<(Place, Deed, Fact)>),
}

/// What has to come of a step.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) answer: Answer,
    /// What has to be so, or must not be.
    pub(super) there: Vec<(Place, Fact)>,
    pub(super) gone: Vec<(Place, Fact)>,
}

#[derive(Debug, Default)]
pub(super) enum Answer {
    /// Success, whatever the result.
    #[default]
    Success,
    /// A result that has all this.
    Containing(Json),
    /// Just this result.
    Exactly(Json),
    Error {
        code: Option<u32>,
        words: Vec<String>,
    },
    /// A denial, for want of a grant that has all this.
    Denied(Json),
}

impl Default for RequestParts {
    fn default() -> Self {
        Self {
            container_id: "c1".to_owned(),
            interface: "eth0".to_owned(),
            args: String::new(),
            runtime_config: None,
            config_with: Vec::new(),
            config_without: Vec::new(),
        }
    }
}
