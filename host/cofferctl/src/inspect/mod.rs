//! What a component says of itself and what it could ask for, for people.

pub(crate) mod abilities;
mod fields;
pub(crate) mod operations;

use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_policy::{Need, Needs};
use serde_json::{Value, json};

use crate::{
    metadata::Metadata,
    output::{say, say_json},
    subject::Subject,
};

/// What is said of a component without a declaration.
pub(crate) const UNDECLARED: &str = "does not declare what it needs: nothing but the policy's grants limits it";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A plugin's name, or a component file.
    #[arg(value_name = "NAME|FILE")]
    what: String,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<()> {
    let subject = Subject::read(installation, &arguments.what)?;
    if arguments.json {
        say_json(&document(&subject)?);
    } else {
        tell(&subject);
    }
    Ok(())
}

fn document(subject: &Subject) -> anyhow::Result<Value> {
    let description = &subject.description;
    let schema = description.schema.as_deref().map(serde_json::from_str::<Value>);
    Ok(json!({
        "digest": format!("sha256:{}", subject.digest),
        "bytes": subject.bytes,
        "wit_version": abilities::wit_version(&description.imports),
        "metadata": description.metadata,
        "imports": description.imports,
        "abilities": abilities::in_words(&description.imports),
        "exports": description.exports,
        "config_schema": schema.transpose()?,
        "signatures": subject.signers,
    }))
}

fn tell(subject: &Subject) {
    if let Some(metadata) = &subject.description.metadata {
        tell_metadata(metadata);
    }
    let version = abilities::wit_version(&subject.description.imports);
    let built_for = version.map_or_else(String::new, |version| format!(", built for cofferdam:cni {version}"));
    say(&format!(
        "sha256:{}, {} bytes{built_for}",
        subject.digest, subject.bytes
    ));
    say("imports");
    for import in &subject.description.imports {
        match abilities::of_import(import) {
            "" => say(&format!("  {import}")),
            words => say(&format!("  {import}: {words}")),
        }
    }
    tell_needs(&subject.declaration.needs);
    match &subject.declaration.schema {
        Some(schema) => fields::tell(schema),
        None => say("no schema of its configuration"),
    }
    if subject.signers.is_empty() {
        say("not signed");
    } else {
        say("signed with");
        subject
            .signers
            .iter()
            .for_each(|signer| say(&format!("  {}", signer.long())));
    }
}

fn tell_metadata(metadata: &Metadata) {
    say(&format!(
        "{} {}: {}",
        metadata.name, metadata.version, metadata.description
    ));
    let authors = metadata.authors.as_array().into_iter().flatten();
    let authors: Vec<&str> = authors.filter_map(Value::as_str).collect();
    if !authors.is_empty() {
        say(&format!("by {}", authors.join(", ")));
    }
    say(&format!("licence {}", metadata.licence));
}

pub(crate) fn tell_needs(needs: &Needs) {
    if !needs.is_declared() {
        say(UNDECLARED);
        return;
    }
    say("needs for every attachment");
    tell_each(needs.required());
    say("needs for some");
    tell_each(needs.optional());
}

fn tell_each<'n>(needs: impl Iterator<Item = &'n Need>) {
    let mut is_any = false;
    for need in needs {
        is_any = true;
        let when = need.when().map_or_else(String::new, |when| format!(": {when}"));
        say(&format!("  {need}{when}"));
        say(&format!("    to {}", operations::of_need(need)));
    }
    if !is_any {
        say("  nothing");
    }
}
