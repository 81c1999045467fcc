use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use cofferdam_protocol::{IpPrefix, Place};

use crate::{
    dimension::Dimension,
    key_pattern::KeyPattern,
    limits::Limits,
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
    pub(crate) limits: Limits,
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
    /// Whether the operation is granted, in every dimension that it has.
    pub(crate) fn allows(&self, question: &Question<'_>) -> bool {
        let operation = question.operation();
        self.operations.contains(operation)
            && operation
                .bounds()
                .iter()
                .all(|(dimension, _)| self.covers(*dimension, question))
    }

    /// Whether what was asked lies within the grant in one dimension. A
    /// question that has nothing to say in it does not.
    pub(crate) fn covers(&self, dimension: Dimension, question: &Question<'_>) -> bool {
        use Question as Q;
        match dimension {
            Dimension::Place => self.place == question.place(),
            Dimension::Kinds => match *question {
                Q::LinkSee { kind: None, .. } => true,
                Q::LinkSee { kind: Some(kind), .. }
                | Q::LinkCreate { kind, .. }
                | Q::LinkSet { kind, .. }
                | Q::LinkDelete { kind, .. } => unbounded_or(&self.kinds, |kinds| holds(kinds, kind)),
                _ => false,
            },
            Dimension::LinkNames => question
                .link()
                .is_some_and(|link| unbounded_or(&self.names, |names| any_matches(names, link))),
            Dimension::Settings => match *question {
                Q::LinkSet { what, .. } => unbounded_or(&self.settings, |settings| holds(settings, what)),
                _ => false,
            },
            Dimension::Prefixes => match *question {
                Q::AddressAdd { address, .. } | Q::AddressDelete { address, .. } => {
                    unbounded_or(&self.prefixes, |prefixes| any_covers(prefixes, &address))
                }
                Q::NeighborAdd { address, .. } | Q::NeighborDelete { address, .. } => {
                    unbounded_or(&self.prefixes, |prefixes| any_holds(prefixes, address))
                }
                _ => false,
            },
            Dimension::Destinations => match *question {
                Q::RouteAdd { destination, .. } | Q::RouteDelete { destination, .. } => {
                    unbounded_or(&self.destinations, |prefixes| any_covers(prefixes, &destination))
                }
                _ => false,
            },
            Dimension::RoutingTables => question.routing_table().is_some_and(|table| self.covers_table(table)),
            Dimension::RulePriorities => match *question {
                Q::RuleAdd { priority, .. } | Q::RuleDelete { priority, .. } => self.covers_priority(priority),
                _ => false,
            },
            Dimension::Keys => match *question {
                Q::SysctlRead { key, .. } | Q::SysctlWrite { key, .. } => {
                    self.keys.iter().any(|pattern| pattern.matches(key))
                }
                _ => false,
            },
            Dimension::Values => match *question {
                Q::SysctlWrite { value, .. } => unbounded_or(&self.values, |values| holds(values, value)),
                _ => false,
            },
            Dimension::Family => match *question {
                Q::NftTable { family, .. } | Q::NftElement { family, .. } => self.family.as_deref() == Some(family),
                _ => false,
            },
            Dimension::TableNames => match *question {
                Q::NftTable { table, .. } | Q::NftElement { table, .. } => any_matches(&self.table_names, table),
                _ => false,
            },
            Dimension::Hooks => match *question {
                Q::NftTable { hooks, .. } => hooks.iter().all(|(hook, _)| holds(&self.hooks, hook)),
                _ => false,
            },
            Dimension::HookPriorities => match *question {
                Q::NftTable { hooks, .. } => hooks
                    .iter()
                    .all(|(_, priority)| any_contains(&self.hook_priorities, (*priority).into())),
                _ => false,
            },
            Dimension::Sets => match *question {
                Q::NftElement { set, .. } => any_matches(&self.sets, set),
                _ => false,
            },
            Dimension::Locations => match *question {
                Q::StoreOpen { location } => match &self.locations {
                    Some(locations) => locations.iter().any(|granted| granted == location),
                    None => location == Path::new(RECORDS),
                },
                _ => false,
            },
            Dimension::Files => match *question {
                Q::ResolverRead { file } => self.files.iter().any(|granted| granted == file),
                _ => false,
            },
            Dimension::Plugins => match *question {
                Q::IpamDelegate { plugin } => any_matches(&self.plugins, plugin),
                _ => false,
            },
            // How much is left is for whoever counts.
            Dimension::Max | Dimension::MaxPerNetwork | Dimension::MaxPerTenant => true,
        }
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

fn any_holds(prefixes: &[IpPrefix], address: IpAddr) -> bool {
    prefixes.iter().any(|prefix| prefix.contains(address))
}
