use cofferdam_network::{Error, Result, Rule, request};
use cofferdam_protocol::{IpPrefix, Place};

use super::{
    Sides, exists, missing,
    routes::{LOCAL_TABLE, MAIN_TABLE},
};

/// `RT_TABLE_DEFAULT`.
const DEFAULT_TABLE: u32 = 253;

/// The rules that every namespace begins with.
pub(super) fn of_the_kernel() -> Vec<Rule> {
    let own = [
        (false, 0, LOCAL_TABLE),
        (false, 32_766, MAIN_TABLE),
        (false, 32_767, DEFAULT_TABLE),
        (true, 0, LOCAL_TABLE),
        (true, 32_766, MAIN_TABLE),
    ];
    let rule = |(ipv6, priority, table)| Rule {
        ipv6,
        source: None,
        destination: None,
        input_interface: None,
        output_interface: None,
        mark: None,
        priority: Some(priority),
        table,
    };
    own.map(rule).to_vec()
}

impl Sides {
    pub(super) fn add_rule(&mut self, place: Place, rule: &Rule) -> Result<()> {
        request::rule(rule)?;
        let rules = &mut self.at_mut(place).rules;
        let added = Rule {
            priority: Some(rule.priority.unwrap_or_else(|| free_priority(rules, rule.ipv6))),
            ..as_kept(rule)
        };
        if rules.iter().any(|present| is_taken_for_new(present, &added)) {
            return Err(exists(describe(rule)));
        }
        // IPv4 before IPv6, and behind those of the same priority.
        let key = |rule: &Rule| (rule.ipv6, rule.priority);
        let position = rules.partition_point(|present| key(present) <= key(&added));
        rules.insert(position, added);
        Ok(())
    }

    pub(super) fn delete_rule(&mut self, place: Place, rule: &Rule) -> Result<()> {
        request::rule(rule)?;
        let rules = &mut self.at_mut(place).rules;
        let just_this = rules.iter().position(|present| rule.describes(present));
        let wanted = just_this.or_else(|| rules.iter().position(|present| rule.covers(present)));
        let wanted = wanted.ok_or_else(|| missing(describe(rule)))?;
        let first = rules
            .iter()
            .position(|present| is_taken_for_old(present, &rules[wanted]));
        if first.is_some_and(|first| first != wanted) {
            return Err(Error::Conflict(format!(
                "{}: the kernel would delete an older rule of the same priority and table instead",
                describe(rule)
            )));
        }
        rules.remove(wanted);
        Ok(())
    }

    pub(super) fn has_rule_like(&self, place: Place, rule: &Rule) -> bool {
        self.at(place)
            .rules
            .iter()
            .any(|present| is_taken_for_old(present, rule))
    }
}

/// One below that of the second rule, the first one being the kernel's.
fn free_priority(rules: &[Rule], ipv6: bool) -> u32 {
    let second = rules.iter().filter(|rule| rule.ipv6 == ipv6).nth(1);
    let priority = second.and_then(|rule| rule.priority).unwrap_or(0);
    priority.saturating_sub(1)
}

/// A prefix that holds every address is none.
fn as_kept(rule: &Rule) -> Rule {
    let narrow = |prefix: Option<IpPrefix>| prefix.filter(|prefix| prefix.length() > 0);
    Rule {
        source: narrow(rule.source),
        destination: narrow(rule.destination),
        ..rule.clone()
    }
}

/// Whether the kernel has a rule by which it refuses a new one: a source or
/// destination that the new one leaves out matches any.
fn is_taken_for_new(present: &Rule, added: &Rule) -> bool {
    let alike = Rule {
        source: added.source.or(present.source),
        destination: added.destination.or(present.destination),
        ..added.clone()
    };
    alike == *present
}

/// Whether the kernel takes a rule for one that it is to delete. To it mark 0
/// is any mark.
fn is_taken_for_old(present: &Rule, wanted: &Rule) -> bool {
    let any_mark = Rule {
        mark: None,
        ..wanted.clone()
    };
    match wanted.mark {
        Some(0) => any_mark.covers(present) && present.mark.is_some(),
        _ => wanted.covers(present),
    }
}

fn describe(rule: &Rule) -> String {
    super::picture::rule_in_words(rule)
}
