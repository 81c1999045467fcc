use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::AttachmentKey;
use serde_json::json;

use super::{attach::document, options::Place};
use crate::output::{complain, say, say_json};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The network's name.
    network: String,
    /// An attachment that stays; can be given several times.
    #[arg(long, value_name = "CONTAINER/INTERFACE", value_parser = key, required_unless_present = "all")]
    keep: Vec<AttachmentKey>,
    /// Nothing stays.
    #[arg(long, conflicts_with = "keep")]
    all: bool,
    #[command(flatten)]
    place: Place,
    /// For programs.
    #[arg(long)]
    json: bool,
}

fn key(text: &str) -> anyhow::Result<AttachmentKey> {
    match text.split_once('/') {
        Some((container, interface)) if !container.is_empty() && !interface.is_empty() => Ok(AttachmentKey {
            container_id: container.to_owned(),
            interface_name: interface.to_owned(),
        }),
        _ => bail!("{text:?} is not CONTAINER/INTERFACE"),
    }
}

pub(super) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let network = arguments.place.network(&arguments.network)?;
    let runtime = arguments.place.runtime(installation)?;
    let before = runtime.cache().attachments(&network.name).len();
    let outcome = runtime.gc(&network, Some(&arguments.keep));
    let kept = runtime.cache().attachments(&network.name).len();
    let collected = before.saturating_sub(kept);
    if arguments.json {
        let error = outcome.as_ref().err().map(document);
        say_json(&json!({ "network": network.name, "collected": collected, "kept": kept, "error": error }));
    } else {
        say(&format!("{collected} collected, {kept} kept"));
    }
    Ok(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    })
}
