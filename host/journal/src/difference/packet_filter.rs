use cofferdam_network::nftables::{Chain, Element, Set, Table, TableId};
use cofferdam_protocol::Place;

use super::{
    ComparisonError, GONE, PRESENT, Remedy,
    survey::{Survey, is_shared, object},
};
use crate::{
    Entry, digest_of,
    model::{Made, SharedObject, element_text},
};

/// How a table was declared last.
enum Declaration {
    /// By the attachment itself, or by another one since.
    Known(Table),
    /// By an attachment that is gone.
    Lost,
    /// The table is none of ours.
    Others,
}

/// A table and its namespace.
type In<'t> = (Place, &'t TableId);

impl Survey<'_, '_> {
    /// A table with the chains and rules that it was declared with last,
    /// whoever did. Rules are counted: what is in them is the kernel's.
    pub(super) fn look_at_table(
        &mut self,
        entry: &Entry,
        place: Place,
        id: &TableId,
        declared: Option<&Table>,
    ) -> Result<(), ComparisonError> {
        let text = format!("{id} in the {place} namespace");
        let is_there = self.view.network.has_table(place, id)?;
        let Some(own) = declared else {
            if is_there {
                self.tell_back(entry, text);
            }
            return Ok(());
        };
        let declaration = self.declaration(entry, own)?;
        if !is_there {
            let remedy = match declaration {
                Declaration::Known(table) => Some(Remedy::Table { place, table }),
                Declaration::Lost => Some(Remedy::Table {
                    place,
                    table: own.clone(),
                }),
                Declaration::Others => None,
            };
            self.tell(entry, text, PRESENT, GONE, remedy);
            self.lost.tables.insert((place, id.clone()));
            return Ok(());
        }
        match declaration {
            Declaration::Known(table) => self.look_at_chains_of(entry, place, &table),
            Declaration::Lost | Declaration::Others => Ok(()),
        }
    }

    fn declaration(&self, entry: &Entry, own: &Table) -> Result<Declaration, ComparisonError> {
        let Some(object) = object(entry) else {
            return Ok(Declaration::Known(own.clone()));
        };
        Ok(match self.made(entry) {
            Some(Made::Table { digest, .. }) if digest == digest_of(own) => Declaration::Known(own.clone()),
            Some(Made::Table { digest, .. }) => {
                let current = self.shared.declaration(object, self.id, &digest)?;
                current.map_or(Declaration::Lost, Declaration::Known)
            }
            _ => Declaration::Others,
        })
    }

    fn look_at_chains_of(&mut self, entry: &Entry, place: Place, table: &Table) -> Result<(), ComparisonError> {
        let mut counts = Vec::with_capacity(table.chains.len());
        for chain in &table.chains {
            let count = self.view.network.rule_count(place, &table.id, &chain.name)?;
            counts.push((chain, count));
        }
        // One of ours would have some of them left.
        if !counts.is_empty() && counts.iter().all(|(_, count)| count.is_none()) {
            let text = format!("{} in the {place} namespace", table.id);
            let found = "another one of that name, or has lost all its chains";
            self.tell(entry, text, PRESENT, found, None);
            self.lost.tables.insert((place, table.id.clone()));
            return Ok(());
        }
        // What others put into the other chains stays there.
        let lacking = counts.iter().filter(|(_, count)| count.unwrap_or_default() == 0);
        let lacking = Table {
            chains: lacking.map(|(chain, _)| (*chain).clone()).collect(),
            ..table.clone()
        };
        for (chain, count) in counts {
            let remedy = Remedy::Chains {
                place,
                table: lacking.clone(),
            };
            self.tell_of_rules(entry, (place, &table.id), chain, count, remedy);
        }
        Ok(())
    }

    pub(super) fn look_at_chain(
        &mut self,
        entry: &Entry,
        (place, table): In<'_>,
        name: &str,
        declared: Option<&Chain>,
    ) -> Result<(), ComparisonError> {
        if self.is_lost(place, table) {
            return Ok(());
        }
        let count = self.view.network.rule_count(place, table, name)?;
        let Some(chain) = declared else {
            if count.is_some() {
                self.tell_back(entry, chain_text(place, table, name));
            }
            return Ok(());
        };
        if count.is_some() && !self.is_as_declared(entry, chain) {
            return Ok(());
        }
        let remedy = match count {
            None => Remedy::Chain {
                place,
                table: table.clone(),
                sets: self.sets_of(place, table)?,
                chain: chain.clone(),
            },
            Some(_) => Remedy::Chains {
                place,
                table: Table {
                    id: table.clone(),
                    sets: self.sets_of(place, table)?,
                    chains: vec![chain.clone()],
                },
            },
        };
        self.tell_of_rules(entry, (place, table), chain, count, remedy);
        Ok(())
    }

    /// Whether a chain that is there was made by this declaration, as far as
    /// the registry tells.
    fn is_as_declared(&self, entry: &Entry, chain: &Chain) -> bool {
        let made = self.made(entry);
        !is_shared(entry) || matches!(made, Some(Made::Chain { digest }) if digest == digest_of(chain))
    }

    /// Rules that somebody added are not for us to take away: only a chain that
    /// has none is filled again.
    fn tell_of_rules(
        &mut self,
        entry: &Entry,
        (place, table): In<'_>,
        chain: &Chain,
        count: Option<usize>,
        remedy: Remedy,
    ) {
        let text = chain_text(place, table, &chain.name);
        let declared = chain.rules.len();
        match count {
            None => self.tell(entry, text, PRESENT, GONE, Some(remedy)),
            Some(count) if count == declared => {}
            Some(count) => {
                let what = format!("the number of rules of {text}");
                let remedy = (count == 0).then_some(remedy);
                self.tell(entry, what, declared.to_string(), count.to_string(), remedy);
            }
        }
    }

    /// The sets that a table was declared with.
    fn sets_of(&self, place: Place, table: &TableId) -> Result<Vec<Set>, ComparisonError> {
        let object = SharedObject::Table {
            place,
            table: table.clone(),
        };
        Ok(match self.shared.made(&object, self.id)? {
            Some(Made::Table { sets, .. }) => sets,
            _ => Vec::new(),
        })
    }

    pub(super) fn look_at_element(
        &mut self,
        entry: &Entry,
        (place, table): In<'_>,
        set: &Set,
        element: &Element,
        (comment, there): (&str, bool),
    ) -> Result<(), ComparisonError> {
        if self.is_lost(place, table) {
            return Ok(());
        }
        let found = self.view.network.element_comment(place, table, set, element)?;
        let text = || {
            let element = element_text(element);
            format!("element {element} of {} of {table} in the {place} namespace", set.name)
        };
        match found {
            Some(found) if !there && found == comment => self.tell_back(entry, text()),
            Some(found) if there && found != comment => {
                let owner = if found.is_empty() {
                    "somebody else"
                } else {
                    found.as_str()
                };
                self.tell(entry, text(), PRESENT, format!("{owner}'s by now"), None);
            }
            None if there => {
                let remedy = Remedy::Element {
                    place,
                    table: table.clone(),
                    set: set.clone(),
                    element: element.clone(),
                    comment: comment.to_owned(),
                };
                self.tell(entry, text(), PRESENT, GONE, Some(remedy));
            }
            _ => {}
        }
        Ok(())
    }

    fn is_lost(&self, place: Place, table: &TableId) -> bool {
        self.lost.tables.contains(&(place, table.clone()))
    }
}

fn chain_text(place: Place, table: &TableId, name: &str) -> String {
    format!("chain {name} of {table} in the {place} namespace")
}
