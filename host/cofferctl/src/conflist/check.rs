use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use cofferdam_broker::Installation;
use cofferdam_protocol::{NetworkList, identifier, json::Node};
use cofferdam_runtime::load_file;
use serde_json::json;

use super::{
    fields,
    findings::{Finding, Severity},
    node::{Place, unmet},
    subnets,
};
use crate::output::{say, say_json, say_line};

/// Characters of a line.
const LINE: usize = 1000;

const NO_VERSION: &str = "it is missing, so 0.1.0 is meant, in which results name no interfaces; write \
                          \"cniVersion\": \"1.0.0\"";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The configuration: a list, or a single plugin's.
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(installation: &Installation, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let findings = match load_file(&arguments.file) {
        Err(error) => vec![Finding::error("", error.to_string())],
        Ok(network) => look(installation, arguments, &network)?,
    };
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    if arguments.json {
        say_json(&json!({ "usable": errors == 0, "findings": findings }));
    } else {
        findings.iter().for_each(|finding| say_line(&finding.line(), LINE));
        say(&format!("{errors} errors, {} warnings", findings.len() - errors));
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn look(installation: &Installation, arguments: &Arguments, network: &NetworkList) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let Err(error) = identifier::network_name(&network.name) {
        findings.push(Finding::error("name", error.to_string()));
    }
    if let Err(error) = network.spec_version() {
        findings.push(Finding::error("cniVersion", error.to_string()));
    }
    if network.version.is_empty() {
        findings.push(Finding::warning("cniVersion", NO_VERSION));
    }
    if let Ok(list) = Node::parse(&network.text) {
        findings.extend(fields::misfits(installation, &list, network));
    }
    findings.extend(unmet(installation, &arguments.place, network)?);
    findings.extend(subnets::overlapping(
        &arguments.file,
        &arguments.place.networks(),
        network,
    ));
    Ok(findings)
}
