//! What a newer version of a component needs that the older one did not.

use cofferdam_protocol::Place;

use super::{Need, Needs, WHOSE_PACKETS};
use crate::{
    bound::Bound,
    check::{includes, is_everything},
    dimension::Dimension,
    operation::{Operation, Operations},
    words::ALL,
};

/// Something that a newer version declares to need and the older one did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNeed {
    /// As far as it is new: its operations that the older one did not declare
    /// for all of it.
    pub need: Need,
    /// How far it goes beyond what was declared.
    pub beyond: Beyond,
}

/// How far something goes beyond what was declared before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// Nothing of the kind was declared.
    New,
    /// It was declared within narrower bounds: these.
    Wider(Vec<Need>),
    /// It was declared for some attachments, and is needed for every one now.
    Always,
}

impl Needs {
    /// What these needs have beyond those of an older version; where only the
    /// newer one declares nothing, see [`Needs::is_declared`].
    #[must_use]
    pub fn beyond(&self, older: &Self) -> Vec<NewNeed> {
        if !older.is_declared() {
            return Vec::new();
        }
        self.all().flat_map(|need| need.beyond(older)).collect()
    }
}

impl Need {
    /// What it allows a component to ask for.
    pub fn operations(&self) -> impl Iterator<Item = Operation> {
        self.operations.iter()
    }

    /// Where, for operations in a namespace.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    fn beyond(&self, older: &Needs) -> Vec<NewNeed> {
        let mut found: Vec<NewNeed> = Vec::new();
        for operation in self.operations.iter() {
            let Some(beyond) = self.beyond_in(operation, older) else {
                continue;
            };
            match found.iter_mut().find(|known| known.beyond == beyond) {
                Some(known) => known.need.operations.insert(operation),
                None => found.push(NewNeed {
                    need: self.only(operation),
                    beyond,
                }),
            }
        }
        found
    }

    fn beyond_in(&self, operation: Operation, older: &Needs) -> Option<Beyond> {
        let includes_it = |earlier: &&Need| earlier.includes(self, operation);
        let of_kind = |earlier: &&Need| earlier.operations.contains(operation) && earlier.place == self.place;
        if let Some(earlier) = older
            .required()
            .find(includes_it)
            .or_else(|| older.optional().find(includes_it))
        {
            let is_for_every_one = self.when.is_none() && earlier.when.is_some();
            return is_for_every_one.then_some(Beyond::Always);
        }
        let narrower: Vec<Need> = older
            .all()
            .filter(of_kind)
            .map(|earlier| earlier.only(operation))
            .collect();
        Some(if narrower.is_empty() {
            Beyond::New
        } else {
            Beyond::Wider(narrower)
        })
    }

    fn only(&self, operation: Operation) -> Self {
        Self {
            operations: Operations::only(operation),
            ..self.clone()
        }
    }

    /// Whether whatever the other may ask for by one operation is within this
    /// need. What can be told only from several bounds at once is not.
    fn includes(&self, other: &Self, operation: Operation) -> bool {
        let mut dimensions = operation.bounds().iter().map(|(dimension, _)| *dimension);
        self.operations.contains(operation)
            && self.place == other.place
            && dimensions.all(|dimension| self.is_as_wide(other, dimension))
    }

    fn is_as_wide(&self, other: &Self, dimension: Dimension) -> bool {
        match dimension {
            // Compared before.
            Dimension::Place => true,
            _ if WHOSE_PACKETS.contains(&dimension) && self.is_for_all_packets() => true,
            Dimension::PacketScope => !other.is_for_all_packets(),
            _ if WHOSE_PACKETS.contains(&dimension) => match (self.bound(dimension), other.bound(dimension)) {
                // It means the attachment's own.
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(wide), Some(narrow)) => includes(wide, narrow),
            },
            _ => match (self.bound(dimension), other.bound(dimension)) {
                (None, _) => true,
                (Some(wide), None) => is_everything(wide),
                (Some(wide), Some(narrow)) => includes(wide, narrow),
            },
        }
    }

    fn is_for_all_packets(&self) -> bool {
        !self.says_whose_packets() || self.bound(Dimension::PacketScope) == Some(&Bound::Word(ALL))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::*;

    fn needs(json: &str) -> Needs {
        Needs::parse(Path::new("test.wasm"), json).unwrap()
    }

    fn told(older: &str, newer: &str) -> Vec<String> {
        let found = needs(newer).beyond(&needs(older));
        let words = |new: NewNeed| match new.beyond {
            Beyond::New => format!("new: {}", new.need),
            Beyond::Always => format!("always: {}", new.need),
            Beyond::Wider(before) => {
                let before: Vec<String> = before.iter().map(ToString::to_string).collect();
                format!("wider: {}; was: {}", new.need, before.join("; "))
            }
        };
        found.into_iter().map(words).collect()
    }

    #[test]
    fn what_is_new_or_goes_further_is_told_and_nothing_else() {
        let lo = r#"{"allow":"link.set","in":"container","names":["lo"],"settings":["up"]}"#;
        let table = |more: &str| format!(r#"[{{"allow":"nftables.table","in":"host","family":"inet"{more}}}]"#);
        for (older, newer, expected) in [
            (format!("[{lo}]"), format!("[{lo}]"), vec![]),
            (format!("[{lo}]"), "[]".to_owned(), vec![]),
            ("null".to_owned(), format!("[{lo}]"), vec![]),
            (
                "[]".to_owned(),
                format!("[{lo}]"),
                vec!["new: link.set in the container namespace, names = [\"lo\"], settings = [\"up\"]"],
            ),
            (
                format!("[{lo}]"),
                r#"[{"allow":"link.set","in":"host","names":["lo"],"settings":["up"]}]"#.to_owned(),
                vec!["new: link.set in the host namespace, names = [\"lo\"], settings = [\"up\"]"],
            ),
            (
                format!("[{lo}]"),
                r#"[{"allow":"link.set","in":"container","settings":["up"]}]"#.to_owned(),
                vec![
                    "wider: link.set in the container namespace, settings = [\"up\"]; was: link.set in the container \
                     namespace, names = [\"lo\"], settings = [\"up\"]",
                ],
            ),
            (
                r#"[{"allow":"link.set","in":"container","names":["eth*"]}]"#.to_owned(),
                r#"[{"allow":["link.see","link.set"],"in":"container","names":["eth0"]}]"#.to_owned(),
                vec!["new: link.see in the container namespace, names = [\"eth0\"]"],
            ),
            (
                r#"[{"allow":"store.open","when":"x"}]"#.to_owned(),
                r#"[{"allow":"store.open"}]"#.to_owned(),
                vec!["always: store.open"],
            ),
            (
                r#"[{"allow":"store.open"}]"#.to_owned(),
                r#"[{"allow":"store.open","when":"x"}]"#.to_owned(),
                vec![],
            ),
            (
                table(r#","scope":"attachment""#),
                table(r#","scope":"attachment""#),
                vec![],
            ),
            (table(""), table(r#","scope":"attachment""#), vec![]),
            (
                table(r#","scope":"attachment""#),
                table(""),
                vec![
                    "wider: nftables.table in the host namespace, family = \"inet\"; was: nftables.table in the host \
                     namespace, family = \"inet\", scope = \"attachment\"",
                ],
            ),
            (
                table(r#","prefixes":["10.0.0.0/8"]"#),
                table(r#","prefixes":["10.1.0.0/16"]"#),
                vec![],
            ),
            (
                table(r#","prefixes":["10.1.0.0/16"]"#),
                table(r#","prefixes":["10.0.0.0/8"]"#),
                vec![
                    "wider: nftables.table in the host namespace, family = \"inet\", prefixes = [\"10.0.0.0/8\"]; was: \
                     nftables.table in the host namespace, family = \"inet\", prefixes = [\"10.1.0.0/16\"]",
                ],
            ),
        ] {
            assert_eq!(told(&older, &newer), expected, "{older} and {newer}");
        }
    }
}
