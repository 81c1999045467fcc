//! What a newer schema has otherwise.

use std::{cmp::Ordering, collections::BTreeMap};

use cofferdam_protocol::json::Node;
use serde_json::Number;

use crate::{
    fields::{Part, Step, parts},
    number::compare,
    rule::{Additional, Kind, Rule},
};

/// Something that is another in a newer schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field, as [`Field::path`](crate::Field::path) has it; empty for the
    /// configuration as a whole.
    pub path: String,
    /// What became of it.
    pub changed: Changed,
}

/// What became of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is new, and may be left out.
    Added,
    /// It is new, and has to be there.
    AddedRequired,
    /// It is gone.
    Removed,
    /// It takes less than before, in words: configurations that were good may
    /// be refused.
    Narrowed(String),
    /// It takes more than before, in words.
    Widened(String),
}

impl Changed {
    /// Whether a configuration that the older schema took may be refused.
    #[must_use]
    pub fn is_demand(&self) -> bool {
        matches!(self, Self::AddedRequired | Self::Narrowed(_))
    }
}

pub(crate) fn changes(old: &Rule, new: &Rule) -> Vec<Change> {
    let mut found = of_rules("", old, new);
    let (before, after) = (parts(old), parts(new));
    let (old_parts, new_parts) = (by_steps(&before), by_steps(&after));
    for part in &after {
        match old_parts.get(part.steps.as_slice()) {
            Some(earlier) => found.extend(of_parts(earlier, part)),
            None => found.extend(appeared(part, &old_parts)),
        }
    }
    for part in &before {
        if !new_parts.contains_key(part.steps.as_slice()) {
            found.extend(disappeared(part, &new_parts));
        }
    }
    found
}

type Parts<'p, 'r> = BTreeMap<&'p [Step], &'p Part<'r>>;

fn by_steps<'p, 'r>(parts: &'p [Part<'r>]) -> Parts<'p, 'r> {
    parts.iter().map(|part| (part.steps.as_slice(), part)).collect()
}

/// A new part. Elements and values of a map were there before, and could be
/// anything.
fn appeared(part: &Part<'_>, older: &Parts<'_, '_>) -> Vec<Change> {
    if is_each_of_known(part, older) {
        return of_rules(&part.path, &Rule::default(), part.rule);
    }
    vec![Change {
        path: part.path.clone(),
        changed: if part.is_required {
            Changed::AddedRequired
        } else {
            Changed::Added
        },
    }]
}

fn disappeared(part: &Part<'_>, newer: &Parts<'_, '_>) -> Vec<Change> {
    if is_each_of_known(part, newer) {
        return of_rules(&part.path, part.rule, &Rule::default());
    }
    vec![Change {
        path: part.path.clone(),
        changed: Changed::Removed,
    }]
}

/// Whether a part is about the elements or values of what others have, too.
fn is_each_of_known(part: &Part<'_>, others: &Parts<'_, '_>) -> bool {
    match part.steps.split_last() {
        Some((Step::Element | Step::Value, holder)) => holder.is_empty() || others.contains_key(holder),
        _ => false,
    }
}

fn of_parts(old: &Part<'_>, new: &Part<'_>) -> Vec<Change> {
    let mut found = of_rules(&new.path, old.rule, new.rule);
    let change = |changed: Changed| Change {
        path: new.path.clone(),
        changed,
    };
    match (old.is_required, new.is_required) {
        (false, true) => found.push(change(Changed::Narrowed("it has to be there".to_owned()))),
        (true, false) => found.push(change(Changed::Widened("it may be left out".to_owned()))),
        _ => {}
    }
    found
}

fn of_rules(path: &str, old: &Rule, new: &Rule) -> Vec<Change> {
    let mut told = Comparison {
        narrowed: Vec::new(),
        widened: Vec::new(),
    };
    told.kinds(old, new);
    told.values(old, new);
    told.bounds(old, new);
    told.format(old, new);
    told.additional(old, new);
    let narrowed = told.narrowed.into_iter().map(Changed::Narrowed);
    let widened = told.widened.into_iter().map(Changed::Widened);
    let change = |changed| Change {
        path: path.to_owned(),
        changed,
    };
    narrowed.chain(widened).map(change).collect()
}

struct Comparison {
    narrowed: Vec<String>,
    widened: Vec<String>,
}

impl Comparison {
    fn kinds(&mut self, old: &Rule, new: &Rule) {
        let takes = |rule: &Rule, kind: Kind| {
            let is_in_number = kind == Kind::Integer && rule.kinds.contains(&Kind::Number);
            rule.kinds.is_empty() || rule.kinds.contains(&kind) || is_in_number
        };
        let those = |one: &Rule, other: &Rule| -> Vec<String> {
            let only = Kind::ALL
                .into_iter()
                .filter(|kind| takes(one, *kind) && !takes(other, *kind));
            only.map(|kind| kind.to_string()).collect()
        };
        let (lost, won) = (those(old, new), those(new, old));
        if !lost.is_empty() {
            self.narrowed.push(format!("it is {} no more", lost.join(" or ")));
        }
        if !won.is_empty() {
            self.widened.push(format!("it may be {}", won.join(" or ")));
        }
    }

    fn values(&mut self, old: &Rule, new: &Rule) {
        let those = |one: &[Node], other: &[Node]| -> Vec<String> {
            let only = one.iter().filter(|value| !other.contains(value));
            only.map(Node::shown).collect()
        };
        match (&old.values, &new.values) {
            (Some(old), Some(new)) => {
                let (lost, won) = (those(old, new), those(new, old));
                if !lost.is_empty() {
                    self.narrowed.push(format!("it takes {} no more", lost.join(" or ")));
                }
                if !won.is_empty() {
                    self.widened.push(format!("it takes {}", won.join(" or ")));
                }
            }
            (None, Some(new)) => {
                let values: Vec<String> = new.iter().map(Node::shown).collect();
                self.narrowed.push(format!("it takes {} only", values.join(" or ")));
            }
            (Some(_), None) => self
                .widened
                .push("it takes other values than those listed before".to_owned()),
            (None, None) => {}
        }
    }

    fn bounds(&mut self, old: &Rule, new: &Rule) {
        let number = |count: Option<u64>| count.map(Number::from);
        for (what, old, new) in [
            ("the least value", old.minimum.clone(), new.minimum.clone()),
            (
                "the least number of characters",
                number(old.length.least),
                number(new.length.least),
            ),
            (
                "the least number of elements",
                number(old.count.least),
                number(new.count.least),
            ),
        ] {
            self.bound(what, old, new, true);
        }
        for (what, old, new) in [
            ("the greatest value", old.maximum.clone(), new.maximum.clone()),
            (
                "the greatest number of characters",
                number(old.length.most),
                number(new.length.most),
            ),
            (
                "the greatest number of elements",
                number(old.count.most),
                number(new.count.most),
            ),
        ] {
            self.bound(what, old, new, false);
        }
    }

    fn bound(&mut self, what: &str, old: Option<Number>, new: Option<Number>, is_least: bool) {
        let (is_narrower, words) = match (old, new) {
            (None, None) => return,
            (None, Some(new)) => (true, format!("{what} is {new}, and there was none")),
            (Some(old), None) => (false, format!("{what} was {old}, and there is none")),
            (Some(old), Some(new)) => {
                let order = compare(&new, &old);
                if order.is_eq() {
                    return;
                }
                (order.is_gt() == is_least, format!("{what} is {new}, and was {old}"))
            }
        };
        if is_narrower {
            self.narrowed.push(words);
        } else {
            self.widened.push(words);
        }
    }

    fn format(&mut self, old: &Rule, new: &Rule) {
        match (old.format, new.format) {
            (old, new) if old == new => {}
            (_, Some(new)) => self.narrowed.push(format!("it has to be {}", new.noun())),
            (Some(old), None) => self.widened.push(format!("it need not be {}", old.noun())),
            (None, None) => {}
        }
    }

    fn additional(&mut self, old: &Rule, new: &Rule) {
        let openness = |rule: &Rule| match rule.additional {
            Additional::Unsaid | Additional::Allowed => 2,
            Additional::Like(_) => 1,
            Additional::Refused => 0,
        };
        match openness(new).cmp(&openness(old)) {
            Ordering::Less => self.narrowed.push("it takes fewer other keys".to_owned()),
            Ordering::Greater => self.widened.push("it takes more other keys".to_owned()),
            Ordering::Equal => {}
        }
    }
}
