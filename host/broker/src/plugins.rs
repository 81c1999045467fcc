//! The plugins that a request may run, loaded before the first of them runs:
//! a process that has given up what it no longer needs can load no code.

use std::collections::BTreeMap;

use cofferdam_http::Permit;
use cofferdam_network::Ahead;
use cofferdam_policy::{Audit, Grants, NO_KEYS, Needs, Operation, Pin, PluginPolicy, PolicyError, Question, Recording};
use cofferdam_protocol::{CniError, Place, PluginConfig};
use cofferdam_sandbox::{Artifact, ComponentStore, Limits, Program, Sandbox};

use crate::{
    Installation, Workplace,
    call::{Call, Member},
    codes,
    mode::Mode,
    needs, pin,
    rehearsal::Rehearsing,
    requests::permit,
    schema, timing,
};

/// A plugin that can be run.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) grants: Grants,
    pub(crate) needs: Needs,
    /// Of its configuration; present during ADD and CHECK, where it has one.
    pub(crate) schema: Option<Vec<u8>>,
    pub(crate) audit: Audit,
    pub(crate) recording: Recording,
    /// The key that the policy pins components to.
    pub(crate) key: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) program: Program,
}

/// The plugins of a request.
#[derive(Default)]
pub(crate) struct Plugins {
    /// By their names. For one that can't be run, why: that is told when its
    /// turn comes.
    by_name: BTreeMap<String, Result<Loaded, CniError>>,
    /// Where the kernel is not asked, plugins call others without a grant.
    rehearsing: Rehearsing,
    workplace: Workplace,
}

impl Plugins {
    /// Loads all members, and the address management plugins that they may
    /// call and their configurations name.
    pub(crate) fn load(call: &Call, mode: Mode, sandbox: &Sandbox, tenant: Option<&str>) -> Self {
        let loader = Loader {
            installation: &call.installation,
            components: call.installation.components().held_open(),
            sandbox,
            mode,
            network: &call.attachment.network,
            tenant,
            ends_with_request: call.ends_with_request(),
            rehearsing: &call.rehearsing,
            workplace: call.workplace,
        };
        let mut plugins = Self {
            by_name: BTreeMap::new(),
            rehearsing: call.rehearsing.clone(),
            workplace: call.workplace,
        };
        for member in &call.members {
            plugins.add(&loader, &member.plugin);
            if let Some(delegate) = plugins.delegate_of(member) {
                plugins.add(&loader, &delegate);
            }
        }
        plugins
    }

    fn add(&mut self, loader: &Loader<'_>, plugin: &str) {
        if !self.by_name.contains_key(plugin) {
            self.by_name.insert(plugin.to_owned(), loader.load(plugin));
        }
    }

    /// The address management plugin that a member may call.
    pub(crate) fn delegate_of(&self, member: &Member) -> Option<String> {
        let Loaded { grants, needs, .. } = self.loaded(&member.plugin)?;
        let plugin = member.config.ipam_type().ok().flatten()?;
        let question = Question::IpamDelegate { plugin: &plugin };
        let may_call = needs.covers(&question) && grants.decide(&question).is_ok();
        (may_call || self.rehearsing.is_on()).then_some(plugin)
    }

    /// Refuses a configuration that one of them says it can't use: a member's
    /// own, or what its address management plugin has of it.
    pub(crate) fn check_config(&self, member: &Member) -> Result<(), CniError> {
        let delegate = self.delegate_of(member).unwrap_or_default();
        for plugin in [&member.plugin, &delegate] {
            let schema = self.loaded(plugin).and_then(|loaded| loaded.schema.as_deref());
            if let Some(schema) = schema {
                schema::check(plugin, schema, &member.config, self.workplace)?;
            }
        }
        Ok(())
    }

    /// A plugin that is to be run.
    pub(crate) fn get(&self, plugin: &str) -> Result<&Loaded, CniError> {
        match self.by_name.get(plugin) {
            Some(Ok(loaded)) => Ok(loaded),
            Some(Err(error)) => Err(error.clone()),
            None => {
                let text = format!("plugin {plugin:?} was not loaded when this call began, and can't be any more");
                Err(CniError::internal(text))
            }
        }
    }

    fn loaded(&self, plugin: &str) -> Option<&Loaded> {
        self.by_name.get(plugin)?.as_ref().ok()
    }

    /// What a plugin's component was compiled from, as far as that is known.
    pub(crate) fn digest(&self, plugin: &str) -> Option<&str> {
        self.loaded(plugin).map(|loaded| loaded.program.digest())
    }

    /// Which calls are to be kept; none where one of the plugins can't be run,
    /// for then none is.
    pub(crate) fn recording(&self) -> Recording {
        let loaded = self
            .by_name
            .values()
            .map(|plugin| plugin.as_ref().map(|loaded| loaded.recording));
        let wanted: Result<Vec<Recording>, _> = loaded.collect();
        wanted.unwrap_or_default().into_iter().max().unwrap_or_default()
    }

    /// All that can be run, with their names.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &Loaded)> {
        let named = self.by_name.iter();
        named.filter_map(|(name, plugin)| Some((name.as_str(), plugin.as_ref().ok()?)))
    }

    /// All that can be run.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Loaded> {
        self.by_name.values().filter_map(|plugin| plugin.as_ref().ok())
    }

    /// Each plugin that can be run with each configuration that it may be run
    /// with.
    pub(crate) fn with_configs<'a>(
        &'a self,
        call: &'a Call,
    ) -> impl Iterator<Item = (&'a Loaded, &'a PluginConfig)> + 'a {
        call.members.iter().flat_map(move |member| {
            let delegate = self.delegate_of(member);
            let both = [self.loaded(&member.plugin), self.loaded(&delegate.unwrap_or_default())];
            both.into_iter().flatten().map(move |loaded| (loaded, &member.config))
        })
    }

    /// What requests they may have sent, as far as their components can ask for
    /// any.
    pub(crate) fn permits(&self, sandbox: &Sandbox) -> Vec<Permit> {
        const INTERFACE: &str = "cofferdam:cni/http@";
        let mut permits = Vec::new();
        for (name, plugin) in &self.by_name {
            let Ok(plugin) = plugin else { continue };
            let mut granted = plugin.grants.requests().peekable();
            // The imports of all others need not be looked at.
            if granted.peek().is_none() {
                continue;
            }
            let mut imports = plugin.program.imports(sandbox).into_iter();
            if imports.any(|import| import.starts_with(INTERFACE)) {
                permits.extend(granted.map(|granted| permit(name, granted)));
            }
        }
        permits
    }

    /// Whether one may make TAP devices.
    pub(crate) fn make_taps(&self) -> bool {
        /// What the kernel calls their kind.
        const TAP: &str = "tun";
        self.all().any(|plugin| plugin.grants.may_create(Place::Container, TAP))
    }

    /// Whether one may put addresses into zones of firewalld.
    pub(crate) fn join_zones(&self) -> bool {
        let granted = |plugin: &Loaded| plugin.grants.has_any(&[Operation::ForwardingZone], Place::Host);
        self.rehearsing.is_on() || self.all().any(granted)
    }

    /// What they need of the container's namespace, and of what can't be opened
    /// later.
    pub(crate) fn ahead(&self, mode: Mode) -> Ahead {
        const PACKET_FILTER: [Operation; 2] = [Operation::NftablesTable, Operation::NftablesElement];
        let mut ahead = Ahead {
            taps: if self.make_taps() { Ahead::MOST_TAPS } else { 0 },
            ..Ahead::default()
        };
        for Loaded { grants, .. } in self.all() {
            ahead.nftables |= grants.has_any(&PACKET_FILTER, Place::Container);
            let settings = grants.setting_directories(Place::Container);
            ahead.settings.extend(settings.map(str::to_owned));
            let exchanging = [Place::Host, Place::Container].into_iter().filter(|_| mode.exchanges());
            let exchanging = exchanging.filter(|place| grants.has_any(&[Operation::PacketExchange], *place));
            ahead.packets.extend(exchanging);
        }
        ahead
    }
}

/// What plugins are loaded for.
struct Loader<'a> {
    installation: &'a Installation,
    components: ComponentStore,
    sandbox: &'a Sandbox,
    mode: Mode,
    network: &'a str,
    tenant: Option<&'a str>,
    /// Whether the process has nothing to do after this request.
    ends_with_request: bool,
    rehearsing: &'a Rehearsing,
    workplace: Workplace,
}

impl Loader<'_> {
    fn load(&self, plugin: &str) -> Result<Loaded, CniError> {
        let policy = self.policy(plugin)?;
        let grants = policy.for_attachment(self.network, self.tenant);
        timing::phase("policy");
        let artifact = self.artifact(plugin, policy.pin())?;
        timing::phase("read");
        let needs = needs::declared(plugin, &artifact)?;
        let checked = needs::check(self.mode, self.network, &policy, &grants, &needs)
            .map_err(|unmet| needs::refusal(plugin, &unmet));
        self.rehearsing.overlook(plugin, checked)?;
        let schema = schema::declared(self.mode, &artifact)?;
        timing::phase("needs");
        let program = Program::load(self.sandbox, artifact)
            .map_err(|error| CniError::new(codes::COMPONENT, format!("plugin {plugin:?}: {error}")))?;
        if self.ends_with_request {
            program.stay();
        }
        timing::phase("map");
        Ok(Loaded {
            grants,
            needs,
            schema,
            audit: policy.audit(),
            recording: policy.recording(),
            key: key_of(policy.pin()),
            limits: limits(&policy),
            program,
        })
    }

    fn policy(&self, plugin: &str) -> Result<PluginPolicy, CniError> {
        let refuse = |error: PolicyError| CniError::new(codes::DENIED, self.workplace.no_policy(&error));
        let read = self.installation.policies().plugin(plugin).map_err(refuse);
        read.or_else(|error| {
            self.rehearsing.overlook(plugin, Err(error))?;
            // As one that grants nothing.
            PluginPolicy::parse(plugin, &[], NO_KEYS).map_err(refuse)
        })
    }

    /// The component that the plugin's name stands for, which has to be the
    /// one that the policy pins.
    fn artifact(&self, plugin: &str, pin: &Pin) -> Result<Artifact, CniError> {
        let refuse = |text: String| CniError::new(codes::COMPONENT, text);
        let digest = self
            .components
            .resolve(plugin)
            .map_err(|error| refuse(self.workplace.no_component(&error)))?;
        // A recording is run again with whatever its author has in mind.
        if !self.rehearsing.is_again() {
            let checked = pin::check_at(self.workplace, &self.components, (plugin, pin), digest);
            self.rehearsing.overlook(plugin, checked)?;
        }
        self.components
            .artifact(digest)
            .map_err(|error| refuse(error.to_string()))
    }
}

fn key_of(pin: &Pin) -> Option<String> {
    match pin {
        Pin::SignedBy { name, .. } => Some(name.clone()),
        Pin::Any | Pin::Digest(_) => None,
    }
}

/// What an instance may use: the operator knows plugins that take more.
fn limits(policy: &PluginPolicy) -> Limits {
    let limits = Limits::default();
    let instances = policy.core_instances().and_then(|count| usize::try_from(count).ok());
    Limits {
        instances: instances.unwrap_or(limits.instances),
        ..limits
    }
}
