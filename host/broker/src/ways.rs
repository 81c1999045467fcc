//! What leads packets on the node: routes, neighbours, and addresses with the
//! networks behind them. None may lead astray what goes to an address of
//! another attachment, whichever of the two was there first.

use std::net::IpAddr;

use cofferdam_journal::{AttachmentId, Operation, Owned, OwnedBy, Shared, SharedObject, Survey, Thing};
use cofferdam_network::{Error as NetworkError, LinkId, Network};
use cofferdam_protocol::{IpPrefix, Place};
use cofferdam_sandbox::CallError;
use cofferdam_system::Errno;

use crate::{
    convert::{conflict, network_error},
    mediator::journal_error,
    session::Session,
};

/// `RT_TABLE_MAIN`.
pub(crate) const MAIN_TABLE: u32 = 254;

/// What attachments have, as one of them meets it.
///
/// It is asked when what an operation takes is taken and the kernel is not
/// asked yet: then of two that get in each other's way at once, one sees the
/// other.
pub(crate) struct Ways {
    owned: Owned,
    shared: Shared,
    attachment: AttachmentId,
}

/// Why something may not lead where it would.
#[derive(Debug)]
pub(crate) enum Astray {
    /// The text names what is in the way, and whose it is.
    Conflict(String),
    /// A registry could not be read.
    Journal(cofferdam_journal::Error),
    /// The kernel could not be asked.
    Network(NetworkError),
}

impl Ways {
    pub(crate) fn new(session: &Session) -> Self {
        Self {
            owned: session.owned.clone(),
            shared: session.shared.clone(),
            attachment: session.attachment.clone(),
        }
    }

    /// Whether an operation has to be asked about.
    pub(crate) fn concern(operation: &Operation) -> bool {
        match operation {
            Operation::AddAddress { .. } => true,
            Operation::AddRoute { link, .. } | Operation::AddNeighbor { link, .. } => link.place == Place::Host,
            _ => false,
        }
    }

    /// Refuses an operation that would lead what is another attachment's
    /// elsewhere, or that something of another's would lead elsewhere.
    pub(crate) fn refuse(&self, operation: &Operation, network: &mut dyn Network) -> Result<(), Astray> {
        match operation {
            Operation::AddAddress { link, address, .. } if link.place == Place::Container => {
                self.refuse_container_address(address.address(), network)
            }
            Operation::AddAddress { name, address, .. } => self.refuse_node_address(name, *address, network),
            Operation::AddRoute { link, route, .. } if link.place == Place::Host => {
                let table = route.table.unwrap_or(MAIN_TABLE);
                self.refuse_route(route.destination.network(), table, network)
            }
            Operation::AddNeighbor { link, name, neighbor } if link.place == Place::Host => {
                self.refuse_neighbor(name, neighbor.address, network)
            }
            _ => Ok(()),
        }
    }

    /// An address of the container's must not be one that something of the
    /// node leads elsewhere, or that another container has on the same bridge or
    /// upon the same link, whatever its network is called.
    pub(crate) fn refuse_container_address(&self, address: IpAddr, network: &mut dyn Network) -> Result<(), Astray> {
        let prefix = IpPrefix::host(address);
        if is_everywhere(&prefix) {
            return Ok(());
        }
        let survey = self.owned.survey();
        for (_, owner) in self.others(survey.addresses_within(&prefix)?) {
            if self.share_a_network(&owner)? {
                return Err(belongs(address, &owner));
            }
        }
        self.refuse_routes_of_network(&survey, &prefix)?;
        self.refuse_ways_to(&survey, &prefix, MAIN_TABLE, None, network)
    }

    /// In other tables than the main one, only routes of the network's own
    /// attachments are looked at, as in [`refuse_route`](Self::refuse_route):
    /// there the default route is for this address, too.
    fn refuse_routes_of_network(&self, survey: &Survey<'_>, prefix: &IpPrefix) -> Result<(), Astray> {
        for (way, owner) in self.others(survey.ways_to(prefix)?) {
            if let Thing::Route { table, .. } = way
                && table != MAIN_TABLE
                && owner.attachment.network == self.attachment.network
            {
                return Err(Astray::Conflict(format!("{way} belongs to {owner}")));
            }
        }
        Ok(())
    }

    /// An address of the node must not be a container's, and the network
    /// behind it not cover what another container has elsewhere.
    fn refuse_node_address(&self, link: &str, address: IpPrefix, network: &mut dyn Network) -> Result<(), Astray> {
        let covered = address.network();
        if is_everywhere(&covered) {
            return Ok(());
        }
        let survey = self.owned.survey();
        for (held, owner) in survey.addresses_within(&covered)? {
            if held == address.address() {
                if owner.attachment.network == self.attachment.network || !is_apart(link, network)? {
                    return Err(belongs(held, &owner));
                }
            } else if !owner.is_of(&self.attachment)
                && !self.is_connected(link, &owner.attachment)?
                && !is_apart(link, network)?
            {
                return Err(Astray::Conflict(format!(
                    "the network of address {address} of link {link:?} would cover address {held}, which belongs to \
                     {owner}"
                )));
            }
        }
        if covered == IpPrefix::host(address.address()) || is_apart(link, network)? {
            return Ok(());
        }
        self.refuse_ways_to(&survey, &covered, MAIN_TABLE, Some(link), network)
    }

    /// A route must not cover an address of another attachment, or be a part
    /// of what leads to another's link. The default route leads to none by
    /// name. In another table than the main one it concerns the network's own
    /// attachments: who looks there is for rules to say.
    fn refuse_route(&self, destination: IpPrefix, table: u32, network: &mut dyn Network) -> Result<(), Astray> {
        if table == MAIN_TABLE && destination.length() == 0 {
            return Ok(());
        }
        let survey = self.owned.survey();
        for (held, owner) in self.others(survey.addresses_within(&destination)?) {
            if table != MAIN_TABLE && owner.attachment.network != self.attachment.network {
                continue;
            }
            if destination == IpPrefix::host(held) {
                return Err(belongs(held, &owner));
            }
            return Err(Astray::Conflict(format!(
                "the route to {destination} would cover address {held}, which belongs to {owner}"
            )));
        }
        if destination.length() == 0 || is_everywhere(&destination) {
            return Ok(());
        }
        self.refuse_ways_to(&survey, &destination, table, None, network)
    }

    /// A neighbour of the node must not have a container's address.
    fn refuse_neighbor(&self, link: &str, address: IpAddr, network: &mut dyn Network) -> Result<(), Astray> {
        let survey = self.owned.survey();
        for (_, owner) in self.others(survey.addresses_within(&IpPrefix::host(address))?) {
            if owner.attachment.network == self.attachment.network || !is_apart(link, network)? {
                return Err(belongs(address, &owner));
            }
        }
        Ok(())
    }

    /// What of others leads packets for all of a prefix to another link than
    /// `through`, by the same table.
    fn refuse_ways_to(
        &self,
        survey: &Survey<'_>,
        prefix: &IpPrefix,
        table: u32,
        through: Option<&str>,
        network: &mut dyn Network,
    ) -> Result<(), Astray> {
        for (way, owner) in self.others(survey.ways_to(prefix)?) {
            let leads = match &way {
                Thing::Route {
                    table: other,
                    destination,
                } => destination.length() > 0 && *other == table,
                Thing::LinkAddress { link, .. } => {
                    table == MAIN_TABLE && through != Some(link) && !is_apart(link, network)?
                }
                _ => false,
            };
            if leads {
                return Err(Astray::Conflict(format!("{way} belongs to {owner}")));
            }
        }
        if table != MAIN_TABLE {
            return Ok(());
        }
        for (link, address) in self.shared.node_addresses()? {
            if through == Some(&*link)
                || !address.network().covers(prefix)
                || self.is_connected(&link, &self.attachment)?
            {
                continue;
            }
            let object = SharedObject::Address {
                place: Place::Host,
                link: link.clone(),
                address,
            };
            if let Some(user) = self.shared.other_user(&object, &self.attachment)?
                && !is_apart(&link, network)?
            {
                return Err(Astray::Conflict(format!(
                    "{prefix} lies in the network of address {address} of link {link:?}, which {user} uses"
                )));
            }
        }
        Ok(())
    }

    /// Whether both are connected to a bridge of the node, or have links upon
    /// the same one.
    fn share_a_network(&self, other: &OwnedBy) -> Result<bool, Astray> {
        let bridges = self.shared.node_bridges()?;
        let parents = self.shared.node_parents()?;
        let parents = parents.into_iter().map(|(name, vlan)| SharedObject::Parent {
            place: Place::Host,
            name,
            vlan,
        });
        for network in bridges.iter().map(|name| bridge(name)).chain(parents) {
            if self.shared.is_used_by(&network, &self.attachment)?
                && self.shared.is_used_by(&network, &other.attachment)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an attachment is behind a link of the node: a bridge, or the
    /// node's way into a VLAN of one.
    fn is_connected(&self, link: &str, attachment: &AttachmentId) -> Result<bool, Astray> {
        let gateway = SharedObject::VlanGateway {
            place: Place::Host,
            name: link.to_owned(),
        };
        let of_bridge = self.shared.is_used_by(&bridge(link), attachment)?;
        Ok(of_bridge || self.shared.is_used_by(&gateway, attachment)?)
    }

    fn others<T>(&self, mut things: Vec<(T, OwnedBy)>) -> Vec<(T, OwnedBy)> {
        things.retain(|(_, owner)| !owner.is_of(&self.attachment));
        things
    }
}

impl From<cofferdam_journal::Error> for Astray {
    fn from(error: cofferdam_journal::Error) -> Self {
        Self::Journal(error)
    }
}

impl From<NetworkError> for Astray {
    fn from(error: NetworkError) -> Self {
        Self::Network(error)
    }
}

impl From<Astray> for CallError {
    fn from(astray: Astray) -> Self {
        match astray {
            Astray::Conflict(text) => conflict(text),
            Astray::Journal(error) => journal_error(error),
            Astray::Network(error) => network_error(error),
        }
    }
}

/// Where the kernel was to be asked next.
impl From<Astray> for NetworkError {
    fn from(astray: Astray) -> Self {
        match astray {
            Astray::Conflict(text) => Self::Conflict(text),
            Astray::Journal(error) => Self::Os {
                errno: Errno::EIO,
                context: error.to_string(),
            },
            Astray::Network(error) => error,
        }
    }
}

fn belongs(address: IpAddr, owner: &OwnedBy) -> Astray {
    Astray::Conflict(format!(
        "address {address} of network {} belongs to {owner}",
        owner.attachment.network
    ))
}

fn bridge(name: &str) -> SharedObject {
    SharedObject::Bridge {
        place: Place::Host,
        name: name.to_owned(),
    }
}

/// Whether a link is in a VRF: what is behind it is in no common table.
fn is_apart(link: &str, network: &mut dyn Network) -> Result<bool, NetworkError> {
    let link = network.link_by_name(Place::Host, link)?;
    let Some(index) = link.and_then(|link| link.master) else {
        return Ok(false);
    };
    let place = Place::Host;
    let master = network.link(LinkId { place, index })?;
    Ok(master.is_some_and(|master| master.kind == "vrf"))
}

/// What every link or node has: loopback, link-local and multicast networks.
fn is_everywhere(prefix: &IpPrefix) -> bool {
    let length = prefix.length();
    match prefix.address() {
        IpAddr::V4(v4) => {
            (v4.is_loopback() && length >= 8)
                || (v4.is_link_local() && length >= 16)
                || (v4.is_multicast() && length >= 4)
        }
        IpAddr::V6(v6) => {
            (v6.is_loopback() && length == 128)
                || (v6.is_unicast_link_local() && length >= 10)
                || (v6.is_multicast() && length >= 8)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::{Duration, Instant};

    use cofferdam_journal::{Header, StateDirectory};

    use super::*;
    use crate::picture::Picture;

    fn attachment(network: &str) -> AttachmentId {
        AttachmentId {
            network: network.to_owned(),
            container_id: "c1".to_owned(),
            interface_name: "eth0".to_owned(),
            unit: "test".to_owned(),
        }
    }

    #[test]
    fn what_is_in_a_vrf_is_apart() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDirectory::open(&directory.path().join("state")).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let other = attachment("othernet");
        let header = Header::new(other.clone(), None, Vec::new(), 0, String::new());
        let _journal = state.lock(&other, deadline).unwrap().begin(header).unwrap();
        let address = Thing::Address {
            network: other.network.clone(),
            address: [10, 22, 0, 7].into(),
        };
        let route = Thing::Route {
            table: MAIN_TABLE,
            destination: "10.23.0.0/16".parse().unwrap(),
        };
        let owner = OwnedBy::new(&other, "test");
        state.owned().take(vec![address, route], &owner, deadline).unwrap();
        let ways = Ways {
            owned: state.owned(),
            shared: state.shared(),
            attachment: attachment("mynet"),
        };
        let mut plain = Picture::default().with_link(Place::Host, "cni9");
        let mut apart = Picture::default().with_link(Place::Host, "cni9").in_vrf("blue");
        for address in ["10.22.0.7/32", "10.22.0.1/24", "10.23.0.1/24"] {
            let refused = |network: &mut Picture| {
                let link = network.id("cni9");
                let operation = Operation::AddAddress {
                    link,
                    name: "cni9".to_owned(),
                    address: address.parse().unwrap(),
                    skip_duplicate_detection: true,
                };
                matches!(ways.refuse(&operation, network), Err(Astray::Conflict(_)))
            };
            assert_eq!([refused(&mut plain), refused(&mut apart)], [true, false], "{address}");
        }
    }

    #[test]
    fn what_every_link_has_is_in_nobodys_way() {
        for (prefix, expected) in [
            ("fe80::/64", true),
            ("169.254.1.1/32", true),
            ("127.0.0.0/8", true),
            ("ff00::/8", true),
            ("0.0.0.0/1", false),
            ("169.254.0.0/15", false),
            ("fe80::/9", false),
            ("10.22.0.0/16", false),
        ] {
            assert_eq!(is_everywhere(&prefix.parse().unwrap()), expected, "{prefix}");
        }
    }
}
