use std::collections::{BTreeMap, BTreeSet};

use cofferdam_network::{LinkId, LinkInfo, Network, nftables::TableId};
use cofferdam_protocol::Place;

use super::{
    Agreed, ComparisonError, Difference, Drift, GONE, PRESENT, Remedy,
    expected::{Expectations, Expected},
    part::{End, Part, Value},
    view::View,
};
use crate::{
    AttachmentId, Entry, Shared,
    model::{Inverse, Made, SharedObject},
};

/// One look at all that is expected.
pub(super) struct Survey<'c, 'h> {
    pub(super) view: View<'c>,
    pub(super) shared: &'c Shared,
    pub(super) id: &'c AttachmentId,
    pub(super) expected: &'c Expectations<'h>,
    pub(super) lost: Lost,
    made: BTreeMap<SharedObject, Option<Made>>,
    drifts: Vec<Drift>,
}

/// What was told of already, and takes other things along.
#[derive(Default)]
pub(super) struct Lost {
    pub(super) links: BTreeSet<LinkId>,
    pub(super) names: BTreeSet<(Place, String)>,
    pub(super) bridges: BTreeSet<Place>,
    /// Ports that are not where they were made one.
    pub(super) ports: BTreeSet<LinkId>,
    pub(super) tables: BTreeSet<(Place, TableId)>,
    container: bool,
}

impl<'c, 'h> Survey<'c, 'h> {
    pub(super) fn new(
        network: &'c mut dyn Network,
        shared: &'c Shared,
        id: &'c AttachmentId,
        expected: &'c Expectations<'h>,
    ) -> Self {
        Self {
            view: View::new(network),
            shared,
            id,
            expected,
            lost: Lost::default(),
            made: BTreeMap::new(),
            drifts: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<Vec<Drift>, ComparisonError> {
        self.look_for_container()?;
        let mut all: Vec<&Expected<'h>> = self.expected.all().iter().collect();
        all.sort_by_key(|expected| rank(&expected.part));
        for expected in all {
            if !(self.lost.container && expected.part.place() == Some(Place::Container)) {
                self.look_at(expected)?;
            }
        }
        self.drifts.sort_by_key(|drift| drift.difference.sequence);
        Ok(self.drifts)
    }

    /// Without its namespace nothing of a container is left.
    fn look_for_container(&mut self) -> Result<(), ComparisonError> {
        let mut inside = self.expected.all().iter();
        let Some(first) = inside.find(|expected| expected.part.place() == Some(Place::Container)) else {
            return Ok(());
        };
        if !self.view.has(Place::Container)? {
            self.lost.container = true;
            self.tell(first.entry, "the container's network namespace", PRESENT, GONE, None);
        }
        Ok(())
    }

    fn look_at(&mut self, expected: &Expected<'h>) -> Result<(), ComparisonError> {
        let entry = expected.entry;
        self.look_up_made(entry)?;
        match &expected.part {
            Part::End(end) => self.look_at_end(entry, end),
            Part::Bridge(bridge) => self.look_at_bridge(entry, bridge),
            Part::SharedLink(link) => self.look_at_shared_link(entry, link),
            Part::PortVlans { link, name, vlans } => self.look_at_vlans(entry, *link, name, vlans),
            Part::VxlanPeer { link, name, peer } => self.look_at_vxlan_peer(entry, (*link, name), *peer),
            Part::Setting { link, name, value } => self.look_at_setting(entry, *link, name, *value),
            Part::Address {
                link,
                name,
                address,
                there,
            } => self.look_at_address(entry, (*link, name), *address, *there),
            Part::Route {
                link,
                name,
                route,
                mode,
                there,
            } => {
                if *there {
                    self.look_for_route(entry, (*link, name), route, *mode)
                } else {
                    self.look_for_deleted_route(entry, (*link, name), route)
                }
            }
            Part::Rule { place, rule, there } => self.look_at_rule(entry, *place, rule, *there),
            Part::Neighbor {
                link,
                name,
                neighbor,
                there,
            } => self.look_at_neighbor(entry, (*link, name), neighbor, *there),
            Part::Sysctl { place, key, value } => self.look_at_sysctl(entry, *place, key, value),
            Part::Table { place, id, declared } => self.look_at_table(entry, *place, id, *declared),
            Part::Chain {
                place,
                table,
                name,
                declared,
            } => self.look_at_chain(entry, (*place, table), name, *declared),
            Part::Element {
                place,
                table,
                set,
                element,
                comment,
                there,
            } => self.look_at_element(entry, (*place, table), set, element, (comment, *there)),
            Part::RateLimit { link, name, limit } => self.look_at_rate_limit(entry, (*link, name), limit),
            Part::Redirect {
                link,
                name,
                to,
                to_name,
            } => self.look_at_redirect(entry, (*link, name), (*to, to_name)),
            Part::ForwardingLead(lead) => self.look_at_lead(entry, lead),
            Part::Forwarding(address, what) => self.look_at_forwarding(entry, *address, *what),
            Part::Zone(address, zone) => self.look_at_zone(entry, *address, zone),
            Part::Claim { directory, address } => self.look_at_claim(entry, directory, *address),
            Part::Upkeep { plugin } => self.look_at_upkeep(entry, plugin),
        }
    }

    pub(super) fn tell(
        &mut self,
        entry: &Entry,
        object: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: Option<Remedy>,
    ) {
        self.drifts.push(Drift {
            difference: Difference {
                sequence: entry.sequence,
                plugin: entry.plugin.clone(),
                operation: entry.operation.to_string(),
                object: object.into(),
                expected: expected.into(),
                found: found.into(),
                mendable: remedy.is_some(),
            },
            remedy,
            agreed: self.agreed(entry),
        });
    }

    /// What is there that the attachment took away.
    pub(super) fn tell_back(&mut self, entry: &Entry, object: impl Into<String>) {
        self.tell(entry, object, GONE, "there again", None);
    }

    /// A link, unless it is gone, which is told once.
    pub(super) fn require(
        &mut self,
        entry: &Entry,
        link: LinkId,
        name: &str,
    ) -> Result<Option<LinkInfo>, ComparisonError> {
        if self.lost.links.contains(&link) || self.lost.names.contains(&(link.place, name.to_owned())) {
            return Ok(None);
        }
        let found = self.view.link(link)?;
        if found.is_none() {
            let other = self.view.network.link_by_name(link.place, name)?;
            let how = other.map_or(GONE, |_| "replaced by another link of that name");
            self.tell(entry, link_text(link.place, name), PRESENT, how, None);
            self.lost.links.insert(link);
        }
        Ok(found)
    }

    /// Whether an end went with the container, which is told already.
    pub(super) fn went_with_container(&self, end: &End<'_>) -> bool {
        self.lost.container && end.peer.is_some_and(|peer| peer.place == Place::Container)
    }

    fn agreed(&self, entry: &Entry) -> Option<Agreed> {
        object(entry).map(|object| Agreed {
            object: object.clone(),
            made: self.made(entry),
        })
    }

    /// What is on record of the shared object that an operation joined:
    /// others may have agreed on something else since. The same in all of one
    /// look.
    pub(super) fn made(&self, entry: &Entry) -> Option<Made> {
        object(entry).and_then(|object| self.made.get(object).cloned().flatten())
    }

    fn look_up_made(&mut self, entry: &Entry) -> Result<(), ComparisonError> {
        if let Some(object) = object(entry)
            && !self.made.contains_key(object)
        {
            let made = self.shared.made(object, self.id)?;
            self.made.insert(object.clone(), made);
        }
        Ok(())
    }
}

/// What takes other things along when it is gone is looked at first.
fn rank(part: &Part<'_>) -> u8 {
    match part {
        Part::End(_) | Part::Bridge(_) | Part::SharedLink(_) | Part::Table { .. } => 0,
        Part::Chain { .. }
        | Part::ForwardingLead(_)
        | Part::Setting {
            value: Value::Master(_),
            ..
        } => 1,
        _ => 2,
    }
}

/// The shared object that an operation made or joined.
pub(super) fn object(entry: &Entry) -> Option<&SharedObject> {
    match &entry.inverse {
        Inverse::LeaveShared { object } => Some(object),
        _ => None,
    }
}

pub(super) fn link_text(place: Place, name: &str) -> String {
    format!("link {name} in the {place} namespace")
}

pub(super) fn is_shared(entry: &Entry) -> bool {
    object(entry).is_some()
}
