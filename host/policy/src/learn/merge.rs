//! Several grants as one, where that allows no more than they do.

use super::Seen;
use crate::{bound::Bound, dimension::Dimension, grant::Grant, pattern::Pattern};

/// Merges for as long as any two can be.
pub(super) fn merge(all: Vec<Seen>) -> Vec<Seen> {
    let mut merged: Vec<Seen> = Vec::new();
    for mut seen in all {
        // What took one in may fit to another now.
        while let Some((index, grant)) = first_fitting(&merged, &seen) {
            let other = merged.remove(index);
            seen = Seen {
                grant,
                verbs: other.verbs.into_iter().chain(seen.verbs).collect(),
                reasons: other.reasons.into_iter().chain(seen.reasons).collect(),
            };
        }
        merged.push(seen);
    }
    merged
}

/// The first of them that one grant can be made of with this one, and that
/// grant.
fn first_fitting(merged: &[Seen], seen: &Seen) -> Option<(usize, Grant)> {
    let mut fitting = merged.iter().enumerate();
    fitting.find_map(|(index, other)| Some((index, together(&other.grant, &seen.grant)?)))
}

/// One grant for both. Those that differ in one respect only have all that
/// either has there; in two, that would allow what neither does.
fn together(one: &Grant, other: &Grant) -> Option<Grant> {
    if one.operations != other.operations || one.place != other.place {
        return None;
    }
    let mut both = one.clone();
    let mut differences = 0;
    if one.selection != other.selection {
        differences += 1;
        put(&mut both.selection.networks, other.selection.networks.as_deref()?);
    }
    for (dimension, _) in one.operations.iter().flat_map(|operation| operation.bounds()) {
        let bound = |grant: &Grant| grant.written_bound(*dimension).cloned();
        match (bound(one), bound(other)) {
            (own, others) if own == others => {}
            (Some(Bound::Word(_) | Bound::Name(_)) | None, _) | (_, None) => return None,
            (Some(own), Some(others)) => {
                differences += 1;
                replace(&mut both, *dimension, with(own, others));
            }
        }
    }
    (differences <= 1).then_some(both)
}

fn with(mut bound: Bound, others: Bound) -> Bound {
    bound.append(others);
    bound
}

fn replace(grant: &mut Grant, dimension: Dimension, bound: Bound) {
    let places = grant.bounds.iter_mut().filter(|(candidate, _)| *candidate == dimension);
    places.for_each(|(_, place)| *place = bound.clone());
}

fn put(networks: &mut Option<Vec<Pattern>>, others: &[Pattern]) {
    let networks = networks.get_or_insert_default();
    for other in others {
        if !networks.contains(other) {
            networks.push(other.clone());
        }
    }
}
