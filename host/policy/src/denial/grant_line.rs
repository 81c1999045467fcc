use std::{collections::BTreeSet, fmt};

use cofferdam_protocol::IpPrefix;

use crate::{
    dimension::Dimension,
    grant::{MAIN_TABLE, RULE_PRIORITIES},
    key_pattern::KeyPattern,
    parse::DEVICE_WITHOUT_KIND,
    pattern::Pattern,
    question::Question,
    quoted::Quoted,
};

/// The least grant that the format can express and that allows what was
/// asked, as a TOML table in one line.
pub(super) fn write(question: &Question<'_>) -> String {
    let operation = question.operation();
    let mut line = format!("{{ allow = {}", Quoted(operation.name()));
    for (dimension, _) in operation.bounds() {
        if let Some(value) = least(*dimension, question) {
            line.push_str(&format!(", {} = {value}", dimension.key()));
        }
    }
    line.push_str(" }");
    line
}

/// The least value that covers what was asked in a dimension, where there has
/// to be one.
fn least(dimension: Dimension, question: &Question<'_>) -> Option<String> {
    use Question as Q;
    match (dimension, *question) {
        (Dimension::Place, _) => question.place().map(|place| Quoted(&place.to_string()).to_string()),
        // The kind of a link that is looked up would tell whether it exists.
        (Dimension::Kinds, Q::LinkCreate { kind, .. } | Q::LinkSet { kind, .. } | Q::LinkDelete { kind, .. }) => {
            let kind = if kind.is_empty() { DEVICE_WITHOUT_KIND } else { kind };
            Some(list([Quoted(kind)]))
        }
        (Dimension::LinkNames, _) => question.link().map(pattern),
        (Dimension::Settings, Q::LinkSet { what, .. }) => Some(list([Quoted(what)])),
        (Dimension::Prefixes, Q::AddressAdd { address, .. } | Q::AddressDelete { address, .. }) => {
            Some(prefix(address))
        }
        (Dimension::Prefixes, Q::NeighborAdd { address, .. } | Q::NeighborDelete { address, .. }) => {
            Some(prefix(IpPrefix::host(address)))
        }
        (Dimension::Destinations, Q::RouteAdd { destination, .. } | Q::RouteDelete { destination, .. }) => {
            Some(prefix(destination))
        }
        (Dimension::RoutingTables, _) => question
            .routing_table()
            .filter(|table| *table != MAIN_TABLE)
            .map(|table| list([table])),
        (Dimension::RulePriorities, Q::RuleAdd { priority, .. } | Q::RuleDelete { priority, .. }) => {
            // Every priority is the least that covers an unknown one.
            Some(priority.map_or_else(|| list([RULE_PRIORITIES]), |priority| list([priority])))
        }
        (Dimension::Keys, Q::SysctlRead { key, .. } | Q::SysctlWrite { key, .. }) => {
            Some(list([Quoted(&KeyPattern::escape(key))]))
        }
        (Dimension::Values, Q::SysctlWrite { value, .. }) => Some(list([Quoted(value)])),
        (Dimension::Family, Q::NftTable { family, .. } | Q::NftElement { family, .. }) => {
            Some(Quoted(family).to_string())
        }
        (Dimension::TableNames, Q::NftTable { table, .. } | Q::NftElement { table, .. }) => Some(pattern(table)),
        (Dimension::Hooks, Q::NftTable { hooks, .. }) if !hooks.is_empty() => {
            let names: BTreeSet<&str> = hooks.iter().map(|(hook, _)| *hook).collect();
            Some(list(names.into_iter().map(Quoted)))
        }
        (Dimension::HookPriorities, Q::NftTable { hooks, .. }) if !hooks.is_empty() => {
            let priorities: BTreeSet<i32> = hooks.iter().map(|(_, priority)| *priority).collect();
            Some(list(priorities))
        }
        (Dimension::Sets, Q::NftElement { set, .. }) => Some(pattern(set)),
        (Dimension::Locations, Q::StoreOpen { location: path })
        | (Dimension::Files, Q::ResolverRead { file: path }) => Some(list([Quoted(&path.to_string_lossy())])),
        (Dimension::Plugins, Q::IpamDelegate { plugin }) => Some(pattern(plugin)),
        _ => None,
    }
}

fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}

fn pattern(name: &str) -> String {
    list([Quoted(&Pattern::escape(name))])
}

fn prefix(prefix: IpPrefix) -> String {
    list([Quoted(&prefix.network().to_string())])
}
