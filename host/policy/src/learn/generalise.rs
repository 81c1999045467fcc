//! What is different at each attachment is not what an operator means.

use std::collections::BTreeSet;

use cofferdam_protocol::Place;

use crate::{
    bound::Bound,
    chosen::{CHOSEN, is_chosen},
    dimension::Dimension,
    grant::Grant,
    key_pattern::KeyPattern,
    pattern::Pattern,
};

const CHOSEN_BY_HOST: &str = "Cofferdam chooses the name for each attachment: veth and eight digits.";
const CHOSEN_BY_RUNTIME: &str = "The star is an interface of the container; the runtime chooses its name.";

const CHOSEN_BY_PLUGIN: &str = "Every path of the origin: services name attachments in them. paths narrows that.";

/// Replaces names that are chosen anew for each attachment by patterns, and
/// says why.
pub(super) fn generalise(grant: &mut Grant) -> BTreeSet<&'static str> {
    let mut reasons = BTreeSet::new();
    let place = grant.place;
    let bounds = grant.bounds.len();
    grant.bounds.retain(|(dimension, _)| *dimension != Dimension::UrlPaths);
    if grant.bounds.len() < bounds {
        reasons.insert(CHOSEN_BY_PLUGIN);
    }
    for (_, bound) in &mut grant.bounds {
        match bound {
            Bound::Patterns(names) => {
                for name in names.iter_mut().filter(|name| name.only_name().is_some_and(is_chosen)) {
                    if let Ok(pattern) = CHOSEN.parse::<Pattern>() {
                        *name = pattern;
                        reasons.insert(CHOSEN_BY_HOST);
                    }
                }
            }
            Bound::Keys(keys) => {
                for key in keys {
                    if let Some((pattern, reason)) = of_any_such(key, place) {
                        *key = pattern;
                        reasons.insert(reason);
                    }
                }
            }
            _ => {}
        }
    }
    reasons
}

/// The key of an interface of the container, or of one that the host named,
/// as a pattern of all that may have its place.
fn of_any_such(key: &KeyPattern, place: Option<Place>) -> Option<(KeyPattern, &'static str)> {
    let parts: Vec<&str> = key.as_str().split('/').collect();
    let (["net", family, kind @ ("conf" | "neigh"), interface], rest) = parts.split_at_checked(4)? else {
        return None;
    };
    let (interfaces, reason) = match place {
        _ if matches!(*interface, "all" | "default" | "*") => return None,
        Some(Place::Container) => ("*".to_owned(), CHOSEN_BY_RUNTIME),
        _ if is_chosen(interface) => (CHOSEN.to_owned(), CHOSEN_BY_HOST),
        _ => return None,
    };
    let pattern = format!("net/{family}/{kind}/{interfaces}/{}", rest.join("/"));
    pattern.parse().ok().map(|pattern| (pattern, reason))
}
