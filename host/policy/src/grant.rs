use std::path::Path;

use cofferdam_protocol::Place;

use crate::{
    aspect::Aspect, bound::Bound, dimension::Dimension, limits::Limits, operation::Operations, question::Question,
    selection::Selection,
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
    /// What is absent is told by [`Grant::holds`].
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
        match (self.bound(dimension), asked) {
            (_, Aspect::Place(place)) => self.place == Some(place),
            (Some(bound), asked) => bound.holds(&asked),
            (None, asked) => dimension.holds_if_absent(&asked),
        }
    }

    pub(crate) fn bound(&self, dimension: Dimension) -> Option<&Bound> {
        let bound = self.bounds.iter().find(|(candidate, _)| *candidate == dimension);
        bound.map(|(_, bound)| bound)
    }
}

impl Dimension {
    /// What a grant holds in a dimension in which it says nothing.
    pub(crate) fn holds_if_absent(self, asked: &Aspect<'_>) -> bool {
        match self {
            Self::Kinds
            | Self::LinkNames
            | Self::Settings
            | Self::Prefixes
            | Self::Destinations
            | Self::RulePriorities
            | Self::Values
            | Self::Max
            | Self::MaxPerNetwork
            | Self::MaxPerTenant => true,
            Self::RoutingTables => *asked == Aspect::Number(MAIN_TABLE.into()),
            Self::Locations => *asked == Aspect::Path(Path::new(RECORDS)),
            // A table without base chains.
            Self::Hooks | Self::HookPriorities => *asked == Aspect::Hooks(&[]),
            Self::Place | Self::Keys | Self::Family | Self::TableNames | Self::Sets | Self::Files | Self::Plugins => {
                false
            }
        }
    }
}
