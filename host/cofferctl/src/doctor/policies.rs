use cofferdam_policy::{Finding as PolicyFinding, Problem, Severity};

use super::{Finding, Node};
use crate::policy::components;

const CHECK: &str = "policies";

/// Policies that can't be used, or that nothing installed can act under. What
/// is only dangerous, or without effect, `cofferctl policy check` tells.
pub(super) fn look(node: &Node<'_>) -> Vec<Finding> {
    let policies = node.installation.policies();
    let report = policies.check_all();
    let without_component = components(node.installation, &policies, &report);
    let unusable = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    unusable.chain(&without_component).map(told).collect()
}

fn told(finding: &PolicyFinding) -> Finding {
    let Problem {
        file,
        line,
        field,
        problem,
        suggestion,
    } = &finding.problem;
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    let place = format!("{}{line}", file.display());
    let problem = if field.is_empty() {
        problem.clone()
    } else {
        format!("{field}: {problem}")
    };
    let told = match finding.severity {
        Severity::Error => Finding::error(CHECK, place, problem),
        Severity::Warning => Finding::warning(CHECK, place, problem),
    };
    let usual = || "`cofferctl policy check` tells more".to_owned();
    told.way_out(suggestion.clone().unwrap_or_else(usual))
}
