use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use cofferdam_journal::{AttachmentId, Journal, Records, Shared, SharedObject, StateDirectory};
use cofferdam_network::{Kernel, LinkId, Network};
use cofferdam_protocol::{CniError, MacAddress, Place};
use cofferdam_sandbox::Sandbox;

use crate::{
    Installation,
    call::Call,
    deeds::Deeds,
    log::{emit, printable},
    mode::Mode,
    spent::Spent,
};

/// What all components of one request share: the kernel, the journal, and
/// what the attachment owns.
///
/// It moves from a plugin's state into that of the address management plugin
/// that it calls, and back.
pub(crate) struct Session {
    pub(crate) installation: Installation,
    pub(crate) sandbox: Sandbox,
    pub(crate) attachment: AttachmentId,
    /// Whose the attachment is, as far as the runtime says.
    pub(crate) tenant: Option<String>,
    pub(crate) mode: Mode,
    pub(crate) network: Box<dyn Network + Send>,
    /// Present during ADD.
    pub(crate) journal: Option<Journal>,
    /// Present where objects can be shared: not during STATUS.
    pub(crate) shared: Shared,
    pub(crate) links: Links,
    /// Records that a guest holds open, with their lock.
    pub(crate) records: BTreeMap<u32, Records>,
    /// Addresses that were claimed for the attachment in this call.
    pub(crate) claimed: Vec<IpAddr>,
    pub(crate) deeds: Deeds,
    /// What counts against the limits of grants, and of each plugin.
    pub(crate) spent: Spent,
    /// When the whole call has to be over.
    pub(crate) deadline: Instant,
    /// GC: the attachments (container id, interface name) still in use.
    pub(crate) valid: Vec<(String, String)>,
    /// Depth of delegation, to end loops.
    pub(crate) depth: u8,
}

impl Session {
    /// A session for one verb of a request; ADD gives it its journal.
    pub(crate) fn new(call: &Call, mode: Mode, state: &StateDirectory, kernel: Kernel) -> Result<Self, CniError> {
        Ok(Self {
            installation: call.installation.clone(),
            sandbox: call.sandbox()?,
            attachment: call.attachment.clone(),
            tenant: cofferdam_policy::tenant(&call.environment.args),
            mode,
            network: Box::new(kernel),
            journal: None,
            shared: state.shared(),
            links: Links::default(),
            records: BTreeMap::new(),
            claimed: Vec::new(),
            deeds: Deeds::default(),
            spent: Spent::default(),
            deadline: call.deadline,
            valid: Vec::new(),
            depth: 0,
        })
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

/// Gives up the lock of records. What was found wrong in them is for the
/// operator.
pub(crate) fn close(mut records: Records) {
    for problem in records.take_problems() {
        emit(&format!("cofferdam: warn: {}", printable(&problem)));
    }
}

/// Whose a link is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// Made for this attachment, by this plugin.
    Own,
    /// Shared by attachments; `made` tells whether the host made it.
    Shared { object: SharedObject, made: bool },
}

/// A link that this request made or shares.
#[derive(Clone, Debug)]
pub(crate) struct KnownLink {
    pub(crate) plugin: String,
    pub(crate) name: String,
    pub(crate) mac: MacAddress,
    pub(crate) ownership: Ownership,
}

/// The links that this request made or shares.
#[derive(Debug, Default)]
pub(crate) struct Links(BTreeMap<LinkId, KnownLink>);

impl Links {
    pub(crate) fn insert(&mut self, id: LinkId, link: KnownLink) {
        self.0.insert(id, link);
    }

    pub(crate) fn remove(&mut self, id: LinkId) {
        self.0.remove(&id);
    }

    /// Whether the request made or joined a link of this name, whichever of its
    /// plugins did.
    pub(crate) fn has_named(&self, place: Place, name: &str) -> bool {
        self.0.iter().any(|(id, link)| id.place == place && link.name == name)
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
