use std::collections::BTreeMap;

use cofferdam_network::{
    Error, Result,
    nftables::{Action, Chain, Data, Element, Match, Set, Table, TableId, Verdict},
    request,
};

use super::{
    exists, missing,
    side::{Rules, Side},
};

/// `NFT_JUMP_STACK_SIZE`: so deep may chains lead to each other.
const DEEPEST: usize = 16;

impl Side {
    pub(super) fn create_table(&mut self, table: &Table) -> Result<()> {
        request::declaration(table, false)?;
        if self.tables.contains_key(&table.id) {
            return Err(exists(&table.id));
        }
        let mut rules = Rules::default();
        for set in &table.sets {
            rules.sets.insert(set.name.clone(), set.clone());
        }
        for chain in &table.chains {
            rules.chains.insert(chain.name.clone(), chain.clone());
        }
        rules.check_references()?;
        self.tables.insert(table.id.clone(), rules);
        Ok(())
    }

    /// Those that are declared get these rules; others stay.
    pub(super) fn replace_chains(&mut self, table: &Table) -> Result<()> {
        request::declaration(table, false)?;
        self.give_rules(table)
    }

    pub(super) fn refill_chains(&mut self, some: &Table) -> Result<()> {
        request::declaration(some, true)?;
        self.give_rules(some)
    }

    fn give_rules(&mut self, table: &Table) -> Result<()> {
        let mut rules = self.rules_of(&table.id)?.clone();
        for set in &table.sets {
            match rules.sets.get(&set.name) {
                Some(present) if present != set => {
                    let text = format!("set {} of {} exists and is of another kind", set.name, table.id);
                    return Err(Error::Conflict(text));
                }
                _ => rules.sets.insert(set.name.clone(), set.clone()),
            };
        }
        let mut moved = Vec::new();
        for chain in &table.chains {
            let before = rules.chains.insert(
                chain.name.clone(),
                Chain {
                    rules: Vec::new(),
                    ..chain.clone()
                },
            );
            if before.is_some_and(|before| is_called_elsewhere(&before, chain)) {
                moved.push(&chain.name);
            }
        }
        // The kernel makes those anew that it calls elsewhere from now on.
        if let Some(name) = moved.into_iter().find(|name| rules.refer_to(name)) {
            return Err(in_use(name));
        }
        for chain in &table.chains {
            rules.chains.insert(chain.name.clone(), chain.clone());
        }
        rules.check_references()?;
        *self.rules_of(&table.id)? = rules;
        Ok(())
    }

    pub(super) fn delete_table(&mut self, table: &TableId) -> Result<()> {
        request::table_id(table)?;
        self.tables.remove(table).map(drop).ok_or_else(|| missing(table))
    }

    pub(super) fn create_chain(&mut self, table: &TableId, sets: &[Set], chain: &Chain) -> Result<()> {
        request::chain(table, sets, chain)?;
        let present = self.rules_of(table)?;
        if present.chains.contains_key(&chain.name) {
            return Err(exists(&chain.name));
        }
        let mut rules = present.clone();
        rules.chains.insert(chain.name.clone(), chain.clone());
        rules.check_references()?;
        *present = rules;
        Ok(())
    }

    pub(super) fn delete_chain(&mut self, table: &TableId, chain: &str) -> Result<()> {
        request::chain_name(table, chain)?;
        let rules = self.rules_of(table)?;
        if !rules.chains.contains_key(chain) {
            return Err(missing(chain));
        }
        if rules.refer_to(chain) {
            return Err(in_use(chain));
        }
        rules.chains.remove(chain);
        Ok(())
    }

    pub(super) fn add_elements(
        &mut self,
        table: &TableId,
        set: &Set,
        elements: &[Element],
        comment: &str,
    ) -> Result<()> {
        request::elements(table, set, elements, comment)?;
        let rules = self.rules_with(table, set)?;
        let mut all = rules.clone();
        let present = all.elements.entry(set.name.clone()).or_default();
        for element in elements {
            if present.keys().any(|there| there.key == element.key) {
                return Err(exists(format!("element of set {} of {table}", set.name)));
            }
            if let Some(target) = target_of(element) {
                check_target(&rules.chains, target)?;
            }
            present.insert(element.clone(), kept(comment));
        }
        if present.is_empty() {
            return Ok(());
        }
        all.check_references()?;
        *rules = all;
        Ok(())
    }

    pub(super) fn delete_elements(&mut self, table: &TableId, set: &Set, elements: &[Element]) -> Result<()> {
        request::keys(table, set, elements)?;
        if elements.is_empty() {
            return Ok(());
        }
        let rules = self.rules_with(table, set)?;
        let mut present = rules.elements.get(&set.name).cloned().unwrap_or_default();
        for element in elements {
            let found = present.keys().find(|there| there.key == element.key).cloned();
            let found = found.ok_or_else(|| missing(format!("element of set {} of {table}", set.name)))?;
            present.remove(&found);
        }
        // As before the first one came.
        if present.is_empty() {
            rules.elements.remove(&set.name);
        } else {
            rules.elements.insert(set.name.clone(), present);
        }
        Ok(())
    }

    pub(super) fn element_comment(&self, table: &TableId, set: &Set, element: &Element) -> Result<Option<String>> {
        request::keys(table, set, std::slice::from_ref(element))?;
        let of_set = self.tables.get(table).and_then(|rules| rules.elements.get(&set.name));
        let mut present = of_set.into_iter().flatten();
        let found = present.find(|(there, _)| there.key == element.key);
        Ok(found.map(|(_, comment)| comment.clone()))
    }

    fn rules_with(&mut self, table: &TableId, set: &Set) -> Result<&mut Rules> {
        let rules = self.rules_of(table)?;
        if !rules.sets.contains_key(&set.name) {
            return Err(missing(format!("set {} of {table}", set.name)));
        }
        Ok(rules)
    }

    fn rules_of(&mut self, table: &TableId) -> Result<&mut Rules> {
        self.tables.get_mut(table).ok_or_else(|| missing(table))
    }
}

impl Rules {
    fn refer_to(&self, chain: &str) -> bool {
        let by_rule = self.chains.values().flat_map(targets).any(|target| target == chain);
        let elements = self.elements.values().flat_map(|elements| elements.keys());
        by_rule || elements.filter_map(target_of).any(|target| target == chain)
    }

    /// A jump leads to a chain of the table that is not called by the kernel;
    /// what is looked up is in a set of the table; and none of the chains that
    /// the kernel calls leads to a circle.
    fn check_references(&self) -> Result<()> {
        for chain in self.chains.values() {
            for target in targets(chain) {
                check_target(&self.chains, target)?;
            }
            if let Some(set) = looked_up(chain).find(|set| !self.sets.contains_key(*set)) {
                return Err(missing(format!("set {set}")));
            }
        }
        let called = self.chains.values().filter(|chain| chain.base.is_some());
        called.into_iter().try_for_each(|chain| self.follow(chain, 1))
    }

    fn follow(&self, chain: &Chain, depth: usize) -> Result<()> {
        let of_elements = looked_up(chain).filter_map(|set| self.elements.get(set)).flatten();
        let by_element = of_elements.filter_map(|(element, _)| target_of(element));
        for target in targets(chain).chain(by_element) {
            if depth == DEEPEST {
                return Err(Error::Invalid(
                    "chains lead to each other in a circle, or too deep".to_owned(),
                ));
            }
            self.follow(check_target(&self.chains, target)?, depth + 1)?;
        }
        Ok(())
    }
}

/// Base chains are called by the kernel alone.
fn check_target<'c>(chains: &'c BTreeMap<String, Chain>, target: &str) -> Result<&'c Chain> {
    let there = chains.get(target).ok_or_else(|| missing(format!("chain {target}")))?;
    if there.base.is_some() {
        return Err(Error::Unsupported(format!(
            "chain {target} is a base chain: nothing can lead to it"
        )));
    }
    Ok(there)
}

fn in_use(chain: &str) -> Error {
    Error::Conflict(format!(
        "chain {chain} is in use by a rule or an element that leads to it"
    ))
}

/// Whether the kernel is to call a chain elsewhere than before, or no more.
fn is_called_elsewhere(before: &Chain, after: &Chain) -> bool {
    let place = |chain: &Chain| chain.base.map(|base| (base.chain_type, base.hook, base.priority));
    place(before) != place(after)
}

/// What is left of a comment that is too long.
fn kept(comment: &str) -> String {
    const LONGEST: usize = 127;
    let end = (0..=LONGEST.min(comment.len()))
        .rev()
        .find(|end| comment.is_char_boundary(*end));
    comment[..end.unwrap_or(0)].to_owned()
}

/// The sets that a chain's rules look things up in.
fn looked_up(chain: &Chain) -> impl Iterator<Item = &String> {
    let of_matches = chain
        .rules
        .iter()
        .flat_map(|rule| &rule.matches)
        .filter_map(|wanted| match wanted {
            Match::InSet { set, .. } => Some(set),
            _ => None,
        });
    let of_actions = chain
        .rules
        .iter()
        .flat_map(|rule| &rule.actions)
        .filter_map(|action| match action {
            Action::VerdictMap { map, .. } | Action::DestinationNatMap { map, .. } => Some(map),
            _ => None,
        });
    of_matches.chain(of_actions)
}

fn targets(chain: &Chain) -> impl Iterator<Item = &String> {
    let actions = chain.rules.iter().flat_map(|rule| &rule.actions);
    actions.filter_map(|action| match action {
        Action::Verdict(Verdict::Jump(target) | Verdict::Goto(target)) => Some(target),
        _ => None,
    })
}

fn target_of(element: &Element) -> Option<&String> {
    match &element.data {
        Some(Data::Verdict(Verdict::Jump(target) | Verdict::Goto(target))) => Some(target),
        _ => None,
    }
}
