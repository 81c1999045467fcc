use std::net::IpAddr;

use cofferdam_network::{Forwarded, ForwardingLead, forwarding_table_of};

use super::{ComparisonError, GONE, PRESENT, Remedy, survey::Survey};
use crate::Entry;

impl Survey<'_, '_> {
    /// A rule of the node's iptables that leads to a chain.
    pub(super) fn look_at_lead(&mut self, entry: &Entry, lead: &ForwardingLead) -> Result<(), ComparisonError> {
        if !self.view.network.has_forwarding_lead(lead)? {
            let remedy = Remedy::ForwardingLead(lead.clone());
            self.tell(entry, lead.to_string(), PRESENT, GONE, Some(remedy));
        }
        Ok(())
    }

    /// The rules of the node's iptables that accept packets of an address.
    pub(super) fn look_at_forwarding(
        &mut self,
        entry: &Entry,
        address: IpAddr,
        what: Forwarded,
    ) -> Result<(), ComparisonError> {
        if !self.view.network.accepts_forwarding(address, what)? {
            let object = format!("acceptance of {} in {}", what.of(address), forwarding_table_of(address));
            self.tell(entry, object, PRESENT, GONE, Some(Remedy::Forwarding(address, what)));
        }
        Ok(())
    }

    /// An address in a zone of the node's firewalld, which forgets it when it
    /// is loaded again.
    pub(super) fn look_at_zone(&mut self, entry: &Entry, address: IpAddr, zone: &str) -> Result<(), ComparisonError> {
        if !self.view.network.is_in_zone(address, zone)? {
            let object = format!("{address} in zone {zone} of firewalld");
            let remedy = Remedy::Zone(address, zone.to_owned());
            self.tell(entry, object, PRESENT, GONE, Some(remedy));
        }
        Ok(())
    }
}
