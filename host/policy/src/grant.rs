use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use cofferdam_protocol::{IpPrefix, Place};

use crate::{
    key_pattern::KeyPattern,
    operation::Operations,
    pattern::Pattern,
    question::Question,
    range::{Range, any_contains},
    selection::Selection,
};

/// The kernel's main routing table, `RT_TABLE_MAIN` of `linux/rtnetlink.h`.
pub(crate) const MAIN_TABLE: u32 = 254;

/// Every priority that a routing rule can have.
pub(crate) const RULE_PRIORITIES: Range = Range {
    first: 0,
    last: u32::MAX as i64,
};

/// Where records are when a grant of `store.open` does not say.
pub(crate) const RECORDS: &str = "/var/lib/cni/networks";

/// What a policy's grant says. Which fields a grant may and must have is the
/// parser's business ([`Operation::bounds`](crate::Operation)); an absent one
/// is no bound unless it says otherwise here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grant {
    /// Narrows the selection of the grant's file.
    pub(crate) selection: Selection,
    pub(crate) operations: Operations,
    pub(crate) place: Option<Place>,
    pub(crate) max: Option<u32>,
    pub(crate) kinds: Option<Vec<String>>,
    pub(crate) names: Option<Vec<Pattern>>,
    pub(crate) settings: Option<Vec<String>>,
    pub(crate) prefixes: Option<Vec<IpPrefix>>,
    pub(crate) destinations: Option<Vec<IpPrefix>>,
    /// Absent: the main table.
    pub(crate) routing_tables: Option<Vec<Range>>,
    pub(crate) rule_priorities: Option<Vec<Range>>,
    /// Absent: none.
    pub(crate) keys: Vec<KeyPattern>,
    pub(crate) values: Option<Vec<String>>,
    /// Absent: none.
    pub(crate) family: Option<String>,
    /// Absent: none.
    pub(crate) table_names: Vec<Pattern>,
    /// Absent: none, so no base chains.
    pub(crate) hooks: Vec<String>,
    /// Absent: none.
    pub(crate) hook_priorities: Vec<Range>,
    /// Absent: none.
    pub(crate) sets: Vec<Pattern>,
    /// Absent: [`RECORDS`].
    pub(crate) locations: Option<Vec<PathBuf>>,
    /// Absent: none.
    pub(crate) files: Vec<PathBuf>,
    /// Absent: none.
    pub(crate) plugins: Vec<Pattern>,
}

impl Grant {
    pub(crate) fn allows(&self, question: &Question<'_>) -> bool {
        self.operations.contains(question.operation()) && self.place == question.place() && self.covers(question)
    }

    fn covers(&self, question: &Question<'_>) -> bool {
        match *question {
            Question::LinkSee { kind, name, .. } => {
                kind.is_none_or(|kind| self.covers_kind(kind)) && self.covers_name(name)
            }
            Question::LinkCreate { kind, name, .. } | Question::LinkDelete { kind, name, .. } => {
                self.covers_kind(kind) && self.covers_name(name)
            }
            Question::LinkSet { kind, name, what, .. } => {
                self.covers_kind(kind)
                    && self.covers_name(name)
                    && unbounded_or(&self.settings, |settings| holds(settings, what))
            }
            Question::AddressSee { link, .. } | Question::NeighborSee { link, .. } => self.covers_name(link),
            Question::AddressAdd { link, address, .. } | Question::AddressDelete { link, address, .. } => {
                self.covers_name(link) && unbounded_or(&self.prefixes, |prefixes| any_covers(prefixes, &address))
            }
            Question::RouteSee { link, table, .. } => self.covers_name(link) && self.covers_table(table),
            Question::RouteAdd {
                link,
                destination,
                table,
                ..
            }
            | Question::RouteDelete {
                link,
                destination,
                table,
                ..
            } => {
                self.covers_name(link)
                    && self.covers_table(table)
                    && unbounded_or(&self.destinations, |all| any_covers(all, &destination))
            }
            Question::RuleSee { .. } => true,
            Question::RuleAdd { table, priority, .. } | Question::RuleDelete { table, priority, .. } => {
                self.covers_table(table) && self.covers_priority(priority)
            }
            Question::NeighborAdd { link, address, .. } | Question::NeighborDelete { link, address, .. } => {
                self.covers_name(link) && self.covers_neighbor(address)
            }
            Question::SysctlRead { key, .. } => self.covers_key(key),
            Question::SysctlWrite { key, value, .. } => {
                self.covers_key(key) && unbounded_or(&self.values, |values| holds(values, value))
            }
            Question::NftTable {
                family, table, hooks, ..
            } => {
                self.covers_nftables_table(family, table)
                    && hooks.iter().all(|(hook, priority)| self.covers_hook(hook, *priority))
            }
            Question::NftElement { family, table, set, .. } => {
                self.covers_nftables_table(family, table) && any_matches(&self.sets, set)
            }
            Question::StoreOpen { location } => self.covers_location(location),
            Question::ResolverRead { file } => self.files.iter().any(|granted| granted == file),
            Question::IpamDelegate { plugin } => any_matches(&self.plugins, plugin),
        }
    }

    fn covers_kind(&self, kind: &str) -> bool {
        unbounded_or(&self.kinds, |kinds| holds(kinds, kind))
    }

    fn covers_name(&self, name: &str) -> bool {
        unbounded_or(&self.names, |names| any_matches(names, name))
    }

    fn covers_table(&self, table: u32) -> bool {
        match &self.routing_tables {
            Some(tables) => any_contains(tables, table.into()),
            None => table == MAIN_TABLE,
        }
    }

    fn covers_priority(&self, priority: Option<u32>) -> bool {
        unbounded_or(&self.rule_priorities, |priorities| match priority {
            Some(priority) => any_contains(priorities, priority.into()),
            None => priorities.contains(&RULE_PRIORITIES),
        })
    }

    fn covers_neighbor(&self, address: IpAddr) -> bool {
        unbounded_or(&self.prefixes, |prefixes| {
            prefixes.iter().any(|prefix| prefix.contains(address))
        })
    }

    fn covers_key(&self, key: &[String]) -> bool {
        self.keys.iter().any(|pattern| pattern.matches(key))
    }

    fn covers_nftables_table(&self, family: &str, table: &str) -> bool {
        self.family.as_deref() == Some(family) && any_matches(&self.table_names, table)
    }

    fn covers_hook(&self, hook: &str, priority: i32) -> bool {
        holds(&self.hooks, hook) && any_contains(&self.hook_priorities, priority.into())
    }

    fn covers_location(&self, location: &Path) -> bool {
        match &self.locations {
            Some(locations) => locations.iter().any(|granted| granted == location),
            None => location == Path::new(RECORDS),
        }
    }
}

fn unbounded_or<T>(bound: &Option<Vec<T>>, covers: impl FnOnce(&[T]) -> bool) -> bool {
    bound.as_deref().is_none_or(covers)
}

fn holds(list: &[String], text: &str) -> bool {
    list.iter().any(|granted| granted == text)
}

fn any_matches(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

fn any_covers(prefixes: &[IpPrefix], asked: &IpPrefix) -> bool {
    prefixes.iter().any(|prefix| prefix.covers(asked))
}
