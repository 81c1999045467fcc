use cofferdam_protocol::{
    CniError, ResultError, Verb,
    version::{UnknownSpecVersion, VersionAnswerError},
};
use thiserror::Error;

use crate::{CacheError, ProcessError, ResolveError};

/// A request to a network failed.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// One of its plugins failed.
    #[error("plugin type={plugin:?}{} failed ({}): {failure}", named(.name), action(*.verb))]
    Plugin {
        /// The plugin.
        plugin: String,
        /// The `name` that its own configuration has, as those of a single plugin do; mostly empty.
        name: String,
        /// What it was asked to do.
        verb: Verb,
        /// Why it did not.
        failure: PluginFailure,
    },
    /// A name is not what the specification allows.
    #[error("{0}")]
    Invalid(CniError),
    /// The network's version is not one that results can be read in.
    #[error("network {network:?}: {error}")]
    Version {
        /// The network.
        network: String,
        /// What is wrong with it.
        error: UnknownSpecVersion,
    },
    /// A plugin does not speak the network's version.
    #[error("plugin {plugin} does not support config version {version:?}")]
    Unsupported {
        /// The plugin.
        plugin: String,
        /// The network's version.
        version: String,
    },
    /// There is no CHECK before 0.4.0.
    #[error("network {network:?} of version {version:?} does not support the CHECK command")]
    NoCheck {
        /// The network.
        network: String,
        /// Its version.
        version: String,
    },
    /// The result of the network's ADD is not what its version has.
    #[error("the cached result of network {network:?} is of no use: {error}")]
    Cached {
        /// The network.
        network: String,
        /// What is wrong with it.
        error: ResultError,
    },
    /// Everything is attached, but its result could not be kept.
    #[error("failed to set network {network:?} cached result: {error}")]
    Cache {
        /// The network.
        network: String,
        /// Why not.
        error: CacheError,
    },
    /// Several things failed; the rest was done.
    #[error("{}", joined(.0))]
    Several(Vec<Self>),
}

/// What became of a call of one plugin.
#[derive(Debug, Error)]
pub enum PluginFailure {
    /// It is not there.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Its configuration makes no sense.
    #[error("{0}")]
    Config(CniError),
    /// It did not come to an end.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It failed, and this is what it left as an explanation.
    #[error("{0}")]
    Failed(CniError),
    /// What it printed is not a result.
    #[error(transparent)]
    Result(#[from] ResultError),
    /// What it printed is not an answer to VERSION.
    #[error(transparent)]
    Version(#[from] VersionAnswerError),
}

impl RuntimeError {
    /// The error document of the plugin that failed; `None` when no plugin
    /// said anything.
    #[must_use]
    pub fn cni(&self) -> Option<&CniError> {
        match self {
            Self::Plugin {
                failure: PluginFailure::Config(error) | PluginFailure::Failed(error),
                ..
            }
            | Self::Invalid(error) => Some(error),
            Self::Several(errors) => errors.iter().find_map(Self::cni),
            _ => None,
        }
    }

    /// One error of however many there are; none is success.
    pub(crate) fn collect(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Self::Several(errors)),
        }
    }
}

/// The reference library's word for it.
fn action(verb: Verb) -> &'static str {
    match verb {
        Verb::Add => "add",
        Verb::Del => "delete",
        Verb::Check => "check",
        Verb::Gc => "gc",
        Verb::Status => "status",
        Verb::Version => "version",
    }
}

fn named(name: &str) -> String {
    match name {
        "" => String::new(),
        name => format!(" name={name:?}"),
    }
}

fn joined(errors: &[RuntimeError]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join("\n")
}
