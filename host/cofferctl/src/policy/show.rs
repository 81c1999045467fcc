use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use cofferdam_broker::Installation;
use serde_json::{Value, json};

use super::{Attachment, Place};
use crate::output::say;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The plugin whose policy it is.
    plugin: String,
    #[command(flatten)]
    attachment: Attachment,
    #[command(flatten)]
    place: Place,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let policy = arguments.place.policies(installation)?.plugin(&arguments.plugin)?;
    let tenant = arguments.attachment.tenant.as_deref();
    match &arguments.attachment.network {
        Some(network) => {
            let text = policy.show(network, tenant);
            if arguments.json {
                say(&pretty(&as_json(&text)?)?);
            } else {
                say(text.trim_end());
            }
        }
        None if tenant.is_some() => bail!("a tenant's attachments are on some network: say which, with --network NAME"),
        None => {
            let files = policy.show_files();
            if arguments.json {
                let file = |(file, text): &(_, String)| anyhow::Ok(json!({ "file": file, "policy": as_json(text)? }));
                let documents: Vec<Value> = files.iter().map(file).collect::<anyhow::Result<_>>()?;
                say(&pretty(&Value::from(documents))?);
            } else {
                let shown = files.iter().map(|(file, text)| format!("# {}\n{text}", file.display()));
                say(shown.collect::<Vec<_>>().join("\n").trim_end());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The policy's own structure: what the JSON Schema describes.
fn as_json(text: &str) -> anyhow::Result<Value> {
    toml::from_str(text).context("a policy that is shown is TOML")
}

fn pretty(document: &Value) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(document)?)
}
