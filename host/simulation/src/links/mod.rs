//! Links: what they are made of, and what becomes of what is on them.

mod create;
mod events;
mod kinds;
mod master;
mod moving;
mod settings;
mod state;

use cofferdam_network::{LinkId, LinkInfo};
use cofferdam_protocol::Place;

use super::Sides;

impl Sides {
    /// The parent of a link, or the other end of a pair.
    pub(super) fn below(&self, info: &LinkInfo) -> Option<LinkId> {
        let place = if info.lower_elsewhere {
            other(info.id.place)
        } else {
            info.id.place
        };
        let link = LinkId {
            place,
            index: info.lower?,
        };
        self.at(place).links.contains_key(&link.index).then_some(link)
    }

    /// The links that are upon one, wherever they are.
    fn upon(&self, link: LinkId) -> Vec<LinkId> {
        let all = [Place::Host, Place::Container].map(|place| self.at(place).links.values());
        let is_upon = |info: &&LinkInfo| info.kind != "veth" && self.below(info) == Some(link);
        all.into_iter().flatten().filter(is_upon).map(|info| info.id).collect()
    }
}

/// The other namespace.
fn other(place: Place) -> Place {
    match place {
        Place::Host => Place::Container,
        Place::Container => Place::Host,
    }
}
