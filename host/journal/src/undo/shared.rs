use cofferdam_network::LinkInfo;

use super::{Undo, UndoError, UndoOutcome, Undone, unless_gone};
use crate::{
    model::{Made, Setting, SharedObject},
    shared::Left,
};

impl Undo<'_> {
    /// Takes the attachment off an object's users; after the last one, what
    /// Cofferdam made is removed.
    pub(super) fn leave(&mut self, object: &SharedObject) -> UndoOutcome {
        match self.shared.leave(object, self.id, self.deadline)? {
            Left::StillUsed => Ok(Undone::Nothing),
            Left::Last(guard) => {
                let outcome = match guard.made().cloned() {
                    Some(made) => self.remove_made(object, &made),
                    None => Ok(Undone::Nothing),
                };
                let outcome = match outcome {
                    Err(UndoError::Network(cofferdam_network::Error::NoNamespace(_))) => Ok(Undone::Nothing),
                    other => other,
                }?;
                guard.remove()?;
                Ok(outcome)
            }
        }
    }

    fn remove_made(&mut self, object: &SharedObject, made: &Made) -> UndoOutcome {
        match (object, made) {
            (SharedObject::Bridge { place, name }, Made::Bridge { mac, .. }) => {
                let link = self.network.link_by_name(*place, name)?;
                match link.filter(|link| link.kind == "bridge" && link.mac == Some(*mac)) {
                    Some(bridge) => self.delete_bridge(&bridge),
                    None => Ok(Undone::Nothing),
                }
            }
            (SharedObject::Address { place, link, address }, Made::Address) => {
                match self.network.link_by_name(*place, link)? {
                    Some(link) => unless_gone(self.network.delete_address(link.id, *address)),
                    None => Ok(Undone::Nothing),
                }
            }
            (SharedObject::LinkSetting { place, link, setting }, Made::LinkSetting { old, .. }) => {
                match self.network.link_by_name(*place, link)? {
                    Some(link) => unless_gone(self.set_back(&link, *setting, *old)),
                    None => Ok(Undone::Nothing),
                }
            }
            (SharedObject::Sysctl { place, key }, Made::Sysctl { old, new }) => {
                match self.network.sysctl(*place, key) {
                    Ok(value) if value == *new => unless_gone(self.network.set_sysctl(*place, key, old)),
                    Ok(value) => Ok(Undone::Left(format!("somebody set {key} to {value:?} since"))),
                    Err(error) => unless_gone(Err(error)),
                }
            }
            (SharedObject::Table { place, table }, Made::Table { .. }) => {
                unless_gone(self.network.delete_table(*place, table))
            }
            (SharedObject::Chain { place, table, chain }, Made::Chain { .. }) => {
                unless_gone(self.network.delete_chain(*place, table, chain))
            }
            _ => Ok(Undone::Left(format!("what is on record of {object} does not fit it"))),
        }
    }

    /// A bridge that has ports of others is still somebody's.
    fn delete_bridge(&mut self, bridge: &LinkInfo) -> UndoOutcome {
        let links = self.network.links(bridge.id.place)?;
        if let Some(port) = links.iter().find(|link| link.master == Some(bridge.id.index)) {
            return Ok(Undone::Left(format!(
                "bridge {} has a port that is not ours: {}",
                bridge.name, port.name
            )));
        }
        unless_gone(self.network.delete_link(bridge.id))
    }

    fn set_back(&mut self, link: &LinkInfo, setting: Setting, old: u32) -> cofferdam_network::Result<()> {
        match setting {
            Setting::Up => self.network.set_link_up(link.id, old != 0),
            Setting::Promiscuous => self.network.set_link_promiscuous(link.id, old != 0),
            Setting::Mtu => self.network.set_link_mtu(link.id, old),
            Setting::Hairpin => self.network.set_port_hairpin(link.id, old != 0),
            Setting::Isolated => self.network.set_port_isolated(link.id, old != 0),
        }
    }
}
