//! VRFs of a container, which its attachments share.

use cofferdam_journal::{Made, Operation, SharedObject};
use cofferdam_network::{LinkInfo, LinkSettings, Network, NewLink};
use cofferdam_policy::Question;
use cofferdam_protocol::Place;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::vrfs::Host,
    handle::{Link, Namespace},
};
use wasmtime::component::Resource;

use super::{links::check_name, shared::Found, vlans::is_made_link};
use crate::{
    convert::{conflict, invalid, network_error},
    mediator::Mediator,
    random,
    session::{KnownLink, Ownership},
};

/// `RT_TABLE_DEFAULT`, `RT_TABLE_MAIN`, `RT_TABLE_LOCAL`.
const COMMON_TABLES: [u32; 3] = [253, 254, 255];

impl Host for Mediator {
    fn ensure(
        &mut self,
        namespace: Resource<Namespace>,
        name: String,
        table: Option<u32>,
    ) -> Result<Resource<Link>, CallError> {
        self.enter()?;
        self.require_creation()?;
        let place = self.table.get(&namespace)?.place;
        if place == Place::Host {
            return Err(invalid("attachments share VRFs of a container, not of the node"));
        }
        check_name(&name)?;
        if let Some(table) = table.filter(|table| *table == 0 || COMMON_TABLES.contains(table)) {
            return Err(invalid(format!("table {table} is no table of a VRF")));
        }
        let object = SharedObject::Vrf {
            place,
            name: name.clone(),
        };
        self.permit_sharing(&Question::link_create(place, "vrf", &name), Some(&object))?;
        if let Some(thing) = self.session().scope().link(place, &name) {
            self.refuse_others(&thing)?;
        }
        let existing = self.network().link_by_name(place, &name).map_err(network_error)?;
        let table = match (existing, table) {
            (Some(info), table) => table_of(&info, &name, table)?,
            (None, Some(table)) => table,
            (None, None) => self.free_table(place)?,
        };
        let info = self.share_vrf(object, &name, table)?;
        self.link_handle(info.id, &name)
    }
}

impl Mediator {
    fn share_vrf(&mut self, object: SharedObject, name: &str, table: u32) -> Result<LinkInfo, CallError> {
        self.count_link()?;
        let place = object.place();
        let mac = random::mac_address(self.session().world.as_ref());
        let link = NewLink {
            place,
            name: name.to_owned(),
            mac: Some(mac),
            mtu: None,
            transmit_queue_length: None,
            parent: None,
            settings: LinkSettings::Vrf { table },
        };
        let operation = Operation::CreateVrf { link: link.clone() };
        let made = Made::Link {
            kind: link.settings.kind().to_owned(),
            mac,
        };
        let (found, info) = self.share(
            &object,
            &operation,
            made,
            |network, made| {
                let info = network.link_by_name(place, name)?;
                let ours = info.as_ref().filter(|info| is_made_link(made, info));
                // Whoever made it may have been killed before it was up.
                if let Some(info) = ours.filter(|info| !info.up) {
                    network.set_link_up(info.id, true)?;
                }
                Ok((info.clone(), ours.is_some()))
            },
            |network| make(network, &link),
        )?;
        let info = info.ok_or_else(|| invalid(format!("link {name:?} is gone")))?;
        table_of(&info, name, Some(table))?;
        let known = KnownLink {
            plugin: self.plugin.clone(),
            name: name.to_owned(),
            mac: info.mac.unwrap_or(mac),
            ownership: Ownership::Shared {
                object,
                made: !matches!(found, Found::Foreign),
            },
            peer: None,
        };
        self.session().links.insert(info.id, known);
        Ok(info)
    }

    /// The lowest number that nobody in the namespace uses, as far as that
    /// shows: by a VRF, or a rule that leads there.
    fn free_table(&mut self, place: Place) -> Result<u32, CallError> {
        let links = self.network().links(place).map_err(network_error)?;
        let rules = self.network().rules(place).map_err(network_error)?;
        let of_vrfs = links.iter().filter_map(|info| match info.settings {
            Some(LinkSettings::Vrf { table }) => Some(table),
            _ => None,
        });
        let used: Vec<u32> = of_vrfs
            .chain(rules.iter().map(|rule| rule.table))
            .chain(COMMON_TABLES)
            .collect();
        let free = (1..=u32::MAX).find(|table| !used.contains(table));
        free.ok_or_else(|| invalid("no routing table is free"))
    }
}

/// The table of a link that has to be a VRF, and to have this table if it has
/// to have one.
fn table_of(info: &LinkInfo, name: &str, wanted: Option<u32>) -> Result<u32, CallError> {
    let Some(LinkSettings::Vrf { table }) = info.settings.as_ref().filter(|_| info.name == name) else {
        return Err(conflict(format!(
            "{name:?} already exists but is not a VRF of that name"
        )));
    };
    match wanted.filter(|wanted| wanted != table) {
        Some(wanted) => Err(conflict(format!(
            "VRF {name:?} already exists with routing table {table}, not {wanted}"
        ))),
        None => Ok(*table),
    }
}

fn make(network: &mut dyn Network, link: &NewLink) -> cofferdam_network::Result<Option<LinkInfo>> {
    let id = network.create_link(link)?;
    let made = network.set_link_up(id, true).and_then(|()| network.link(id));
    if made.is_err() {
        // An error has to leave nothing behind; the first one says more.
        let _ = network.delete_link(id);
    }
    made
}
