use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use cofferdam_journal::{
    AttachmentId, Journal, NamespaceRecord, Owned, Quota, Records, Scope, Shared, SharedObject, StateDirectory, Upkeep,
    UpkeepRecord,
};
use cofferdam_network::{Kernel, LinkId, Network};
use cofferdam_policy::Counter;
use cofferdam_protocol::{CniError, MacAddress, Place};
use cofferdam_sandbox::{Outside, Sandbox, World};

use crate::{
    Installation, Reach,
    audit::AuditLog,
    call::Call,
    deeds::Deeds,
    files::Files,
    log::{emit, printable},
    mode::Mode,
    plugins::Plugins,
    recording::{Recorder, Tape},
    rehearsal::Rehearsing,
    requests::{self, Carrying},
    spent::Spent,
    timing,
};

/// What all components of one request share: the kernel, the journal, and
/// what the attachment owns.
///
/// It moves from a plugin's state into that of the address management plugin
/// that it calls, and back.
pub(crate) struct Session {
    pub(crate) installation: Installation,
    pub(crate) sandbox: Sandbox,
    pub(crate) plugins: Plugins,
    pub(crate) files: Files,
    pub(crate) audit_log: AuditLog,
    pub(crate) attachment: AttachmentId,
    /// Whose the attachment is, as far as the runtime says.
    pub(crate) tenant: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) network: Box<dyn Network + Send>,
    /// Present during ADD.
    pub(crate) journal: Option<Journal>,
    /// Present where objects can be shared: not during STATUS.
    pub(crate) shared: Shared,
    pub(crate) owned: Owned,
    pub(crate) quota: Quota,
    pub(crate) upkeep: Upkeep,
    /// Objects that were made in this request, by limit of an attachment.
    pub(crate) used: BTreeMap<Counter, u32>,
    /// The container's namespace, where there is one.
    pub(crate) namespace: Option<NamespaceRecord>,
    pub(crate) links: Links,
    pub(crate) segments: Segments,
    /// Records that a guest holds open, with their lock.
    pub(crate) records: BTreeMap<u32, Records>,
    /// Addresses that were claimed for the attachment in this call.
    pub(crate) claimed: Vec<IpAddr>,
    /// Addresses that were found to be the attachment's own since its last
    /// change.
    pub(crate) own_addresses: BTreeSet<IpAddr>,
    pub(crate) deeds: Deeds,
    /// What each plugin used up of its bounds.
    pub(crate) spent: Spent,
    /// When the whole call has to be over.
    pub(crate) deadline: Instant,
    /// GC: the attachments (container id, interface name) still in use.
    pub(crate) valid: Vec<(String, String)>,
    /// Depth of delegation, to end loops.
    pub(crate) depth: u8,
    /// Whether a plugin exchanges datagrams at the moment.
    pub(crate) exchanging: bool,
    /// Who sends requests.
    pub(crate) carrier: Carrying,
    /// What the keeper's call is about.
    pub(crate) kept: Option<UpkeepRecord>,
    /// Who is told, where the kernel is not asked.
    pub(crate) rehearsing: Rehearsing,
    /// Who tells the time and chance.
    pub(crate) world: Arc<dyn Outside>,
    /// What all is written down on that the host is told by others.
    pub(crate) tape: Option<Tape>,
}

impl Session {
    /// A session for one verb of a request; ADD gives it its journal. What its
    /// plugins may need is opened, and everything else given up.
    pub(crate) fn new(
        call: &Call,
        mode: Mode,
        state: &StateDirectory,
        kernel: Kernel,
        namespace: Option<NamespaceRecord>,
    ) -> Result<Self, CniError> {
        let resources = Resources::open(call, mode)?;
        Self::reaching(call, state, kernel, namespace, resources, |reach| reach)
    }

    /// The same with what was opened before. Where the host goes on after the
    /// plugins, `reach` adds what that takes to what they need.
    pub(crate) fn reaching(
        call: &Call,
        state: &StateDirectory,
        mut kernel: Kernel,
        namespace: Option<NamespaceRecord>,
        mut resources: Resources,
        reach: impl FnOnce(Reach) -> Reach,
    ) -> Result<Self, CniError> {
        let mode = resources.mode;
        // Where none can be run, there is nobody to be guarded against.
        if resources.plugins.all().next().is_none() {
            return Ok(Self::with(call, state, Box::new(kernel), namespace, resources));
        }
        kernel
            .open_ahead(&resources.plugins.ahead(mode))
            .map_err(|error| CniError::internal(error.to_string()))?;
        hand_over_zones(call, &resources, &mut kernel);
        timing::phase("open");
        resources.carrier = requests::carrier(call, &resources.plugins, &resources.sandbox);
        let mut wanted = reach(Reach {
            courier: resources.carrier.is_ok() || kernel.has_zones_handed_over(),
            ..Reach::new(call, &resources.plugins, &resources.files)
        });
        // What other verbs are told begins before their plugins.
        if mode == Mode::Add {
            Recorder::begin(call, &resources, &mut kernel, namespace.as_ref(), None);
        }
        if let Some(directory) = call.recorder.directory() {
            wanted = wanted.and_directory(&directory);
        }
        call.confine(&wanted)?;
        timing::phase("confine");
        let network = call.recorder.heard(Box::new(kernel));
        let mut session = Self::with(call, state, network, namespace, resources);
        call.recorder.listen_to(&mut session);
        Ok(session)
    }

    /// The same on a network that is not the kernel's.
    #[cfg(feature = "simulation")]
    pub(crate) fn on(
        call: &Call,
        mode: Mode,
        state: &StateDirectory,
        network: Box<dyn Network + Send>,
        namespace: Option<NamespaceRecord>,
    ) -> Result<Self, CniError> {
        let mut resources = Resources::open(call, mode)?;
        resources.carrier = requests::carrier(call, &resources.plugins, &resources.sandbox);
        Ok(Self::with(call, state, network, namespace, resources))
    }

    fn with(
        call: &Call,
        state: &StateDirectory,
        network: Box<dyn Network + Send>,
        namespace: Option<NamespaceRecord>,
        resources: Resources,
    ) -> Self {
        let Resources {
            mode,
            sandbox,
            tenant,
            plugins,
            files,
            audit_log,
            carrier,
        } = resources;
        Self {
            installation: call.installation.clone(),
            sandbox,
            plugins,
            files,
            audit_log,
            attachment: call.attachment.clone(),
            tenant,
            mode,
            network,
            journal: None,
            shared: state.shared(),
            owned: state.owned(),
            quota: state.quota(),
            upkeep: state.upkeep(),
            used: BTreeMap::new(),
            namespace,
            links: Links::default(),
            segments: Segments::default(),
            records: BTreeMap::new(),
            claimed: Vec::new(),
            own_addresses: BTreeSet::new(),
            deeds: Deeds::default(),
            spent: Spent::default(),
            deadline: call.deadline,
            valid: Vec::new(),
            depth: 0,
            exchanging: false,
            carrier,
            kept: None,
            rehearsing: call.rehearsing.clone(),
            world: Arc::new(World::default()),
            tape: None,
        }
    }

    /// What the attachment's operations mean.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope {
            network: &self.attachment.network,
            namespace: self.namespace.as_ref(),
        }
    }

    /// Closes the records that a guest left open.
    pub(crate) fn close_records(&mut self) {
        std::mem::take(&mut self.records).into_values().for_each(close);
    }

    /// Time that is left for this call.
    pub(crate) fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// What is loaded and opened before the first plugin runs.
pub(crate) struct Resources {
    pub(crate) mode: Mode,
    sandbox: Sandbox,
    tenant: Option<String>,
    pub(crate) plugins: Plugins,
    pub(crate) files: Files,
    audit_log: AuditLog,
    carrier: Carrying,
}

impl Resources {
    /// Opens and loads what the plugins of a call need. One that can't be run
    /// is none of its failures: that is told when its turn comes.
    pub(crate) fn open(call: &Call, mode: Mode) -> Result<Self, CniError> {
        let sandbox = call.sandbox()?;
        let tenant = cofferdam_policy::tenant(&call.environment.args);
        let plugins = Plugins::load(call, mode, &sandbox, tenant.as_deref());
        let files = Files::open(call, &plugins, mode);
        Ok(Self {
            mode,
            sandbox,
            tenant,
            plugins,
            files,
            audit_log: AuditLog::open(call.installation.audit_log()),
            carrier: Err("no plugin was to be run".to_owned()),
        })
    }
}

/// Gives up the lock of records. What was found wrong in them is for the
/// operator.
pub(crate) fn close(mut records: Records) {
    for problem in records.take_problems() {
        emit(&format!("cofferdam: warn: {}", printable(&problem)));
    }
}

/// What the container's addresses meet on the node.
#[derive(Debug, Default)]
pub(crate) struct Segments {
    /// Links of the node that the attachment shares, or has made ports of.
    pub(crate) links: BTreeSet<LinkId>,
    /// Whether a link of the container is upon one of the node: then packets
    /// to addresses of the node may come to it.
    pub(crate) is_beside_node: bool,
    /// Addresses that the request gave the container.
    pub(crate) addresses: BTreeSet<IpAddr>,
}

/// Whose a link is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// Made for this attachment, by this plugin.
    Own,
    /// Somebody else's, moved into the container by this plugin. It may be set,
    /// since it goes back as it was, and never deleted.
    Taken,
    /// Shared by attachments; `made` tells whether the host made it.
    Shared { object: SharedObject, made: bool },
}

impl Ownership {
    /// Whether the attachment has it for itself.
    pub(crate) fn is_attachments(&self) -> bool {
        matches!(self, Self::Own | Self::Taken)
    }
}

/// A link that this request made or shares.
#[derive(Clone, Debug)]
pub(crate) struct KnownLink {
    pub(crate) plugin: String,
    pub(crate) name: String,
    pub(crate) mac: MacAddress,
    pub(crate) ownership: Ownership,
    /// The other end of a pair, which goes with this one.
    pub(crate) peer: Option<LinkId>,
}

/// The links that this request made or shares.
#[derive(Debug, Default)]
pub(crate) struct Links(BTreeMap<LinkId, KnownLink>);

impl Links {
    pub(crate) fn insert(&mut self, id: LinkId, link: KnownLink) {
        self.0.insert(id, link);
    }

    /// Removes a link that is gone, with what went with it.
    pub(crate) fn remove(&mut self, id: LinkId) {
        let peer = self.0.remove(&id).and_then(|link| link.peer);
        if let Some(peer) = peer {
            self.0.remove(&peer);
        }
    }

    /// Whether the request made or joined a link of this name, whichever of its
    /// plugins did.
    pub(crate) fn has_named(&self, place: Place, name: &str) -> bool {
        self.0.iter().any(|(id, link)| id.place == place && link.name == name)
    }

    /// Whether the request made a link of this name for the attachment alone,
    /// whichever of its plugins did.
    pub(crate) fn has_own(&self, place: Place, name: &str) -> bool {
        let mut links = self.0.iter();
        links.any(|(id, link)| id.place == place && link.name == name && link.ownership.is_attachments())
    }

    /// The same of one plugin.
    pub(crate) fn has_named_of(&self, place: Place, name: &str, plugin: &str) -> bool {
        let is_it = |(id, link): (&LinkId, &KnownLink)| id.place == place && link.name == name && link.plugin == plugin;
        self.0.iter().any(is_it)
    }

    /// The link, if it is this plugin's.
    pub(crate) fn of_plugin(&self, id: LinkId, plugin: &str) -> Option<&KnownLink> {
        self.0.get(&id).filter(|link| link.plugin == plugin)
    }
}

/// A confined process has no connection to D-Bus: with it, whoever took its
/// place could ask systemd for anything.
fn hand_over_zones(call: &Call, resources: &Resources, kernel: &mut Kernel) {
    if !call.is_confined() {
        return;
    }
    let asked = resources.mode.asks_for_zones() && resources.plugins.join_zones();
    let program = call.deputy.filter(|_| asked);
    kernel.hand_over_zones(program.map(|find| find()).as_deref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_pair_go_at_once() {
        let id = |index| LinkId {
            place: Place::Host,
            index,
        };
        let end = |name: &str, peer| KnownLink {
            plugin: "test".to_owned(),
            name: name.to_owned(),
            mac: MacAddress([2; 6]),
            ownership: Ownership::Own,
            peer,
        };
        let mut links = Links::default();
        links.insert(id(1), end("veth1", Some(id(2))));
        links.insert(id(2), end("veth2", Some(id(1))));
        links.insert(id(3), end("veth3", None));
        links.remove(id(1));
        let left = ["veth1", "veth2", "veth3"].map(|name| links.has_own(Place::Host, name));
        assert_eq!(left, [false, false, true]);
    }
}
