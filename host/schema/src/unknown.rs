use cofferdam_protocol::json::Node;

use crate::{
    is_cni_key,
    place::Place,
    rule::{Additional, Rule},
};

/// Keys that are told.
const MOST: usize = 50;

/// A key that has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey {
    /// Where, with the key itself: `ipam.ranges[0][0].subnets`.
    pub path: String,
    /// The key.
    pub key: String,
    /// Those that the object may have.
    pub known: Vec<String>,
}

pub(crate) fn keys(root: &Rule, configuration: &Node) -> Vec<UnknownKey> {
    let mut found = Vec::new();
    look(root, configuration, &Place::Root, &mut found);
    found
}

fn look(rule: &Rule, node: &Node, place: &Place<'_>, found: &mut Vec<UnknownKey>) {
    if found.len() >= MOST {
        return;
    }
    match node {
        Node::Object(entries) => entries
            .iter()
            .for_each(|(key, value)| of_key(rule, key, value, place, found)),
        Node::Array(elements) => {
            let Some(items) = &rule.items else { return };
            for (index, element) in elements.iter().enumerate() {
                look(items, element, &Place::Index(place, index), found);
            }
        }
        _ => {}
    }
}

fn of_key(rule: &Rule, key: &str, value: &Node, place: &Place<'_>, found: &mut Vec<UnknownKey>) {
    let is_root = matches!(place, Place::Root);
    if let Some(property) = rule.property(key).and_then(|number| rule.properties.get(number)) {
        look(&property.rule, value, &Place::Key(place, &property.name), found);
    } else if is_cni_key(place, key) {
        // Whoever has it, it is not for this schema to say.
    } else if let Additional::Like(rule) = &rule.additional {
        look(rule, value, &Place::Key(place, key), found);
    } else if rule.additional == Additional::Unsaid && (is_root || !rule.properties.is_empty()) && found.len() < MOST {
        found.push(UnknownKey {
            path: Place::Key(place, key).to_string(),
            key: key.to_owned(),
            known: rule.known(is_root),
        });
    }
}

impl Rule {
    fn known(&self, is_root: bool) -> Vec<String> {
        let own = self.properties.iter().map(|property| property.name.clone());
        let common = crate::CNI_KEYS.into_iter().filter(|_| is_root).map(str::to_owned);
        own.chain(common).collect()
    }
}
