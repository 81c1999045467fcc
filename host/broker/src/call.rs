use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use cofferdam_http::{Carrier, wire::Orders};
use cofferdam_journal::{AttachmentId, UpkeepRecord};
use cofferdam_network::{
    Kernel,
    namespace::{NamespaceError, NamespaceIdentity, identity, is_current, open_namespace},
};
use cofferdam_protocol::{
    CniError, Environment, Invocation, PluginConfig, Program, SpecVersion, Verb, args, version_answer,
};
use cofferdam_sandbox::{
    Sandbox, Watchdog,
    bindings::exports::cofferdam::cni::plugin::{Argument, NetworkRequest, Request},
};

use crate::{
    Answer, Installation, Reach, Workplace, codes, convert::wit_attachment, mediator::Task, reach::Confine,
    recording::Slot, rehearsal::Rehearsing, requests::Carriers, timing, verbs,
};

/// Time that the kernel has for one request.
const LEAST_REQUEST: Duration = Duration::from_secs(2);
const LONGEST_REQUEST: Duration = Duration::from_secs(10);

/// Answers CNI requests.
#[derive(Clone, Debug)]
pub struct Broker {
    installation: Installation,
    budget: Duration,
    sandbox: Option<Sandbox>,
    confine: Option<Confine>,
    carriers: Option<Carriers>,
    deputy: Option<fn() -> PathBuf>,
    rehearsing: Rehearsing,
    workplace: Workplace,
}

impl Broker {
    /// A broker for one installation. `budget` bounds a whole call.
    #[must_use]
    pub fn new(installation: Installation, budget: Duration) -> Self {
        Self {
            installation,
            budget,
            sandbox: None,
            confine: None,
            carriers: None,
            deputy: None,
            rehearsing: Rehearsing::default(),
            workplace: Workplace::default(),
        }
    }

    /// Runs all components in this sandbox, and leaves it to the caller to
    /// interrupt those that run for too long. For a process that answers many
    /// requests: the sandbox that a request gets otherwise, with the timer
    /// that watches it and the components in it, stays until the process ends.
    #[must_use]
    pub fn in_sandbox(self, sandbox: Sandbox) -> Self {
        Self {
            sandbox: Some(sandbox),
            ..self
        }
    }

    /// Has this called once in a request, when all is opened and loaded that
    /// its plugins need and before the first of them runs: to take from the
    /// process what is beyond their reach. Where it fails, no plugin is run.
    ///
    /// What it takes is gone for the calling process, so a broker that has
    /// this answers one request.
    #[must_use]
    pub fn confined_by<E: Error + 'static>(
        self,
        confine: impl Fn(&Reach) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        Self {
            confine: Some(Confine::new(confine)),
            ..self
        }
    }

    /// Has requests of plugins sent by what this gives, which is asked before
    /// the process is confined, and only where a plugin that is to be run is
    /// granted some. Without it none are sent.
    #[must_use]
    pub fn carried_by<E: Error + 'static>(
        self,
        find: impl Fn(&Orders) -> Result<Box<dyn Carrier>, E> + Send + Sync + 'static,
    ) -> Self {
        Self {
            carriers: Some(Carriers::new(find)),
            ..self
        }
    }

    /// Has firewalld asked by this program, where the process is confined and a
    /// plugin may put addresses into its zones. Without it it is not asked.
    #[must_use]
    pub fn zoned_by(self, program: fn() -> PathBuf) -> Self {
        Self {
            deputy: Some(program),
            ..self
        }
    }

    /// Has errors tell how they are mended there, and not on a node.
    #[must_use]
    pub fn at(self, workplace: Workplace) -> Self {
        Self { workplace, ..self }
    }

    /// Has somebody told which component runs, and what it gets handles of.
    #[cfg(feature = "simulation")]
    #[must_use]
    pub fn heard_by(self, listener: std::sync::Arc<dyn crate::Listener>) -> Self {
        Self {
            rehearsing: Rehearsing::HeardBy(listener),
            ..self
        }
    }

    pub(crate) fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Answers one request. `name` is what the process was executed as; as
    /// `cofferdam` the configuration says which plugin it is.
    pub fn answer(
        &self,
        name: &str,
        variable: impl Fn(&str) -> Option<String>,
        stdin: impl FnOnce() -> io::Result<Vec<u8>>,
    ) -> Answer {
        let started = Instant::now();
        match Environment::read(variable) {
            Ok(Invocation::About) => Answer::about(name),
            Ok(Invocation::Request(environment)) => self.request(name, environment, stdin, started),
            Err(error) => Answer::failed(&error, None),
        }
    }

    fn request(
        &self,
        name: &str,
        environment: Environment,
        stdin: impl FnOnce() -> io::Result<Vec<u8>>,
        started: Instant,
    ) -> Answer {
        if environment.command == Ok(Verb::Version) {
            return Answer::succeeded(version_answer(SpecVersion::supported()));
        }
        let config = match read_config(stdin) {
            Ok(config) => config,
            Err(error) => return Answer::failed(&error, None),
        };
        let version = config.version_text().ok().filter(|version| !version.is_empty());
        let call = match Call::new(self, name, environment, config, started) {
            Ok(call) => call,
            Err(error) => return Answer::failed(&error, version.as_deref()),
        };
        let answer = Answer::of(verbs::serve(&call), version.as_deref());
        if let Some(recorder) = call.recorder.take() {
            recorder.conclude(&answer);
        }
        answer
    }
}

fn read_config(stdin: impl FnOnce() -> io::Result<Vec<u8>>) -> Result<PluginConfig, CniError> {
    let bytes = stdin().map_err(|error| CniError::io(format!("error reading from stdin: {error}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CniError::decoding("error unmarshall network config: it is not valid UTF-8"))?;
    let config = PluginConfig::parse(&text)?;
    timing::phase("config");
    Ok(config)
}

/// One plugin's part of a request.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) plugin: String,
    pub(crate) config: PluginConfig,
}

/// A request, read and checked.
pub(crate) struct Call {
    pub(crate) installation: Installation,
    pub(crate) verb: Verb,
    pub(crate) version: SpecVersion,
    pub(crate) environment: Environment,
    pub(crate) config: PluginConfig,
    /// One, or those of a chain in order.
    pub(crate) members: Vec<Member>,
    pub(crate) attachment: AttachmentId,
    pub(crate) deadline: Instant,
    /// Who is told, where the kernel is not asked.
    pub(crate) rehearsing: Rehearsing,
    /// Where errors are mended.
    pub(crate) workplace: Workplace,
    /// Who sends requests, if anybody does.
    pub(crate) carriers: Option<Carriers>,
    /// What asks firewalld.
    pub(crate) deputy: Option<fn() -> PathBuf>,
    /// What the process was executed as.
    pub(crate) name: String,
    /// Time for the whole call.
    pub(crate) budget: Duration,
    /// Who writes it down.
    pub(crate) recorder: Slot,
    sandbox: Option<Sandbox>,
    confine: Option<Confine>,
}

impl Call {
    pub(crate) fn new(
        broker: &Broker,
        name: &str,
        environment: Environment,
        config: PluginConfig,
        started: Instant,
    ) -> Result<Self, CniError> {
        let verb = environment
            .command
            .clone()
            .map_err(|unknown| CniError::invalid_environment(unknown.to_string()))?;
        let version = config.gate(verb, SpecVersion::supported())?;
        let (unit, members) = members(name, &config)?;
        let named = matches!(verb, Verb::Add | Verb::Del | Verb::Check);
        let attachment = AttachmentId {
            network: config.name().to_owned(),
            container_id: if named {
                environment.container_id.clone()
            } else {
                String::new()
            },
            interface_name: if named {
                environment.interface_name.clone()
            } else {
                String::new()
            },
            unit,
        };
        Ok(Self {
            installation: broker.installation.clone(),
            verb,
            version,
            environment,
            config,
            members,
            attachment,
            deadline: started + broker.budget,
            rehearsing: broker.rehearsing.clone(),
            workplace: broker.workplace,
            carriers: broker.carriers.clone(),
            deputy: broker.deputy,
            name: name.to_owned(),
            budget: broker.budget,
            recorder: Slot::default(),
            sandbox: broker.sandbox.clone(),
            confine: broker.confine.clone(),
        })
    }

    /// The keeper's call for what a plugin keeps.
    pub(crate) fn of_record(broker: &Broker, record: &UpkeepRecord, config: PluginConfig, started: Instant) -> Self {
        let UpkeepRecord { attachment, plugin, .. } = record;
        let member = Member {
            plugin: plugin.clone(),
            config: config.clone(),
        };
        let environment = Environment {
            // No verb of a runtime's; it is not looked at.
            command: Ok(Verb::Check),
            container_id: attachment.container_id.clone(),
            netns: record.namespace.as_ref().map(|namespace| namespace.path.clone()),
            interface_name: attachment.interface_name.clone(),
            args: record.args.clone(),
            path: String::new(),
            netns_override: false,
        };
        Self {
            installation: broker.installation.clone(),
            verb: Verb::Check,
            version: SpecVersion::NEWEST,
            environment,
            config,
            members: vec![member],
            attachment: attachment.clone(),
            deadline: started + broker.budget,
            rehearsing: broker.rehearsing.clone(),
            workplace: broker.workplace,
            carriers: broker.carriers.clone(),
            deputy: broker.deputy,
            name: record.plugin.clone(),
            budget: broker.budget,
            recorder: Slot::default(),
            sandbox: broker.sandbox.clone(),
            confine: broker.confine.clone(),
        }
    }

    /// Time that is left for this call.
    pub(crate) fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The path of the container's namespace, as it was given.
    pub(crate) fn namespace_path(&self) -> Option<&str> {
        self.environment.netns.as_deref()
    }

    /// The kernel as this request sees it. The container's namespace has to
    /// be another than the process's own, unless the caller insists.
    pub(crate) fn kernel(&self) -> Result<(Kernel, NamespaceIdentity), CniError> {
        let path = self.namespace_path().unwrap_or_default();
        let namespace = open_namespace(Path::new(path)).map_err(|error| namespace_error(path, &error))?;
        let checked = matches!(self.verb, Verb::Add | Verb::Del) && !self.environment.netns_override;
        if checked && is_current(&namespace).map_err(|error| CniError::internal(error.to_string()))? {
            return Err(CniError::same_netns());
        }
        let identity = identity(&namespace).map_err(|error| CniError::internal(error.to_string()))?;
        Ok((self.host_kernel().with_container(namespace), identity))
    }

    /// The same for DEL, where a namespace that is gone is no error.
    pub(crate) fn kernel_if_exists(&self) -> Result<(Kernel, Option<NamespaceIdentity>), CniError> {
        let Some(path) = self.namespace_path() else {
            return Ok((self.host_kernel(), None));
        };
        match open_namespace(Path::new(path)) {
            Err(NamespaceError::NotExist(_)) => Ok((self.host_kernel(), None)),
            _ => self.kernel().map(|(kernel, identity)| (kernel, Some(identity))),
        }
    }

    /// The kernel without a container. Whatever was waited for before, a
    /// request to it has some time: it is needed for going back, too.
    pub(crate) fn host_kernel(&self) -> Kernel {
        self.installation
            .kernel(self.time_left().clamp(LEAST_REQUEST, LONGEST_REQUEST))
    }

    /// Whether the process has nothing to do after this request, as far as the
    /// broker knows.
    pub(crate) fn ends_with_request(&self) -> bool {
        self.sandbox.is_none()
    }

    /// The engine, with the watchdog for this call unless the caller of the
    /// broker watches.
    pub(crate) fn sandbox(&self) -> Result<Sandbox, CniError> {
        if let Some(sandbox) = &self.sandbox {
            return Ok(sandbox.clone());
        }
        let sandbox = Sandbox::new().map_err(|error| CniError::new(codes::COMPONENT, error.to_string()))?;
        Watchdog::start(&sandbox, self.deadline)
            .map_err(|error| CniError::internal(format!("no timer for the watchdog: {error}")))?;
        timing::phase("engine");
        Ok(sandbox)
    }

    /// Whether the process gives up what its plugins must not reach.
    pub(crate) fn is_confined(&self) -> bool {
        self.confine.is_some()
    }

    /// Takes from the process what is beyond the reach of this request.
    pub(crate) fn confine(&self, reach: &Reach) -> Result<(), CniError> {
        let Some(confine) = &self.confine else { return Ok(()) };
        confine.to(reach).map_err(|error| {
            let text = format!("no plugin was run, since this process can't give up what it does not need: {error}");
            CniError::new(codes::CONFINEMENT, text)
        })
    }

    /// A member's request about the attachment.
    pub(crate) fn attachment_task(
        &self,
        member: &Member,
        previous: Option<&cofferdam_protocol::Attachment>,
        namespace_exists: bool,
    ) -> Result<Task, CniError> {
        Ok(Task::Attachment(Box::new(Request {
            container_id: self.environment.container_id.clone(),
            interface_name: self.environment.interface_name.clone(),
            network: self.config.name().to_owned(),
            args: args::parse(&self.environment.args)
                .into_iter()
                .map(|argument| Argument {
                    key: argument.key,
                    value: argument.value,
                })
                .collect(),
            config: member.config.text().to_owned(),
            runtime_config: member.config.runtime_config()?,
            previous: previous.map(|previous| wit_attachment(previous, self.namespace_path())),
            namespace_exists,
        })))
    }

    /// A member's request about the network.
    pub(crate) fn network_task(&self, member: &Member, valid: &[(String, String)]) -> Task {
        use cofferdam_sandbox::bindings::exports::cofferdam::cni::plugin::AttachmentId;
        Task::Network(NetworkRequest {
            network: self.config.name().to_owned(),
            config: member.config.text().to_owned(),
            valid_attachments: valid
                .iter()
                .map(|(container_id, interface_name)| AttachmentId {
                    container_id: container_id.clone(),
                    interface_name: interface_name.clone(),
                })
                .collect(),
        })
    }
}

/// Which plugins a request is for. The first value names them for the journal.
pub(crate) fn members(name: &str, config: &PluginConfig) -> Result<(String, Vec<Member>), CniError> {
    if name != "cofferdam" {
        let member = Member {
            plugin: name.to_owned(),
            config: config.clone(),
        };
        return Ok((name.to_owned(), vec![member]));
    }
    match config.program()? {
        Program::Named(plugin) => {
            let member = Member {
                plugin: plugin.clone(),
                config: config.clone(),
            };
            Ok((plugin, vec![member]))
        }
        Program::Chain(configs) => {
            let members: Vec<Member> = configs
                .into_iter()
                .map(|config| Member {
                    plugin: config.plugin_type().unwrap_or_default(),
                    config,
                })
                .collect();
            Ok(("chain".to_owned(), members))
        }
    }
}

fn namespace_error(path: &str, error: &NamespaceError) -> CniError {
    CniError::internal(format!("failed to open netns {path:?}: {error}"))
}
