//! Makes errors of the kernel's refusals that name what was refused.

use nix::errno::Errno;

use super::reply::Refusal;
use crate::{
    Error,
    nftables::{Data, TableId},
    request::nftables::{
        batch::{Outline, Part, Subject},
        check,
        constants::NLM_F_EXCL,
        expression::ExpressionName,
        words::name,
    },
};

/// A refusal of the batch as a whole: at its begin, or when it was to take
/// effect.
pub(super) fn of_batch(table: &TableId, action: &str, refusal: &Refusal) -> Error {
    match refusal.errno {
        Errno::EOPNOTSUPP => Error::Unsupported(format!(
            "{action} {table}: this kernel has no nf_tables (CONFIG_NF_TABLES)"
        )),
        Errno::ELOOP | Errno::EMLINK => circle(table),
        errno => Error::Os {
            errno,
            context: format!("{action} {table}{}", words(refusal)),
        },
    }
}

/// A refusal to look something up, other than that it is not there.
pub(super) fn of_look_up(about: &str, subject: &Subject<'_>, refusal: &Refusal) -> Error {
    match (refusal.errno, subject) {
        // A name alone can't be invalid: nobody answers for nf_tables.
        (Errno::EINVAL, Subject::Table | Subject::Chain(_)) => {
            Error::Unsupported(format!("{about}: this kernel has no nf_tables (CONFIG_NF_TABLES)"))
        }
        (Errno::EOPNOTSUPP, _) => {
            Error::Unsupported(format!("{about}: this kernel does not support it{}", words(refusal)))
        }
        (errno, _) => Error::Os {
            errno,
            context: format!("{about}{}", words(refusal)),
        },
    }
}

/// A refusal of one message.
pub(super) fn of_message(table: &TableId, action: &str, message: &Outline<'_>, refusal: &Refusal) -> Error {
    let part = refusal
        .offset
        .and_then(|offset| message.parts.iter().find(|(start, _)| *start == offset))
        .map(|(_, part)| part);
    let object = name(table, &message.subject, part);
    match refusal.errno {
        Errno::ENOENT => missing(table, message, part, object),
        Errno::EEXIST if message.flags & NLM_F_EXCL != 0 => Error::AlreadyExists(object),
        Errno::EEXIST => Error::Conflict(format!(
            "{object} exists and is of another kind{}; delete it first, or take another name",
            words(refusal)
        )),
        Errno::EBUSY => in_use(&message.subject, object, refusal),
        Errno::ELOOP | Errno::EMLINK => circle(table),
        Errno::EOPNOTSUPP | Errno::EAFNOSUPPORT | Errno::EPROTONOSUPPORT => {
            unsupported(action, part, &object, &words(refusal))
        }
        // Connection tracking is missing for the family.
        Errno::EPROTO if matches!(part, Some(Part::Expression(_))) => unsupported(action, part, &object, ""),
        errno => Error::Os {
            errno,
            context: format!("{action} {object}{}", words(refusal)),
        },
    }
}

fn missing(table: &TableId, message: &Outline<'_>, part: Option<&Part>, object: String) -> Error {
    match (part, message.subject) {
        (Some(Part::Table), _) => Error::NotFound(table.to_string()),
        (Some(Part::Set), Subject::Elements { set, .. }) => Error::NotFound(format!("set {} of {table}", set.name)),
        (Some(Part::ChainType(_)), _) => unsupported("creating", part, &object, ""),
        (Some(Part::Expression(origin)), _) => match (origin.name, &origin.refers_to) {
            (ExpressionName::Lookup, Some(set)) => {
                Error::NotFound(format!("set {set} of {table}, which {object} needs,"))
            }
            (_, Some(chain)) => Error::NotFound(format!("chain {chain} of {table}, which {object} needs,")),
            (_, None) => unsupported("creating", part, &object, ""),
        },
        (Some(Part::Element(index)), Subject::Elements { elements, .. }) if message.flags & NLM_F_EXCL != 0 => {
            match elements.get(*index).and_then(|element| element.data.as_ref()) {
                Some(Data::Verdict(verdict)) => match check::target(verdict) {
                    Some(chain) => Error::NotFound(format!("chain {chain} of {table}, which {object} needs,")),
                    None => Error::NotFound(object),
                },
                _ => Error::NotFound(object),
            }
        }
        _ => Error::NotFound(object),
    }
}

fn in_use(subject: &Subject<'_>, object: String, refusal: &Refusal) -> Error {
    match subject {
        // The kernel's way to say that the key is there with other data.
        Subject::Elements { .. } => Error::AlreadyExists(object),
        Subject::Chain(_) => Error::Conflict(format!(
            "{object} is in use by a rule or an element that leads to it{}; delete that first",
            words(refusal)
        )),
        _ => Error::Conflict(format!("{object} is in use{}", words(refusal))),
    }
}

fn unsupported(action: &str, part: Option<&Part>, object: &str, words: &str) -> Error {
    let feature = match part {
        Some(Part::Expression(origin)) => {
            format!("the nf_tables expression {}", origin.name.as_str())
        }
        Some(Part::ChainType(name)) => format!("nf_tables chains of the type {name}"),
        _ => "this part of nf_tables".to_owned(),
    };
    Error::Unsupported(format!(
        "{action} {object}: this kernel does not have {feature} here{words}"
    ))
}

fn circle(table: &TableId) -> Error {
    Error::Invalid(format!(
        "{table}: its chains lead to each other in a circle, or too deep (the kernel allows 16)"
    ))
}

fn words(refusal: &Refusal) -> String {
    if refusal.text.is_empty() {
        String::new()
    } else {
        format!(" (kernel: {})", refusal.text)
    }
}
