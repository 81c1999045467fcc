use cofferdam_network::{
    Result,
    nftables::{Action, Chain, Data, Element, Table, TableId, Verdict},
};
use nix::errno::Errno;

use super::{
    exists,
    links::refused,
    missing,
    side::{Rules, Side},
};

impl Side {
    pub(super) fn create_table(&mut self, table: &Table) -> Result<()> {
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
        rules.check_jumps()?;
        self.tables.insert(table.id.clone(), rules);
        Ok(())
    }

    pub(super) fn replace_chains(&mut self, table: &Table) -> Result<()> {
        let mut rules = self.rules_of(&table.id)?.clone();
        for chain in rules.chains.values_mut().filter(|chain| chain.base.is_some()) {
            chain.rules.clear();
        }
        self.give_rules(rules, table)
    }

    pub(super) fn refill_chains(&mut self, some: &Table) -> Result<()> {
        let rules = self.rules_of(&some.id)?.clone();
        self.give_rules(rules, some)
    }

    fn give_rules(&mut self, mut rules: Rules, table: &Table) -> Result<()> {
        for set in &table.sets {
            rules.sets.entry(set.name.clone()).or_insert_with(|| set.clone());
        }
        for chain in &table.chains {
            rules.chains.insert(chain.name.clone(), chain.clone());
        }
        rules.check_jumps()?;
        *self.rules_of(&table.id)? = rules;
        Ok(())
    }

    pub(super) fn delete_table(&mut self, table: &TableId) -> Result<()> {
        self.tables.remove(table).map(drop).ok_or_else(|| missing(table))
    }

    pub(super) fn create_chain(&mut self, table: &TableId, chain: &Chain) -> Result<()> {
        let present = self.rules_of(table)?;
        if present.chains.contains_key(&chain.name) {
            return Err(exists(&chain.name));
        }
        let mut rules = present.clone();
        rules.chains.insert(chain.name.clone(), chain.clone());
        rules.check_jumps()?;
        *present = rules;
        Ok(())
    }

    pub(super) fn delete_chain(&mut self, table: &TableId, chain: &str) -> Result<()> {
        let rules = self.rules_of(table)?;
        if !rules.chains.contains_key(chain) {
            return Err(missing(chain));
        }
        if rules.refer_to(chain) {
            return Err(refused(Errno::EBUSY, "delete chain"));
        }
        rules.chains.remove(chain);
        Ok(())
    }

    pub(super) fn add_elements(
        &mut self,
        table: &TableId,
        set: &str,
        elements: &[Element],
        comment: &str,
    ) -> Result<()> {
        let rules = self.rules_of(table)?;
        if !rules.sets.contains_key(set) {
            return Err(missing(set));
        }
        for target in elements.iter().filter_map(target_of) {
            let there = rules.chains.get(target).ok_or_else(|| missing(target))?;
            if there.base.is_some() {
                return Err(refused(Errno::EOPNOTSUPP, "jump to a base chain"));
            }
        }
        let present = rules.elements.entry(set.to_owned()).or_default();
        if elements
            .iter()
            .any(|element| present.keys().any(|there| there.key == element.key))
        {
            return Err(exists("element"));
        }
        present.extend(elements.iter().map(|element| (element.clone(), comment.to_owned())));
        Ok(())
    }

    pub(super) fn delete_elements(&mut self, table: &TableId, set: &str, elements: &[Element]) -> Result<()> {
        let rules = self.rules_of(table)?;
        let present = rules.elements.get_mut(set).ok_or_else(|| missing(set))?;
        let find = |element: &Element| present.keys().find(|there| there.key == element.key).cloned();
        let found: Option<Vec<Element>> = elements.iter().map(find).collect();
        for element in found.ok_or_else(|| missing("element"))? {
            present.remove(&element);
        }
        // As before the first one came.
        if present.is_empty() {
            rules.elements.remove(set);
        }
        Ok(())
    }

    pub(super) fn element_comment(&self, table: &TableId, set: &str, element: &Element) -> Result<Option<String>> {
        let rules = self.tables.get(table).ok_or_else(|| missing(table))?;
        if !rules.sets.contains_key(set) {
            return Err(missing(set));
        }
        let present = rules.elements.get(set).into_iter().flatten();
        let found = present.into_iter().find(|(there, _)| there.key == element.key);
        Ok(found.map(|(_, comment)| comment.clone()))
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

    /// A jump leads to a chain of the table that is not called by the kernel,
    /// and never back.
    fn check_jumps(&self) -> Result<()> {
        for chain in self.chains.values() {
            self.follow(chain, self.chains.len())?;
        }
        Ok(())
    }

    fn follow(&self, chain: &Chain, depth: usize) -> Result<()> {
        for target in targets(chain) {
            let there = self.chains.get(target).ok_or_else(|| missing(target))?;
            if there.base.is_some() {
                return Err(refused(Errno::EOPNOTSUPP, "jump to a base chain"));
            }
            if depth == 0 {
                return Err(refused(Errno::ELOOP, "jump back"));
            }
            self.follow(there, depth - 1)?;
        }
        Ok(())
    }
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
