//! What a file of scenarios holds: what is given, what is done, and what is
//! expected.

use std::{collections::BTreeMap, path::PathBuf};

use cofferdam_protocol::{Place, Verb};
use serde_json::Value as Json;

use crate::{Answered, Deed, Fact};

/// All that a file holds.
#[derive(Debug)]
pub struct ScenarioFile {
    /// Components besides those that are tested: projects' directories or
    /// files, by the plugins' names.
    pub plugins: BTreeMap<String, PathBuf>,
    /// In the order of the file.
    pub scenarios: Vec<Scenario>,
}

/// What is given, and then done, step by step.
#[derive(Debug)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// Where it is in the file.
    pub line: usize,
    /// What it begins with.
    pub given: Given,
    /// What is done.
    pub steps: Vec<Step>,
    /// Whether all has to be as it was when everything is detached.
    pub restored: bool,
}

/// What a scenario begins with.
#[derive(Clone, Debug)]
pub struct Given {
    /// Files of policies, or directories with such.
    pub policies: Vec<PathBuf>,
    /// What stands in the place of a plugin's files.
    pub policy_of: BTreeMap<String, String>,
    /// The configuration of a plugin, or of a list of them.
    pub config: Json,
    /// The plugin that is called, where it is not the configuration's `type`.
    pub plugin: Option<String>,
    /// What each call has.
    pub request: RequestParts,
    /// `prevResult` of ADD.
    pub previous: Option<Json>,
    /// Files of the node that plugins may ask for, by their paths there.
    pub files: BTreeMap<PathBuf, String>,
    /// What there is on the node.
    pub node: Vec<Fact>,
    /// What there is in the container.
    pub container: Vec<Fact>,
    /// What services answer, as often as they are asked.
    pub services: Vec<Answered>,
}

/// What one step may have otherwise than the others.
#[derive(Clone, Debug)]
pub struct RequestParts {
    /// `CNI_CONTAINERID`.
    pub container_id: String,
    /// `CNI_IFNAME`.
    pub interface: String,
    /// `CNI_ARGS`.
    pub args: String,
    /// Of the capabilities.
    pub runtime_config: Option<Json>,
    /// Laid over the configuration, one over the other.
    pub config_with: Vec<Json>,
    /// Keys of it that are left out.
    pub config_without: Vec<String>,
}

/// One thing that is done, and what has to come of it.
#[derive(Debug)]
pub struct Step {
    /// Where it is in the file.
    pub line: usize,
    /// What is done.
    pub action: Action,
    /// What has to come of it.
    pub expected: Expected,
}

/// What is done in a step.
#[derive(Debug)]
pub enum Action {
    /// A runtime's call.
    Call {
        /// One of them.
        verb: Verb,
        /// What it is called with.
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
pub struct Expected {
    /// What the call answers.
    pub answer: Answer,
    /// What has to be so.
    pub there: Vec<(Place, Fact)>,
    /// What must not be so.
    pub gone: Vec<(Place, Fact)>,
}

/// What a call has to answer.
#[derive(Debug, Default)]
pub enum Answer {
    /// Success, whatever the result.
    #[default]
    Success,
    /// A result that has all this.
    Containing(Json),
    /// Just this result.
    Exactly(Json),
    /// An error.
    Error {
        /// Absent: any.
        code: Option<u32>,
        /// What has to be in its text.
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
