use std::{path::Path, sync::LazyLock};

use cofferdam_protocol::Place;

use crate::{
    aspect::Aspect,
    bound::Bound,
    dimension::Dimension,
    limits::Limits,
    operation::Operations,
    packets::are_held,
    question::Question,
    range::Range,
    selection::Selection,
    words::{ALL, ATTACHMENT, MODES, PASSTHRU},
};

/// The kernel's main routing table, `RT_TABLE_MAIN` of `linux/rtnetlink.h`.
pub(crate) const MAIN_TABLE: u32 = 254;

/// Where records are when a grant of `store.open` does not say.
pub(crate) const RECORDS: &str = "/var/lib/cni/networks";

/// What a policy's grant says. Which bounds a grant may and must have is the
/// parser's business ([`Operation::bounds`](crate::Operation)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grant {
    /// Narrows the selection of the grant's file.
    pub(crate) selection: Selection,
    pub(crate) operations: Operations,
    /// Absent where the operations are about no namespace.
    pub(crate) place: Option<Place>,
    pub(crate) limits: Limits,
    /// What is absent is told by [`Dimension::implied`].
    pub(crate) bounds: Vec<(Dimension, Bound)>,
}

impl Grant {
    /// Whether the operation is granted, in every dimension that it has.
    pub(crate) fn allows(&self, question: &Question<'_>) -> bool {
        let operation = question.operation();
        self.operations.contains(operation)
            && operation
                .bounds()
                .iter()
                .all(|(dimension, _)| self.holds(*dimension, question))
    }

    /// Whether what was asked lies within the grant in one dimension. A
    /// question that says nothing in it does not.
    pub(crate) fn holds(&self, dimension: Dimension, question: &Question<'_>) -> bool {
        let Some(asked) = question.aspect(dimension) else {
            return false;
        };
        match asked {
            Aspect::Place(place) => self.place == Some(place),
            // All packets of its namespace are the container's own.
            Aspect::Packets(_) | Aspect::Addresses(_) | Aspect::Names(_) | Aspect::Marks(_) | Aspect::Ports(_)
                if self.place == Some(Place::Container) =>
            {
                true
            }
            Aspect::Packets(packets) => are_held(packets, dimension, |dimension| self.bound(dimension)),
            asked => self.bound(dimension).is_none_or(|bound| bound.holds(&asked)),
        }
    }

    /// Whether rules may decide on every packet of the namespace.
    pub(crate) fn is_for_all_packets(&self) -> bool {
        self.written_bound(Dimension::PacketScope) == Some(&Bound::Word(ALL))
    }

    /// What it says in a dimension, or what saying nothing means. `None` is
    /// everything.
    pub(crate) fn bound(&self, dimension: Dimension) -> Option<&Bound> {
        self.written_bound(dimension).or_else(|| dimension.implied())
    }

    pub(crate) fn written_bound(&self, dimension: Dimension) -> Option<&Bound> {
        let bound = self.bounds.iter().find(|(candidate, _)| *candidate == dimension);
        bound.map(|(_, bound)| bound)
    }
}

/// What a grant holds that says nothing about routing tables.
static MAIN: LazyLock<Bound> = LazyLock::new(|| Bound::Ranges(vec![Range::only(MAIN_TABLE.into())]));
/// What a grant holds that says nothing about where records are.
static USUAL_RECORDS: LazyLock<Bound> = LazyLock::new(|| Bound::Paths(vec![Path::new(RECORDS).into()]));
/// Modes in which a link of the node stays the node's.
static SHARING_MODES: LazyLock<Bound> =
    LazyLock::new(|| Bound::Words(MODES.into_iter().filter(|mode| *mode != PASSTHRU).collect()));
/// A table without base chains.
static NO_HOOKS: Bound = Bound::Words(Vec::new());
static NO_NUMBERS: Bound = Bound::Ranges(Vec::new());
/// Packets of others than the attachment.
static ATTACHMENT_ONLY: Bound = Bound::Word(ATTACHMENT);
static NO_PREFIXES: Bound = Bound::Prefixes(Vec::new());
static NO_MARKS: Bound = Bound::Marks(Vec::new());
static NO_LINKS: Bound = Bound::Patterns(Vec::new());
/// Of what a grant has to be bounded in.
static NOTHING: Bound = Bound::Texts(Vec::new());

impl Dimension {
    /// What a grant holds in a dimension in which it says nothing. `None` is
    /// everything.
    pub(crate) fn implied(self) -> Option<&'static Bound> {
        match self {
            Self::Kinds
            | Self::LinkNames
            | Self::Settings
            | Self::Prefixes
            | Self::Destinations
            | Self::RulePriorities
            | Self::Values
            | Self::UrlPaths
            | Self::Credential
            | Self::Authority
            | Self::Max
            | Self::MaxPerNetwork
            | Self::MaxPerTenant => None,
            Self::RoutingTables => Some(&MAIN),
            Self::Locations => Some(&USUAL_RECORDS),
            Self::Hooks => Some(&NO_HOOKS),
            Self::HookPriorities | Self::Ports | Self::Vlans | Self::Vnis => Some(&NO_NUMBERS),
            Self::PacketScope => Some(&ATTACHMENT_ONLY),
            Self::PacketPrefixes | Self::Peers => Some(&NO_PREFIXES),
            Self::PacketLinks | Self::Parents => Some(&NO_LINKS),
            Self::Modes => Some(&SHARING_MODES),
            Self::Marks => Some(&NO_MARKS),
            Self::ExchangePorts
            | Self::Place
            | Self::Keys
            | Self::Family
            | Self::TableNames
            | Self::Sets
            | Self::Chains
            | Self::Zones
            | Self::Files
            | Self::Origins
            | Self::Methods
            | Self::Plugins => Some(&NOTHING),
        }
    }
}
