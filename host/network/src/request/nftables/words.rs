//! What requests are about, in the words of errors.

use super::{
    batch::{Part, Subject},
    value,
};
use crate::nftables::{Element, Set, TableId};

/// Names what a message is about.
pub(crate) fn name(table: &TableId, subject: &Subject<'_>, part: Option<&Part>) -> String {
    match *subject {
        Subject::Table => table.to_string(),
        Subject::Chain(chain) => format!("chain {chain} of {table}"),
        Subject::Set(set) => format!("set {set} of {table}"),
        Subject::Rule { chain, number } => rule(table, chain, number),
        Subject::Elements { set, elements } => match (part, elements) {
            (Some(Part::Element(index)), _) => match elements.get(*index) {
                Some(found) => element(table, set, found),
                None => format!("an element of set {} of {table}", set.name),
            },
            (_, [single]) => element(table, set, single),
            _ => format!("an element of set {} of {table}", set.name),
        },
    }
}

/// Names a rule; they count from 1.
pub(crate) fn rule(table: &TableId, chain: &str, number: usize) -> String {
    format!("rule {number} of chain {chain} of {table}")
}

/// Names an element by its key.
pub(crate) fn element(table: &TableId, set: &Set, element: &Element) -> String {
    format!(
        "element {} of set {} of {table}",
        value::show_all(&element.key),
        set.name
    )
}
