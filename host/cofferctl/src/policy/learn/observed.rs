use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, bail};
use cofferdam_policy::{Learned, Needs};
use serde::Deserialize;

use super::scratch::Scratch;

/// What the audit log has of one lesson.
pub(super) struct Observed {
    /// By plugin.
    pub(super) policies: BTreeMap<String, Learned>,
    /// Whatever did not go well, a line each.
    pub(super) complaints: Vec<String>,
    /// What plugins need for other attachments, in words, by plugin.
    pub(super) not_seen: Vec<(String, Vec<String>)>,
}

/// A line of the log, as far as it matters here.
#[derive(Deserialize)]
struct Record {
    verb: String,
    plugin: String,
    network: String,
    #[serde(flatten)]
    event: Event,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    Allowed {
        arguments: String,
    },
    Denied {
        operation: String,
        target: String,
        missing: String,
    },
    Refused {
        reason: String,
    },
    Ended {
        reason: String,
    },
    Suppressed {},
}

impl Observed {
    pub(super) fn read(scratch: &Scratch) -> anyhow::Result<Self> {
        let mut observed = Self {
            policies: BTreeMap::new(),
            complaints: Vec::new(),
            not_seen: Vec::new(),
        };
        for line in scratch.audit_log()?.lines() {
            let record: Record = serde_json::from_str(line).context("a line of the audit log can't be read")?;
            observed.take_in(&record)?;
        }
        for (plugin, learned) in &observed.policies {
            let not_seen = not_seen(scratch, plugin, learned)?;
            observed.not_seen.push((plugin.clone(), not_seen));
        }
        Ok(observed)
    }

    fn take_in(&mut self, record: &Record) -> anyhow::Result<()> {
        let Record {
            verb, plugin, network, ..
        } = record;
        match &record.event {
            Event::Allowed { arguments } => {
                let learned = self
                    .policies
                    .entry(plugin.clone())
                    .or_insert_with(|| Learned::new(plugin));
                learned.saw(network, verb, arguments).with_context(|| plugin.clone())?;
            }
            Event::Denied {
                operation,
                target,
                missing,
            } => self.complaints.push(format!(
                "{plugin}, {verb} of network {network:?}: {operation} of {target} was denied; missing grant: {missing}"
            )),
            Event::Refused { reason } | Event::Ended { reason } => {
                self.complaints
                    .push(format!("{plugin}, {verb} of network {network:?}: {reason}"));
            }
            Event::Suppressed {} => bail!("{plugin} did more than the audit log takes, so not all of it is known"),
        }
        Ok(())
    }
}

/// What the component declares to need for some attachments, and what was
/// learned does not allow.
fn not_seen(scratch: &Scratch, plugin: &str, learned: &Learned) -> anyhow::Result<Vec<String>> {
    let components = scratch.installation().components();
    let artifact = components.artifact(components.resolve(plugin)?)?;
    let needs = Needs::parse(Path::new(plugin), artifact.needs())?;
    let not_seen = learned.not_seen(&needs);
    Ok(not_seen
        .map(|need| match need.when() {
            Some(when) => format!("{need} ({when})"),
            None => need.to_string(),
        })
        .collect())
}
