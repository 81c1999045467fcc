use std::fmt::Display;

use cofferdam_network::{LinkId, LinkInfo, Network};

use super::{Undo, UndoOutcome, Undone, put_back};
use crate::{
    Entry,
    model::{Inverse, Operation, Setting},
};

/// A setting of a link that was changed.
struct Change<T> {
    link: LinkId,
    what: &'static str,
    old: T,
    /// Absent where it is not on record.
    new: Option<T>,
}

impl Undo<'_> {
    /// Puts back a setting of a link that the attachment did not make. The
    /// number is what the link is known by; a link that was made since has
    /// another, and none of our settings.
    pub(super) fn restore_link_setting(&mut self, entry: &Entry) -> UndoOutcome {
        match (&entry.inverse, &entry.operation) {
            (Inverse::RestoreMac { link, old, .. }, operation) => {
                let new = match operation {
                    Operation::SetLinkMac { mac, .. } => Some(*mac),
                    _ => None,
                };
                let change = Change {
                    link: *link,
                    what: "the address",
                    old: *old,
                    new,
                };
                let set = |network: &mut dyn Network| network.set_link_mac(*link, *old);
                self.restore_value(&change, |info| info.mac, set)
            }
            (Inverse::RestoreMaster { link, old, .. }, operation) => {
                let new = match operation {
                    Operation::SetLinkMaster { master, .. } => Some(*master),
                    _ => None,
                };
                self.restore_master(*link, *old, new)
            }
            (inverse, operation) => match number(inverse) {
                Some((link, setting, old)) => self.restore_number(link, setting, old, new_number(operation)),
                None => Ok(Undone::Nothing),
            },
        }
    }

    /// The same for a setting that is a number; a switch is 0 or 1. Without
    /// `new` whatever is there is taken for ours.
    pub(super) fn restore_number(&mut self, link: LinkId, setting: Setting, old: u32, new: Option<u32>) -> UndoOutcome {
        let change = Change {
            link,
            what: setting.name(),
            old,
            new,
        };
        self.restore_value(
            &change,
            |info| present(setting, info),
            |network| set(network, link, setting, old),
        )
    }

    fn restore_value<T: PartialEq + Display>(
        &mut self,
        change: &Change<T>,
        present: impl FnOnce(&LinkInfo) -> Option<T>,
        set: impl FnOnce(&mut dyn Network) -> cofferdam_network::Result<()>,
    ) -> UndoOutcome {
        let Some(info) = self.network.link(change.link)? else {
            return Ok(Undone::Nothing);
        };
        match present(&info) {
            // What only a bridge port has went when it was no port any more.
            None => Ok(Undone::Nothing),
            Some(present) if present == change.old => Ok(Undone::Nothing),
            Some(present) if change.new.as_ref().is_some_and(|new| *new != present) => Ok(Undone::Left(format!(
                "somebody set {} of link {} to {present} since",
                change.what, info.name
            ))),
            Some(_) => put_back(set(self.network)),
        }
    }

    /// Where the old master is gone, a port that was left to itself would have
    /// none.
    fn restore_master(&mut self, link: LinkId, old: Option<u32>, new: Option<Option<u32>>) -> UndoOutcome {
        let Some(info) = self.network.link(link)? else {
            return Ok(Undone::Nothing);
        };
        if info.master == old {
            return Ok(Undone::Nothing);
        }
        if new.is_some_and(|new| new != info.master) {
            let now = info
                .master
                .map_or("no port".to_owned(), |index| format!("a port of link {index}"));
            return Ok(Undone::Left(format!("somebody made link {} {now} since", info.name)));
        }
        let old = match old {
            Some(index) => self
                .network
                .link(LinkId { index, ..link })?
                .map(|master| master.id.index),
            None => None,
        };
        put_back(self.network.set_link_master(link, old))
    }
}

/// Link, setting and old value of an inverse whose value is a number.
fn number(inverse: &Inverse) -> Option<(LinkId, Setting, u32)> {
    match inverse {
        Inverse::RestoreUp { link, old, .. } => Some((*link, Setting::Up, (*old).into())),
        Inverse::RestoreMtu { link, old, .. } => Some((*link, Setting::Mtu, *old)),
        Inverse::RestorePromiscuous { link, old, .. } => Some((*link, Setting::Promiscuous, (*old).into())),
        Inverse::RestoreAllMulticast { link, old, .. } => Some((*link, Setting::AllMulticast, (*old).into())),
        Inverse::RestoreQueueLength { link, old, .. } => Some((*link, Setting::QueueLength, *old)),
        Inverse::RestoreHairpin { link, old, .. } => Some((*link, Setting::Hairpin, (*old).into())),
        Inverse::RestoreIsolated { link, old, .. } => Some((*link, Setting::Isolated, (*old).into())),
        _ => None,
    }
}

fn new_number(operation: &Operation) -> Option<u32> {
    match operation {
        Operation::SetLinkMtu { mtu, .. } => Some(*mtu),
        Operation::SetLinkQueueLength { packets, .. } => Some(*packets),
        Operation::SetLinkUp { up: on, .. }
        | Operation::SetLinkPromiscuous { on, .. }
        | Operation::SetLinkAllMulticast { on, .. }
        | Operation::SetPortHairpin { on, .. }
        | Operation::SetPortIsolated { on, .. } => Some((*on).into()),
        _ => None,
    }
}

fn present(setting: Setting, info: &LinkInfo) -> Option<u32> {
    match setting {
        Setting::Up => Some(info.up.into()),
        Setting::Promiscuous => Some(info.promiscuous.into()),
        Setting::AllMulticast => Some(info.all_multicast.into()),
        Setting::Mtu => Some(info.mtu),
        Setting::QueueLength => Some(info.transmit_queue_length),
        Setting::Hairpin => info.hairpin.map(u32::from),
        Setting::Isolated => info.isolated.map(u32::from),
    }
}

fn set(network: &mut dyn Network, link: LinkId, setting: Setting, value: u32) -> cofferdam_network::Result<()> {
    match setting {
        Setting::Up => network.set_link_up(link, value != 0),
        Setting::Promiscuous => network.set_link_promiscuous(link, value != 0),
        Setting::AllMulticast => network.set_link_all_multicast(link, value != 0),
        Setting::QueueLength => network.set_link_queue_length(link, value),
        Setting::Mtu => network.set_link_mtu(link, value),
        Setting::Hairpin => network.set_port_hairpin(link, value != 0),
        Setting::Isolated => network.set_port_isolated(link, value != 0),
    }
}
