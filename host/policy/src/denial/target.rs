use std::fmt::Write as _;

use cofferdam_protocol::Place;

use crate::{question::Question, quoted::Quoted};

/// What a question is about, for people.
pub(crate) fn describe(question: &Question<'_>) -> String {
    let mut text = object(question);
    match question.place() {
        Some(Place::Host) => text.push_str(" in the host namespace"),
        Some(Place::Container) => text.push_str(" in the container namespace"),
        None => {}
    }
    text
}

fn object(question: &Question<'_>) -> String {
    match *question {
        // Its kind would tell whether the link exists.
        Question::LinkSee { name, .. } => link("", name),
        Question::LinkCreate { kind, name, .. } | Question::LinkDelete { kind, name, .. } => link(kind, name),
        Question::LinkSet { kind, name, what, .. } => format!("{} of {}", plain_or(what, "settings"), link(kind, name)),
        Question::AddressSee { link, .. } => format!("the addresses of link {}", Quoted(link)),
        Question::AddressAdd { link, address, .. } | Question::AddressDelete { link, address, .. } => {
            format!("address {address} of link {}", Quoted(link))
        }
        Question::RouteSee { link, table, .. } => {
            format!("the routes of table {table} through link {}", Quoted(link))
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
            format!(
                "the route to {destination} in table {table} through link {}",
                Quoted(link)
            )
        }
        Question::RuleSee { .. } => "the routing rules".to_owned(),
        Question::RuleAdd { table, priority, .. } | Question::RuleDelete { table, priority, .. } => {
            rule(table, priority)
        }
        Question::NeighborSee { link, .. } => format!("the neighbors of link {}", Quoted(link)),
        Question::NeighborAdd { link, address, .. } | Question::NeighborDelete { link, address, .. } => {
            format!("neighbor {address} of link {}", Quoted(link))
        }
        Question::SysctlRead { key, .. } => format!("sysctl {}", Quoted(&key.join("/"))),
        Question::SysctlWrite { key, value, .. } => {
            format!("value {} to sysctl {}", Quoted(value), Quoted(&key.join("/")))
        }
        Question::NftTable {
            family, table, hooks, ..
        } => format!("{}{}", nftables_table(family, table), base_chains(hooks)),
        Question::NftElement { family, table, set, .. } => {
            format!("set {} of {}", Quoted(set), nftables_table(family, table))
        }
        Question::StoreOpen { location } => {
            format!("the network's records below {}", Quoted(&location.to_string_lossy()))
        }
        Question::ResolverRead { file } => format!("file {}", Quoted(&file.to_string_lossy())),
        Question::IpamDelegate { plugin } => format!("plugin {}", Quoted(plugin)),
    }
}

fn link(kind: &str, name: &str) -> String {
    format!("{} {}", plain_or(kind, "link"), Quoted(name))
}

fn rule(table: u32, priority: Option<u32>) -> String {
    match priority {
        Some(priority) => format!("the routing rule of priority {priority} for table {table}"),
        None => format!("a routing rule of no given priority for table {table}"),
    }
}

fn nftables_table(family: &str, table: &str) -> String {
    format!(
        "nftables table {} {}",
        plain_or(family, "of unknown family"),
        Quoted(table)
    )
}

fn base_chains(hooks: &[(&str, i32)]) -> String {
    let mut text = String::new();
    for (index, (hook, priority)) in hooks.iter().enumerate() {
        let opening = if index == 0 { " with base chains at" } else { "," };
        let _ = write!(text, "{opening} {} {priority}", plain_or(hook, "an unknown hook"));
    }
    text
}

/// A word that needs no quotes, or what to say instead.
fn plain_or<'a>(word: &'a str, otherwise: &'a str) -> &'a str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !word.is_empty() && word.len() <= 32 && word.bytes().all(plain) {
        word
    } else {
        otherwise
    }
}
