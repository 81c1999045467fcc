use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_policy::{Asked, Explanation, Source};
use serde_json::json;

use super::{Attachment, Place};
use crate::output::say;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The plugin that would do it.
    plugin: String,
    /// What it would do, by the name that a policy uses: link.create.
    operation: String,
    /// To what: host or container, and KEY=VALUE with the keys of a grant in
    /// the singular, as in kind=bridge name=cni0.
    #[arg(value_name = "KEY=VALUE")]
    words: Vec<String>,
    #[command(flatten)]
    attachment: Attachment,
    #[command(flatten)]
    place: Place,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let asked = Asked::read(&arguments.operation, arguments.words.iter().map(String::as_str))?;
    let policy = arguments.place.policies(installation)?.plugin(&arguments.plugin)?;
    let network = match &arguments.attachment.network {
        Some(network) => network,
        None if policy.selects_networks() => bail!(
            "plugin {:?} is not granted the same on every network: say which it is, with --network NAME",
            arguments.plugin
        ),
        None => "any",
    };
    let tenant = arguments.attachment.tenant.as_deref();
    let explanation = asked.ask(|question| policy.explain(question, network, tenant));
    if arguments.json {
        say(&serde_json::to_string_pretty(&document(&explanation))?);
    } else {
        tell(&explanation);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(explanation: &Explanation) {
    let verdict = if explanation.is_allowed() { "allowed" } else { "denied" };
    say(&format!("{verdict}: {}", explanation.question));
    explanation
        .allowed_by
        .iter()
        .for_each(|source| say(&format!("  by {source}")));
    // Why others do not allow it matters only where nothing does.
    if explanation.is_allowed() {
        return;
    }
    for refusal in &explanation.refused_by {
        say(&format!("  not by {}", refusal.source));
        refusal.reasons.iter().for_each(|reason| say(&format!("    {reason}")));
    }
    if let Some(missing) = &explanation.missing {
        say(&format!("the policy lacks {missing}"));
    }
}

fn document(explanation: &Explanation) -> serde_json::Value {
    let source = |source: &Source| json!({ "file": source.file, "line": source.line, "grant": source.grant });
    let allowed_by: Vec<_> = explanation.allowed_by.iter().map(source).collect();
    let refused_by = explanation.refused_by.iter().map(|refusal| {
        let reasons = refusal.reasons.iter().map(|reason| {
            json!({
                "key": reason.key,
                "ofFile": reason.of_file,
                "granted": reason.granted,
                "implied": reason.implied,
                "asked": reason.asked,
            })
        });
        json!({ "source": source(&refusal.source), "reasons": reasons.collect::<Vec<_>>() })
    });
    json!({
        "allowed": explanation.is_allowed(),
        "question": explanation.question,
        "allowedBy": allowed_by,
        "refusedBy": refused_by.collect::<Vec<_>>(),
        "missing": explanation.missing,
    })
}
