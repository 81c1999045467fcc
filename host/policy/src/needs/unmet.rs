use std::fmt;

use super::{Need, Needs};
use crate::{
    bound::Bound,
    denial,
    dimension::{Dimension, Required},
    grant::Grant,
    grants::Grants,
    operation::{Operation, Operations},
    words::ALL,
};

/// What a component needs for every attachment and no grant allows for this
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The needs in words, as far as they are not granted.
    pub needs: Vec<String>,
    /// The grants that would allow them, each as TOML in one line. Where the
    /// component leaves something open that a grant has to say, it has an
    /// ellipsis.
    pub missing: Vec<String>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.needs.join("; "))
    }
}

impl Grants {
    /// Whether everything is possible that the component needs for every
    /// attachment: for each operation there is a grant that allows some of
    /// what it may ask for. Of a list in a need each item has to be possible.
    ///
    /// # Errors
    /// All that is not.
    pub fn satisfy(&self, needs: &Needs) -> Result<(), Unmet> {
        let mut unmet = Unmet {
            needs: Vec::new(),
            missing: Vec::new(),
        };
        for need in needs.required() {
            for operation in need.operations.iter() {
                if let Some(lacking) = self.lacking(need, operation) {
                    unmet.needs.push(lacking.to_string());
                    unmet.missing.push(grant_line(&lacking, operation));
                }
            }
        }
        if unmet.needs.is_empty() {
            return Ok(());
        }
        if let Some(missing) = self.missing_policy() {
            unmet.missing = vec![missing];
        }
        Err(unmet)
    }

    /// The part of a need that no grant allows anything of.
    fn lacking(&self, need: &Need, operation: Operation) -> Option<Need> {
        let mut lacking = Need {
            operations: Operations::only(operation),
            place: need.place,
            bounds: Vec::new(),
            when: None,
        };
        let mut is_met = self.allows_some_of(operation, need, None);
        for (dimension, bound) in &need.bounds {
            let impossible = |item: &Bound| !self.allows_some_of(operation, need, Some((*dimension, item)));
            let mut items = bound.singles().into_iter().filter(impossible);
            let Some(mut rest) = items.next() else {
                lacking.bounds.push((*dimension, bound.clone()));
                continue;
            };
            items.for_each(|item| rest.append(item));
            is_met = false;
            lacking.bounds.push((*dimension, rest));
        }
        (!is_met).then_some(lacking)
    }

    fn allows_some_of(&self, operation: Operation, need: &Need, item: Option<(Dimension, &Bound)>) -> bool {
        self.iter().any(|grant| is_in_common(grant, need, operation, item))
    }

    /// What to say where no grant would help: the policy is for others only.
    fn missing_policy(&self) -> Option<String> {
        let (plugin, network, tenant) = self.whose();
        (!self.is_covered()).then(|| denial::missing_policy(plugin, network, tenant))
    }
}

impl Needs {
    /// What is needed for some attachments, and none of these grants allows
    /// anything of.
    pub(crate) fn optional_beyond<'n, 'g>(
        &'n self,
        grants: impl Iterator<Item = &'g Grant> + Clone,
    ) -> impl Iterator<Item = &'n Need> {
        let allowed = move |need: &Need| {
            let mut operations = need.operations.iter();
            operations.any(|operation| grants.clone().any(|grant| is_in_common(grant, need, operation, None)))
        };
        self.optional().filter(move |need| !allowed(need))
    }
}

/// Whether a grant and the need have something in common, where the need is
/// narrowed to `item` in one dimension.
pub(super) fn is_in_common(
    grant: &Grant,
    need: &Need,
    operation: Operation,
    item: Option<(Dimension, &Bound)>,
) -> bool {
    let overlaps = |dimension: Dimension| {
        let narrowed = item.filter(|(narrow, _)| *narrow == dimension).map(|(_, bound)| bound);
        if Dimension::OF_PACKETS.contains(&dimension) {
            return narrowed.is_none_or(|bound| is_granted_of_packets(grant, dimension, bound));
        }
        match (narrowed.or_else(|| need.bound(dimension)), grant.bound(dimension)) {
            (Some(need), Some(granted)) => need.overlaps(granted),
            _ => true,
        }
    };
    let mut dimensions = operation.bounds().iter().map(|(dimension, _)| *dimension);
    grant.operations.contains(operation)
        && grant.place == need.place
        && dimensions.all(|dimension| dimension == Dimension::Place || overlaps(dimension))
}

/// Whether a grant allows some of what a need names besides the attachment's
/// own packets, which every grant is for.
fn is_granted_of_packets(grant: &Grant, dimension: Dimension, item: &Bound) -> bool {
    match dimension {
        _ if grant.is_for_all_packets() => true,
        Dimension::PacketScope => *item != Bound::Word(ALL),
        _ => grant.bound(dimension).is_none_or(|granted| item.overlaps(granted)),
    }
}

fn grant_line(need: &Need, operation: Operation) -> String {
    let mut fields = vec![format!("allow = \"{operation}\"")];
    for (dimension, required) in operation.bounds() {
        let key = dimension.key();
        let open = match required {
            Required::No => false,
            Required::InHost => need.place == Some(cofferdam_protocol::Place::Host),
            Required::Always => true,
        };
        match (dimension, need.place, need.bound(*dimension)) {
            (Dimension::Place, Some(place), _) => fields.push(format!("{key} = \"{place}\"")),
            (_, _, Some(bound)) => fields.push(format!("{key} = {bound}")),
            (_, _, None) if open => fields.push(format!("{key} = …")),
            _ => {}
        }
    }
    format!("{{ {} }}", fields.join(", "))
}
