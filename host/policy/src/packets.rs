use cofferdam_protocol::IpPrefix;

use crate::{aspect::Aspect, bound::Bound, dimension::Dimension, words::ALL};

/// Packets that something is decided on, and that may be others' than the
/// attachment's.
///
/// What is known of them holds for each of them: that source or destination
/// lies in each of `prefixes`, and that it passes each of `links`. Without
/// either they are any packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packets {
    /// In which source or destination lie.
    pub prefixes: Vec<IpPrefix>,
    /// By which they come or leave.
    pub links: Vec<String>,
    /// The chain in which it is decided, if it is known.
    pub chain: Option<String>,
    /// The number of the rule in that chain, from 1; absent for what happens
    /// without one.
    pub rule: Option<usize>,
}

impl Packets {
    /// Whether nothing is known of them.
    #[must_use]
    pub fn are_any(&self) -> bool {
        self.prefixes.is_empty() && self.links.is_empty()
    }

    /// In what they have to be granted: a grant of links helps where nothing
    /// is known of addresses only.
    pub(crate) fn dimension(&self) -> Dimension {
        if !self.prefixes.is_empty() {
            Dimension::PacketPrefixes
        } else if !self.links.is_empty() {
            Dimension::PacketLinks
        } else {
            Dimension::PacketScope
        }
    }
}

/// Whether bounds hold those of the packets that have to be held in this
/// dimension. `bound` tells them; without one nothing is held.
pub(crate) fn are_held<'b>(
    packets: &[Packets],
    dimension: Dimension,
    bound: impl Fn(Dimension) -> Option<&'b Bound>,
) -> bool {
    let is_for_all = bound(Dimension::PacketScope) == Some(&Bound::Word(ALL));
    let holds = |dimension, asked: Aspect<'_>| bound(dimension).is_some_and(|bound| bound.holds(&asked));
    // What is known of the packets holds for all of them, so that one bound is enough.
    let are_held = |packets: &Packets| {
        let mut prefixes = packets.prefixes.iter();
        let mut links = packets.links.iter();
        prefixes.any(|prefix| holds(Dimension::PacketPrefixes, Aspect::Prefix(*prefix)))
            || links.any(|link| holds(Dimension::PacketLinks, Aspect::Text(link)))
    };
    let mut in_dimension = packets.iter().filter(|packets| packets.dimension() == dimension);
    is_for_all || in_dimension.all(are_held)
}
