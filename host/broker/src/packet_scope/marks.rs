//! What rules do to the marks of packets.

use std::collections::BTreeSet;

use cofferdam_network::nftables::{Action, Chain};
use cofferdam_policy::Mark;

/// All changes of marks that the rules of these chains make, each once.
///
/// Whose packets they are does not matter: by a mark other components of the
/// node decide what becomes of a packet, whoever it belongs to. A mark is only
/// ever written in a rule itself; no element of a map becomes one.
pub(crate) fn marks_set(chains: &[Chain]) -> Vec<Mark> {
    let rules = chains.iter().flat_map(|chain| &chain.rules);
    let actions = rules.flat_map(|rule| &rule.actions);
    let marks: BTreeSet<Mark> = actions.filter_map(mark_set).collect();
    marks.into_iter().collect()
}

fn mark_set(action: &Action) -> Option<Mark> {
    match action {
        Action::SetMark { mask, value } => Mark::new(*value, *mask),
        Action::Verdict(_)
        | Action::VerdictMap { .. }
        | Action::Masquerade
        | Action::DestinationNat { .. }
        | Action::DestinationNatMap { .. }
        | Action::Count => None,
    }
}
