use std::{path::Path, process::ExitCode};

use cofferdam_broker::{Installation, check_pin};
use cofferdam_policy::{Finding, Needs, PolicyDirectory, Problem, Report, Severity};
use serde_json::json;

use super::Place;
use crate::output::say;

pub(super) fn run(installation: &Installation, place: &Place, json: bool) -> anyhow::Result<ExitCode> {
    let policies = place.policies(installation)?;
    let mut report = policies.check_all();
    // Another directory's plugins need not be this node's.
    if place.directory.is_none() {
        let missing = components(installation, &policies, &report);
        report.findings.extend(missing);
        let declared = declarations(installation, &policies, &report);
        report.findings.extend(declared);
    }
    if json {
        say(&serde_json::to_string_pretty(&document(&report))?);
    } else {
        report.findings.iter().for_each(|finding| say(&finding.to_string()));
        say(&summary(&report));
    }
    Ok(if report.is_usable() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Policies that no installed component can act under.
pub(crate) fn components(installation: &Installation, policies: &PolicyDirectory, report: &Report) -> Vec<Finding> {
    let components = installation.components();
    // Before the first component there is nothing to compare with.
    let Ok(installed) = components.plugins_by_name() else {
        return Vec::new();
    };
    if installed.is_empty() {
        return Vec::new();
    }
    let warning = |plugin: &str, problem: String, way_out: Option<String>| Finding {
        severity: Severity::Warning,
        problem: Problem {
            file: policies.path().join(format!("{plugin}.toml")),
            line: None,
            field: format!("plugin.{plugin}"),
            problem,
            suggestion: Some(way_out.unwrap_or_else(|| "cofferctl component list tells what is installed".to_owned())),
        },
    };
    let told = |plugin: &String| {
        let digest = installed.iter().find(|(name, _)| name == plugin);
        let problem = match digest {
            None => "no component is installed under this name".to_owned(),
            Some((_, Err(error))) => error.to_string(),
            Some((_, Ok(digest))) => {
                let policy = policies.plugin(plugin).ok()?;
                let refusal = check_pin(&components, plugin, policy.pin(), *digest).err()?;
                let way_out = refusal.details.clone().filter(|details| !details.is_empty());
                return Some(warning(plugin, refusal.message, way_out));
            }
        };
        Some(warning(plugin, problem, None))
    };
    report.plugins.iter().filter_map(told).collect()
}

/// What does not fit to what the installed components declare to need. One
/// that can't be read is no policy's fault.
fn declarations(installation: &Installation, policies: &PolicyDirectory, report: &Report) -> Vec<Finding> {
    let components = installation.components();
    let compared = |plugin: &String| {
        let artifact = components.artifact(components.resolve(plugin).ok()?).ok()?;
        let needs = Needs::parse(Path::new(plugin), artifact.needs()).ok()?;
        Some(policies.plugin(plugin).ok()?.compare(&needs))
    };
    report.plugins.iter().filter_map(compared).flatten().collect()
}

fn summary(report: &Report) -> String {
    let counted = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    };
    format!(
        "{}, {}, {}",
        counted(report.plugins.len(), "plugin"),
        counted(report.count(Severity::Error), "error"),
        counted(report.count(Severity::Warning), "warning"),
    )
}

fn document(report: &Report) -> serde_json::Value {
    let finding = |finding: &Finding| {
        let problem = &finding.problem;
        json!({
            "severity": finding.severity.to_string(),
            "file": problem.file,
            "line": problem.line,
            "field": problem.field,
            "problem": problem.problem,
            "suggestion": problem.suggestion,
        })
    };
    let findings: Vec<_> = report.findings.iter().map(finding).collect();
    json!({ "usable": report.is_usable(), "plugins": report.plugins, "findings": findings })
}
