use std::{collections::BTreeSet, fmt};

use cofferdam_protocol::{IpPrefix, Place};

use crate::{
    aspect::Aspect,
    chosen::{CHOSEN, is_chosen},
    dimension::{Dimension, Form},
    grant::MAIN_TABLE,
    key_pattern::KeyPattern,
    packets::Packets,
    pattern::Pattern,
    question::Question,
    quoted::Quoted,
    range::Range,
    words::{ALL, kind_word},
};

/// The least grant that the format can express and that allows what was
/// asked, as a TOML table in one line.
pub(crate) fn write(question: &Question<'_>) -> String {
    line(question, least)
}

/// The same for an operator to write down: names that the host chooses anew
/// for each attachment are a pattern of all of them.
pub(crate) fn write_lasting(question: &Question<'_>) -> String {
    line(question, |dimension, question| {
        lasting(dimension, question).or_else(|| least(dimension, question))
    })
}

fn line(question: &Question<'_>, value: impl Fn(Dimension, &Question<'_>) -> Option<String>) -> String {
    let operation = question.operation();
    let mut line = format!("{{ allow = {}", Quoted(operation.name()));
    for (dimension, _) in operation.bounds() {
        if let Some(value) = value(*dimension, question) {
            line.push_str(&format!(", {} = {value}", dimension.key()));
        }
    }
    line.push_str(" }");
    line
}

/// A value that covers what was asked, and what will be asked in its place the
/// next time; `None` where that is the same.
fn lasting(dimension: Dimension, question: &Question<'_>) -> Option<String> {
    match question.aspect(dimension)? {
        Aspect::Text(name) if dimension.form() == Form::Patterns && is_chosen(name) => Some(list([Quoted(CHOSEN)])),
        Aspect::Names(names) if names.iter().any(|name| is_chosen(name)) => {
            let patterns = names.iter().map(|name| {
                if is_chosen(name) {
                    CHOSEN.to_owned()
                } else {
                    Pattern::escape(name)
                }
            });
            let patterns: BTreeSet<String> = patterns.collect();
            Some(list(patterns.iter().map(|pattern| Quoted(pattern))))
        }
        Aspect::Key([net, family, kind, interface, rest @ ..]) if is_chosen(interface) => {
            let around = |parts: &[String]| KeyPattern::escape(parts);
            let (before, after) = ([net, family, kind].map(Clone::clone), around(rest));
            Some(list([Quoted(&format!("{}/{CHOSEN}/{after}", around(&before)))]))
        }
        _ => None,
    }
}

/// The least value that covers what was asked in a dimension, where there has
/// to be one.
fn least(dimension: Dimension, question: &Question<'_>) -> Option<String> {
    match (dimension, question.aspect(dimension)?) {
        (_, Aspect::Place(place)) => Some(format!("\"{place}\"")),
        // The kind of a link that is looked up would tell whether it exists.
        (Dimension::Kinds, Aspect::Text(kind)) => match question {
            Question::LinkSee { .. } => None,
            _ => Some(list([Quoted(kind_word(kind))])),
        },
        (Dimension::Family, Aspect::Text(family)) => Some(Quoted(family).to_string()),
        (Dimension::Settings | Dimension::Values | Dimension::Modes | Dimension::Methods, Aspect::Text(text)) => {
            Some(list([Quoted(text)]))
        }
        (_, Aspect::Text(name) | Aspect::Named(name)) => Some(list([Quoted(&Pattern::escape(name))])),
        (_, Aspect::Prefix(prefix)) => Some(list([Quoted(&prefix.network().to_string())])),
        (_, Aspect::Address(address)) => Some(list([Quoted(&IpPrefix::host(address).to_string())])),
        (Dimension::RoutingTables, Aspect::Number(table)) if table == i64::from(MAIN_TABLE) => None,
        (_, Aspect::Number(number)) => Some(list([number])),
        // Every priority is the least that covers an unknown one.
        (_, Aspect::AnyNumber) => Some(list([Range::RULE_PRIORITIES])),
        (_, Aspect::Key(key)) => Some(list([Quoted(&KeyPattern::escape(key))])),
        (_, Aspect::Origin(origin)) => Some(list([Quoted(&origin.to_string())])),
        (_, Aspect::UrlPath(path)) => Some(list([Quoted(path)])),
        (_, Aspect::Path(path)) => Some(list([Quoted(&path.to_string_lossy())])),
        // In the container there is nothing to be granted in these.
        (_, Aspect::Packets(_) | Aspect::Addresses(_) | Aspect::Names(_) | Aspect::Marks(_) | Aspect::Ports(_))
            if question.place() == Some(Place::Container) =>
        {
            None
        }
        (_, Aspect::Packets(packets)) => least_packets(dimension, packets),
        (
            _,
            Aspect::Hooks([])
            | Aspect::Addresses([])
            | Aspect::Names([])
            | Aspect::Marks([])
            | Aspect::Ports([])
            | Aspect::Whatever,
        ) => None,
        (_, Aspect::Addresses(addresses)) => {
            let prefixes: BTreeSet<IpPrefix> = addresses.iter().map(|address| IpPrefix::host(*address)).collect();
            Some(list(
                prefixes.iter().map(|prefix| Quoted(&prefix.to_string()).to_string()),
            ))
        }
        (_, Aspect::Names(names)) => Some(patterns(names.iter().map(String::as_str))),
        (_, Aspect::Marks(marks)) => {
            let marks: BTreeSet<_> = marks.iter().collect();
            Some(list(marks.iter().map(|mark| format!("\"{mark}\""))))
        }
        (_, Aspect::Ports(ports) | Aspect::ExchangePorts(ports)) => Some(list(ports.iter().collect::<BTreeSet<_>>())),
        (_, Aspect::Vlans(vlans)) => Some(list(vlans.iter().map(|(first, last)| Range {
            first: (*first).into(),
            last: (*last).into(),
        }))),
        (Dimension::HookPriorities, Aspect::Hooks(hooks)) => {
            let priorities: BTreeSet<i32> = hooks.iter().map(|(_, priority)| *priority).collect();
            Some(list(priorities))
        }
        (_, Aspect::Hooks(hooks)) => {
            let names: BTreeSet<&str> = hooks.iter().map(|(hook, _)| *hook).collect();
            Some(list(names.into_iter().map(Quoted)))
        }
    }
}

/// The patterns of just these names, each once.
fn patterns<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: BTreeSet<String> = names.map(Pattern::escape).collect();
    list(names.iter().map(|name| Quoted(name)))
}

/// Every packet, or else the first that is known of each.
fn least_packets(dimension: Dimension, packets: &[Packets]) -> Option<String> {
    if packets.iter().any(Packets::are_any) {
        return (dimension == Dimension::PacketScope).then(|| Quoted(ALL).to_string());
    }
    let in_dimension = packets.iter().filter(|packets| packets.dimension() == dimension);
    let values: BTreeSet<String> = match dimension {
        Dimension::PacketPrefixes => in_dimension
            .filter_map(|packets| packets.prefixes.first())
            .map(|prefix| prefix.network().to_string())
            .collect(),
        Dimension::PacketLinks => in_dimension
            .filter_map(|packets| packets.links.first())
            .map(|link| Pattern::escape(link))
            .collect(),
        _ => BTreeSet::new(),
    };
    (!values.is_empty()).then(|| list(values.iter().map(|value| Quoted(value))))
}

fn list<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}
