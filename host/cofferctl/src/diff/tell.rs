use cofferdam_policy::{Beyond, Need, NewNeed};
use cofferdam_schema::{Change, Changed};
use serde_json::{Value, json};

use super::difference::Difference;
use crate::{
    inspect::{UNDECLARED, abilities, operations},
    output::say,
    subject::Subject,
};

pub(super) fn in_words(old: &Subject, new: &Subject, difference: &Difference) {
    say(&format!("{} and {}", named(old), named(new)));
    if old.digest == new.digest {
        say("they are the same component");
        return;
    }
    let grown = i128::try_from(new.bytes).unwrap_or_default() - i128::try_from(old.bytes).unwrap_or_default();
    say(&format!("{} bytes ({grown:+})", new.bytes));
    for (import, mark) in marked(&difference.new_imports, '+').chain(marked(&difference.lost_imports, '-')) {
        match abilities::of_import(import) {
            "" => say(&format!("{mark} imports {import}")),
            words => say(&format!("{mark} imports {import}: {words}")),
        }
    }
    if difference.is_undeclared {
        say(&format!("+ it {UNDECLARED}"));
    }
    difference.new_needs.iter().for_each(tell_need);
    if difference.is_schema_lost {
        say("- a schema of its configuration");
    }
    difference.fields.iter().for_each(tell_field);
    for (signer, mark) in marked(&difference.new_signers, '+').chain(marked(&difference.lost_signers, '-')) {
        say(&format!("{mark} signed with {signer}"));
    }
    say(if difference.asks_for_more() {
        "the newer one asks for more"
    } else {
        "the newer one asks for nothing that the older did not"
    });
}

fn named(subject: &Subject) -> String {
    let digest = subject.digest.to_string();
    format!("{} {} (sha256:{digest:.12})", subject.name(), subject.version())
}

fn marked(texts: &[String], mark: char) -> impl Iterator<Item = (&str, char)> {
    texts.iter().map(move |text| (text.as_str(), mark))
}

fn tell_need(new: &NewNeed) {
    let need = &new.need;
    let when = match need.when() {
        Some(when) => format!("for some attachments ({when})"),
        None => "for every attachment".to_owned(),
    };
    say(&format!("+ needs {when} to {}", operations::of_need(need)));
    say(&format!("    {need}"));
    match &new.beyond {
        Beyond::New => {}
        Beyond::Always => say("    it was for some attachments only"),
        Beyond::Wider(before) => before.iter().for_each(|need| say(&format!("    it was {need}"))),
    }
}

fn tell_field(change: &Change) {
    let path = match change.path.as_str() {
        "" => "the configuration",
        path => path,
    };
    say(&match &change.changed {
        Changed::Added => format!("  configuration: {path} is new"),
        Changed::AddedRequired => format!("+ configuration: {path} is new and has to be there"),
        Changed::Removed => format!("  configuration: {path} is gone"),
        Changed::Narrowed(words) => format!("+ configuration: {path}: {words}"),
        Changed::Widened(words) => format!("  configuration: {path}: {words}"),
    });
}

pub(super) fn document(old: &Subject, new: &Subject, difference: &Difference) -> Value {
    let needs: Vec<Value> = difference.new_needs.iter().map(need).collect();
    let fields: Vec<Value> = difference.fields.iter().map(field).collect();
    json!({
        "asks_for_more": difference.asks_for_more(),
        "old": subject(old),
        "new": subject(new),
        "new_imports": difference.new_imports,
        "lost_imports": difference.lost_imports,
        "declares_nothing_any_more": difference.is_undeclared,
        "new_needs": needs,
        "config_schema_lost": difference.is_schema_lost,
        "fields": fields,
        "new_signers": difference.new_signers,
        "lost_signers": difference.lost_signers,
    })
}

fn subject(subject: &Subject) -> Value {
    json!({ "name": subject.name(), "version": subject.version(), "digest": format!("sha256:{}", subject.digest),
        "bytes": subject.bytes })
}

fn need(new: &NewNeed) -> Value {
    let before: Vec<String> = match &new.beyond {
        Beyond::Wider(before) => before.iter().map(Need::to_string).collect(),
        Beyond::New | Beyond::Always => Vec::new(),
    };
    let beyond = match new.beyond {
        Beyond::New => "new",
        Beyond::Wider(_) => "wider",
        Beyond::Always => "always",
    };
    json!({ "need": new.need.to_string(), "when": new.need.when(), "beyond": beyond, "before": before })
}

fn field(change: &Change) -> Value {
    let (what, words) = match &change.changed {
        Changed::Added => ("added", None),
        Changed::AddedRequired => ("added-required", None),
        Changed::Removed => ("removed", None),
        Changed::Narrowed(words) => ("narrowed", Some(words)),
        Changed::Widened(words) => ("widened", Some(words)),
    };
    json!({ "field": change.path, "change": what, "words": words, "asks_for_more": change.changed.is_demand() })
}
