use std::collections::{BTreeMap, BTreeSet};

use cofferdam_journal::Operation;
use cofferdam_network::LinkId;
use cofferdam_protocol::{IpPrefix, Place};

use crate::{answered::Answered, exchanges::Received};

/// What the plugins of a request saw and did, as far as a result can tell of
/// it.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    /// Links that a plugin got a handle of, with their names.
    shown: BTreeMap<LinkId, String>,
    /// Addresses that were added.
    pub(crate) added: Vec<(LinkId, IpPrefix)>,
    /// Links of which something was taken away or replaced.
    disturbed: BTreeSet<(Place, String)>,
    /// Devices without links that were handed over, as what the container's
    /// interface is called, with their PCI addresses.
    handed_over: BTreeSet<(String, String)>,
    /// Texts of resolver configurations that were read.
    pub(crate) read: Vec<String>,
    /// The last datagrams that came.
    pub(crate) received: Received,
    /// What services answered.
    pub(crate) answered: Answered,
}

impl Deeds {
    /// A plugin gets a handle of a link.
    pub(crate) fn show(&mut self, id: LinkId, name: &str) {
        self.shown.insert(id, name.to_owned());
    }

    /// Whether a plugin got a handle of the link.
    pub(crate) fn was_shown(&self, id: LinkId) -> bool {
        self.shown.contains_key(&id)
    }

    /// The name that a link had when its handle was given.
    pub(crate) fn name_of(&self, id: LinkId) -> Option<&str> {
        self.shown.get(&id).map(String::as_str)
    }

    /// A text of the kernel's in which links have their names and no numbers.
    pub(crate) fn with_names(&self, text: String) -> String {
        self.shown.iter().fold(text, |text, (id, name)| {
            text.replace(&id.to_string(), &format!("link {name:?} in the {} namespace", id.place))
        })
    }

    /// A device without a link becomes the container's interface of a name.
    pub(crate) fn hand_over(&mut self, name: &str, pci_address: &str) {
        self.handed_over.insert((name.to_owned(), pci_address.to_owned()));
    }

    /// Whether that was done.
    pub(crate) fn was_handed_over(&self, name: &str, pci_address: &str) -> bool {
        self.handed_over.contains(&(name.to_owned(), pci_address.to_owned()))
    }

    /// Takes note of what was done.
    pub(crate) fn note(&mut self, done: &Operation) {
        if let Operation::DeleteLink { link, name }
        | Operation::DeleteAddress { link, name, .. }
        | Operation::DeleteRoute { link, name, .. }
        | Operation::SetLinkMtu { link, name, .. }
        | Operation::SetLinkMac { link, name, .. }
        | Operation::TakeDevice { link, name, .. } = done
        {
            self.disturbed.insert((link.place, name.clone()));
        }
    }

    /// Whether what was true of a link before the request may be so no more.
    pub(crate) fn disturbed(&self, place: Place, name: &str) -> bool {
        self.disturbed.contains(&(place, name.to_owned()))
    }

    /// The same of any link.
    pub(crate) fn disturbed_any(&self) -> bool {
        !self.disturbed.is_empty()
    }
}
