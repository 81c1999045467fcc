//! Whether a grant allows nothing that others do not allow.

use std::sync::Arc;

use cofferdam_protocol::IpPrefix;

use crate::{
    bound::Bound, dimension::Dimension, grant::Grant, limits::Limits, operation::Operation, pattern::Pattern,
    range::Range, selection::Selection, words::SETTINGS, written::WrittenGrant,
};

/// Grants that could go, each with those that allow all of it.
pub(crate) fn superfluous(grants: &[Arc<WrittenGrant>]) -> Vec<(&WrittenGrant, Vec<&WrittenGrant>)> {
    let mut kept: Vec<bool> = vec![true; grants.len()];
    let mut found = Vec::new();
    // Of two that say the same, the later one could go.
    for (index, grant) in grants.iter().enumerate().rev() {
        let others = grants.iter().zip(&kept).enumerate();
        let others: Vec<&WrittenGrant> = others
            .filter(|(other, (_, kept))| *other != index && **kept)
            .map(|(_, (grant, _))| grant.as_ref())
            .collect();
        if let Some(by) = covering(grant, &others) {
            kept[index] = false;
            found.push((grant.as_ref(), by));
        }
    }
    found.reverse();
    found
}

/// Those of the others that allow together all that the grant does.
fn covering<'g>(grant: &WrittenGrant, others: &[&'g WrittenGrant]) -> Option<Vec<&'g WrittenGrant>> {
    let mut covering: Vec<&WrittenGrant> = Vec::new();
    for operation in grant.grant.operations.iter() {
        let by = others.iter().find(|other| covers(other, grant, operation))?;
        if !covering.iter().any(|known| std::ptr::eq(*known, *by)) {
            covering.push(by);
        }
    }
    Some(covering)
}

/// Whether the wide grant allows whatever the narrow one allows of one
/// operation. What can be told only from several bounds at once is not.
fn covers(wide: &WrittenGrant, narrow: &WrittenGrant, operation: Operation) -> bool {
    let (wide_grant, narrow_grant) = (&wide.grant, &narrow.grant);
    wide_grant.operations.contains(operation)
        && wide_grant.place == narrow_grant.place
        && selects(wide, narrow)
        && leaves_room(wide_grant.limits, narrow_grant.limits)
        && operation
            .bounds()
            .iter()
            .all(|(dimension, _)| is_wider(wide_grant, narrow_grant, *dimension))
}

/// Whether the wide one is for every attachment that the narrow one is for.
fn selects(wide: &WrittenGrant, narrow: &WrittenGrant) -> bool {
    let both = |grant: &WrittenGrant, of: fn(&Selection) -> Option<Vec<Pattern>>| {
        let selections = [of(&grant.origin.selection), of(&grant.grant.selection)];
        selections.into_iter().flatten().collect::<Vec<_>>()
    };
    let implied = |of: fn(&Selection) -> Option<Vec<Pattern>>| {
        let narrow = both(narrow, of);
        // The narrow one's selections hold all, so one that is narrow enough is enough.
        both(wide, of)
            .iter()
            .all(|wide| narrow.iter().any(|narrow| include(wide, narrow)))
    };
    implied(|selection| selection.networks.clone()) && implied(|selection| selection.tenants.clone())
}

fn leaves_room(wide: Limits, narrow: Limits) -> bool {
    let room = |wide: Option<u32>, narrow: Option<u32>| match (wide, narrow) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => wide >= narrow,
    };
    room(wide.attachment, narrow.attachment) && room(wide.network, narrow.network) && room(wide.tenant, narrow.tenant)
}

fn is_wider(wide: &Grant, narrow: &Grant, dimension: Dimension) -> bool {
    match dimension {
        // Compared before.
        Dimension::Place | Dimension::Max | Dimension::MaxPerNetwork | Dimension::MaxPerTenant => true,
        // One that is sent otherwise is another.
        _ if Dimension::OF_MANNER.contains(&dimension) => wide.bound(dimension) == narrow.bound(dimension),
        // Every packet is more than any of these.
        Dimension::PacketScope => wide.is_for_all_packets() || !narrow.is_for_all_packets(),
        Dimension::PacketPrefixes | Dimension::PacketLinks if wide.is_for_all_packets() => true,
        _ => match (wide.bound(dimension), narrow.bound(dimension)) {
            (None, _) => true,
            (Some(wide), None) => is_everything(wide),
            (Some(wide), Some(narrow)) => includes(wide, narrow),
        },
    }
}

/// Whether a bound leaves nothing out.
pub(crate) fn is_everything(bound: &Bound) -> bool {
    match bound {
        Bound::Patterns(patterns) => patterns.iter().any(Pattern::is_everything),
        Bound::Prefixes(prefixes) => [false, true]
            .into_iter()
            .all(|ipv6| prefixes.contains(&IpPrefix::any(ipv6))),
        Bound::Ranges(ranges) => ranges.contains(&Range::RULE_PRIORITIES),
        Bound::Words(words) => SETTINGS.iter().all(|setting| words.contains(setting)),
        Bound::UrlPaths(prefixes) => prefixes.iter().any(|prefix| prefix.as_str() == "/"),
        Bound::Word(_)
        | Bound::Kinds(_)
        | Bound::Texts(_)
        | Bound::Keys(_)
        | Bound::Paths(_)
        | Bound::Marks(_)
        | Bound::Origins(_)
        | Bound::Name(_) => false,
    }
}

/// Whether each item of the narrow list lies within one of the wide one.
pub(crate) fn includes(wide: &Bound, narrow: &Bound) -> bool {
    match (wide, narrow) {
        (Bound::Word(wide), Bound::Word(narrow)) => wide == narrow,
        (Bound::Words(wide), Bound::Words(narrow)) => each(narrow, wide, |narrow, wide| narrow == wide),
        (Bound::Kinds(wide), Bound::Kinds(narrow)) | (Bound::Texts(wide), Bound::Texts(narrow)) => {
            each(narrow, wide, |narrow, wide| narrow == wide)
        }
        (Bound::Patterns(wide), Bound::Patterns(narrow)) => include(wide, narrow),
        (Bound::Prefixes(wide), Bound::Prefixes(narrow)) => each(narrow, wide, |narrow, wide| wide.covers(narrow)),
        (Bound::Ranges(wide), Bound::Ranges(narrow)) => each(narrow, wide, |narrow, wide| {
            wide.first <= narrow.first && narrow.last <= wide.last
        }),
        (Bound::Marks(wide), Bound::Marks(narrow)) => each(narrow, wide, |narrow, wide| wide.includes(narrow)),
        (Bound::Keys(wide), Bound::Keys(narrow)) => each(narrow, wide, |narrow, wide| wide.includes(narrow)),
        (Bound::Paths(wide), Bound::Paths(narrow)) => each(narrow, wide, |narrow, wide| narrow == wide),
        (Bound::Origins(wide), Bound::Origins(narrow)) => each(narrow, wide, |narrow, wide| narrow == wide),
        (Bound::UrlPaths(wide), Bound::UrlPaths(narrow)) => {
            each(narrow, wide, |narrow, wide| wide.covers(narrow.as_str()))
        }
        _ => false,
    }
}

fn include(wide: &[Pattern], narrow: &[Pattern]) -> bool {
    each(narrow, wide, |narrow, wide| wide.includes(narrow))
}

fn each<T>(narrow: &[T], wide: &[T], within: impl Fn(&T, &T) -> bool) -> bool {
    narrow.iter().all(|narrow| wide.iter().any(|wide| within(narrow, wide)))
}
