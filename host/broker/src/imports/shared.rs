//! Objects that attachments share. The first user makes them, the last one's
//! DEL removes them, and what was there before stays.

use std::time::Instant;

use cofferdam_journal::{AttachmentId, Inverse, Left, Made, Operation, Shared, SharedGuard, SharedObject};
use cofferdam_network::{Bridge, LinkId, LinkInfo, Network, nftables::Set};
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{links::BridgeOptions, types::Error},
};

use super::{
    redeclared::{other_typed, redeclare},
    vlans::refuse_without_filtering,
};
use crate::{
    convert::{conflict, network_error},
    mediator::{Mediator, journal_error},
    random,
    session::{KnownLink, Ownership, Session},
};

/// Whether joining a shared object had to make it.
pub(super) enum Found {
    /// It was there, and the host had made it.
    Ours,
    /// It was there, made by somebody else.
    Foreign,
    /// It is made now.
    New,
}

impl Mediator {
    /// Makes a bridge or joins the existing one.
    pub(super) fn share_bridge(
        &mut self,
        place: Place,
        name: &str,
        options: BridgeOptions,
    ) -> Result<LinkId, CallError> {
        let existing = self.network().link_by_name(place, name).map_err(network_error)?;
        if let Some(known) = existing
            .as_ref()
            .and_then(|info| self.known_link(info.id).map(|_| info.id))
        {
            return Ok(known);
        }
        refuse_other_kind(name, existing.as_ref())?;
        if let Some(bridge) = existing.as_ref().filter(|_| options.vlan_filtering) {
            refuse_without_filtering(bridge)?;
        }
        self.count_link()?;
        let mac = random::mac_address(self.session().world.as_ref());
        let bridge = Bridge {
            place,
            name: name.to_owned(),
            mac,
            mtu: options.mtu,
            vlan_filtering: options.vlan_filtering,
        };
        let object = SharedObject::Bridge {
            place,
            name: name.to_owned(),
        };
        let operation = Operation::CreateBridge { bridge: bridge.clone() };
        let (found, info) = self.share(
            &object,
            &operation,
            Made::Bridge { mac, index: None },
            |network, made| {
                let info = network.link_by_name(place, name)?;
                let ours = info.as_ref().is_some_and(|info| is_made_bridge(made, info));
                Ok((info, ours))
            },
            |network| {
                let id = network.create_bridge(&bridge)?;
                network.link(id)
            },
        )?;
        let info = info.ok_or_else(|| CallError::Guest(Error::NotFound(format!("bridge {name:?}"))))?;
        refuse_other_kind(name, Some(&info))?;
        if options.vlan_filtering {
            refuse_without_filtering(&info)?;
        }
        let made = !matches!(found, Found::Foreign);
        if matches!(found, Found::New) {
            self.refuse_router_advertisements(place, name);
            self.refuse_redirects(place, name);
        }
        let link = KnownLink {
            plugin: self.plugin.clone(),
            name: name.to_owned(),
            mac: info.mac.unwrap_or(mac),
            ownership: Ownership::Shared { object, made },
            peer: None,
        };
        self.session().links.insert(info.id, link);
        self.connect(info.id)?;
        Ok(info.id)
    }

    /// Puts on record that the attachment is connected to a bridge of the node
    /// that it did not ask for by name: who else is has to know. The bridge
    /// stays as it is, and its plugin's only by grants.
    pub(super) fn use_bridge(&mut self, info: &LinkInfo) -> Result<(), CallError> {
        let LinkId { place, .. } = info.id;
        let is_known = self.session().segments.links.contains(&info.id);
        if place == Place::Container || info.kind != "bridge" || is_known || !self.session().mode.creates() {
            return Ok(());
        }
        let mac = info.mac.unwrap_or(MacAddress([0; 6]));
        let object = SharedObject::Bridge {
            place,
            name: info.name.clone(),
        };
        let bridge = Bridge {
            place,
            name: info.name.clone(),
            mac,
            mtu: None,
            vlan_filtering: false,
        };
        self.share(
            &object,
            &Operation::CreateBridge { bridge },
            Made::Bridge { mac, index: None },
            |network, made| {
                let found = network.link(info.id)?;
                let ours = found.as_ref().is_some_and(|found| is_made_bridge(made, found));
                Ok((found, ours))
            },
            |_| Err(cofferdam_network::Error::NotFound(format!("bridge {:?}", info.name))),
        )?;
        Ok(())
    }

    /// Puts on record that the attachment is upon a link of the node: others
    /// who are have to know.
    pub(super) fn use_parent(&mut self, info: &LinkInfo, vlan: Option<u16>) -> Result<(), CallError> {
        let (place, name) = (info.id.place, info.name.clone());
        let object = SharedObject::Parent {
            place,
            name: name.clone(),
            vlan,
        };
        let mac = info.mac.unwrap_or(MacAddress([0; 6]));
        self.share(
            &object,
            &Operation::UseParent {
                link: info.id,
                name: name.clone(),
            },
            Made::Bridge { mac, index: None },
            |network, _| Ok((network.link(info.id)?, false)),
            |_| Err(cofferdam_network::Error::NotFound(format!("link {name:?}"))),
        )?;
        Ok(())
    }

    /// Joins a shared object that stays as it was made.
    pub(super) fn share<T>(
        &mut self,
        object: &SharedObject,
        operation: &Operation,
        made: Made,
        look: impl Fn(&mut dyn Network, Option<&Made>) -> cofferdam_network::Result<(Option<T>, bool)>,
        make: impl FnOnce(&mut dyn Network) -> cofferdam_network::Result<Option<T>>,
    ) -> Result<(Found, Option<T>), CallError> {
        self.share_changing(object, operation, made, look, make, |_, _| Ok(()))
    }

    /// Joins a shared object: journal, registry, kernel, under the object's
    /// lock. `look` says whether it exists and whether it is the one that the
    /// registry says we made; `make` makes it. `change` makes a table that was
    /// declared otherwise what it is declared to be now.
    pub(super) fn share_changing<T>(
        &mut self,
        object: &SharedObject,
        operation: &Operation,
        made: Made,
        look: impl Fn(&mut dyn Network, Option<&Made>) -> cofferdam_network::Result<(Option<T>, bool)>,
        make: impl FnOnce(&mut dyn Network) -> cofferdam_network::Result<Option<T>>,
        change: impl FnOnce(&mut dyn Network, &Made) -> cofferdam_network::Result<()>,
    ) -> Result<(Found, Option<T>), CallError> {
        self.count_change()?;
        let plugin = self.plugin.clone();
        let session = self.session();
        let Session {
            journal,
            shared,
            network,
            attachment,
            deadline,
            ..
        } = session;
        let journal = journal
            .as_mut()
            .ok_or_else(|| CallError::Guest(Error::Invalid("not during ADD".to_owned())))?;
        let inverse = Inverse::LeaveShared { object: object.clone() };
        let sequence = journal.intend(&plugin, operation, &inverse).map_err(journal_error)?;
        let mut guard = shared.join(object, attachment, *deadline).map_err(journal_error)?;
        let joined = join(&mut guard, network.as_mut(), made, look, make, change);
        let joined_before = guard.joined_before();
        drop(guard);
        match joined {
            Ok(joined) => {
                journal.done(sequence, cofferdam_journal::Outcome::default());
                match joined.0 {
                    Found::New => self.hand_over_uses(object)?,
                    Found::Ours | Found::Foreign => self.give_back_shared_uses(),
                }
                Ok(joined)
            }
            // Undoing it finds out whether it was made.
            Err(NotJoined::InDoubt(error)) => {
                self.hand_over_uses(object)?;
                Err(error)
            }
            Err(NotJoined::Refused(error)) => {
                // What an earlier step of this attachment joined it still uses.
                if !joined_before {
                    leave_unused(shared, object, attachment, *deadline);
                }
                journal.abandon(sequence);
                self.give_back_uses();
                Err(error)
            }
        }
    }
}

/// Why an object was not joined.
pub(super) enum NotJoined {
    /// Nothing was made or changed.
    Refused(CallError),
    /// Perhaps it was, and the record says so.
    InDoubt(CallError),
}

/// Takes back a join that came to nothing. The record of what an earlier user
/// made stays as long as it is there to be removed.
fn leave_unused(shared: &Shared, object: &SharedObject, attachment: &AttachmentId, deadline: Instant) {
    if let Ok(Left::Last(guard)) = shared.leave(object, attachment, deadline)
        && guard.made().is_none()
    {
        let _ = guard.remove();
    }
}

fn join<T>(
    guard: &mut SharedGuard,
    network: &mut dyn Network,
    made: Made,
    look: impl Fn(&mut dyn Network, Option<&Made>) -> cofferdam_network::Result<(Option<T>, bool)>,
    make: impl FnOnce(&mut dyn Network) -> cofferdam_network::Result<Option<T>>,
    change: impl FnOnce(&mut dyn Network, &Made) -> cofferdam_network::Result<()>,
) -> Result<(Found, Option<T>), NotJoined> {
    let refused = |error| NotJoined::Refused(journal_error(error));
    refuse_disagreement(guard, &made).map_err(NotJoined::Refused)?;
    let (existing, ours) = look(network, guard.made()).map_err(|error| NotJoined::Refused(network_error(error)))?;
    if existing.is_some() {
        if ours {
            redeclare(guard, made, |earlier| change(network, earlier))?;
            return Ok((Found::Ours, existing));
        }
        // What we made is gone, and somebody else made this one since.
        match made.as_found() {
            Some(found) => guard.set_made(found),
            None => guard.clear_made(),
        }
        .map_err(refused)?;
        return Ok((Found::Foreign, existing));
    }
    let earlier = guard.made().cloned();
    guard.set_made(made).map_err(refused)?;
    match make(network) {
        Ok(value) => Ok((Found::New, value)),
        Err(error) if error.leaves_doubt() => Err(NotJoined::InDoubt(network_error(error))),
        Err(error) => {
            let _ = guard.set_made_back(earlier);
            Err(NotJoined::Refused(network_error(error)))
        }
    }
}

/// A table is its plugin's, and a setting has the value that those who share
/// it need.
fn refuse_disagreement(guard: &SharedGuard, made: &Made) -> Result<(), CallError> {
    let Some(on_record) = guard.made() else {
        return Ok(());
    };
    if let (Made::Table { plugin: theirs, .. }, Made::Table { plugin: ours, .. }) = (on_record, made)
        && !theirs.is_empty()
        && theirs != ours
    {
        return Err(conflict(format!("{} belongs to plugin {theirs}", guard.object())));
    }
    if let (Made::Table { sets: theirs, .. }, Made::Table { sets: ours, .. }) = (on_record, made) {
        return refuse_other_types(guard, theirs, ours);
    }
    if on_record.agrees_with(made) {
        return Ok(());
    }
    match guard.other_user().map_err(journal_error)? {
        Some(user) => Err(conflict(format!(
            "{} is shared with the value {:?} by {user}",
            guard.object(),
            on_record.value()
        ))),
        None => Ok(()),
    }
}

/// Also where the table is gone: to others, who have it on record, its sets
/// are what they were.
fn refuse_other_types(guard: &SharedGuard, theirs: &[Set], ours: &[Set]) -> Result<(), CallError> {
    let Some(set) = other_typed(ours, theirs) else {
        return Ok(());
    };
    match guard.other_user().map_err(journal_error)? {
        Some(user) => Err(conflict(format!(
            "set {:?} of {} is shared with other types by {user}; give it another name",
            set.name,
            guard.object()
        ))),
        None => Ok(()),
    }
}

fn is_made_bridge(made: Option<&Made>, info: &LinkInfo) -> bool {
    matches!(made, Some(Made::Bridge { mac, .. }) if info.kind == "bridge" && info.mac == Some(*mac))
}

fn refuse_other_kind(name: &str, existing: Option<&LinkInfo>) -> Result<(), CallError> {
    match existing {
        // Granted was a bridge that has this name, not one that is also known
        // by it. What it is instead is not the guest's business.
        Some(info) if info.kind != "bridge" || info.name != name => Err(CallError::Guest(Error::Conflict(format!(
            "{name:?} already exists but is not a bridge of that name"
        )))),
        _ => Ok(()),
    }
}
