use std::{collections::BTreeSet, fmt, path::Path};

use cofferdam_protocol::{IpPrefix, Place};

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
    let mut line = Line(format!("{{ allow = {}", Quoted(question.operation().name())));
    if let Some(place) = question.place() {
        let place = match place {
            Place::Host => "host",
            Place::Container => "container",
        };
        line.one(Dimension::Place, Quoted(place));
    }
    bound(&mut line, question);
    line.0.push_str(" }");
    line.0
}

fn bound(line: &mut Line, question: &Question<'_>) {
    match *question {
        // The kind would tell whether the link exists.
        Question::LinkSee { name, .. } => line.name(name),
        Question::LinkCreate { kind, name, .. } | Question::LinkDelete { kind, name, .. } => {
            line.link(kind, name);
        }
        Question::LinkSet { kind, name, what, .. } => {
            line.link(kind, name);
            line.list(Dimension::Settings, [Quoted(what)]);
        }
        Question::AddressSee { link, .. } | Question::NeighborSee { link, .. } => line.name(link),
        Question::AddressAdd { link, address, .. } | Question::AddressDelete { link, address, .. } => {
            line.name(link);
            line.prefix(Dimension::Prefixes, address);
        }
        Question::RouteSee { link, table, .. } => {
            line.name(link);
            line.routing_table(table);
        }
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
            line.name(link);
            line.prefix(Dimension::Destinations, destination);
            line.routing_table(table);
        }
        Question::RuleSee { .. } => {}
        Question::RuleAdd { table, priority, .. } | Question::RuleDelete { table, priority, .. } => {
            line.routing_table(table);
            match priority {
                Some(priority) => line.list(Dimension::RulePriorities, [priority]),
                // Every priority is the least that covers an unknown one.
                None => line.list(
                    Dimension::RulePriorities,
                    [format!("[{}, {}]", RULE_PRIORITIES.first, RULE_PRIORITIES.last)],
                ),
            }
        }
        Question::NeighborAdd { link, address, .. } | Question::NeighborDelete { link, address, .. } => {
            line.name(link);
            line.prefix(Dimension::Prefixes, IpPrefix::host(address));
        }
        Question::SysctlRead { key, .. } => line.key(key),
        Question::SysctlWrite { key, value, .. } => {
            line.key(key);
            line.list(Dimension::Values, [Quoted(value)]);
        }
        Question::NftTable {
            family, table, hooks, ..
        } => {
            line.nftables_table(family, table);
            line.hooks(hooks);
        }
        Question::NftElement { family, table, set, .. } => {
            line.nftables_table(family, table);
            line.pattern(Dimension::Sets, set);
        }
        Question::StoreOpen { location } => line.path(Dimension::Locations, location),
        Question::ResolverRead { file } => line.path(Dimension::Files, file),
        Question::IpamDelegate { plugin } => line.pattern(Dimension::Plugins, plugin),
    }
}

struct Line(String);

impl Line {
    fn one(&mut self, dimension: Dimension, value: impl fmt::Display) {
        self.0.push_str(&format!(", {} = {value}", dimension.key()));
    }

    fn list<T: fmt::Display>(&mut self, dimension: Dimension, items: impl IntoIterator<Item = T>) {
        let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
        self.one(dimension, format_args!("[{}]", items.join(", ")));
    }

    fn pattern(&mut self, dimension: Dimension, name: &str) {
        self.list(dimension, [Quoted(&Pattern::escape(name))]);
    }

    fn name(&mut self, name: &str) {
        self.pattern(Dimension::LinkNames, name);
    }

    fn link(&mut self, kind: &str, name: &str) {
        let kind = if kind.is_empty() { DEVICE_WITHOUT_KIND } else { kind };
        self.list(Dimension::Kinds, [Quoted(kind)]);
        self.name(name);
    }

    fn prefix(&mut self, dimension: Dimension, prefix: IpPrefix) {
        self.list(dimension, [Quoted(&prefix.network().to_string())]);
    }

    fn routing_table(&mut self, table: u32) {
        if table != MAIN_TABLE {
            self.list(Dimension::RoutingTables, [table]);
        }
    }

    fn key(&mut self, key: &[String]) {
        self.list(Dimension::Keys, [Quoted(&KeyPattern::escape(key))]);
    }

    fn nftables_table(&mut self, family: &str, table: &str) {
        self.one(Dimension::Family, Quoted(family));
        self.pattern(Dimension::TableNames, table);
    }

    fn hooks(&mut self, hooks: &[(&str, i32)]) {
        if hooks.is_empty() {
            return;
        }
        let names: BTreeSet<&str> = hooks.iter().map(|(hook, _)| *hook).collect();
        let priorities: BTreeSet<i32> = hooks.iter().map(|(_, priority)| *priority).collect();
        self.list(Dimension::Hooks, names.into_iter().map(Quoted));
        self.list(Dimension::HookPriorities, priorities);
    }

    fn path(&mut self, dimension: Dimension, path: &Path) {
        self.list(dimension, [Quoted(&path.to_string_lossy())]);
    }
}
