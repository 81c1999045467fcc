//! What a check of a policy directory finds.

use cofferdam_policy::Severity;

use super::ground::Ground;

/// The findings, one a line, with the ground's path taken out.
pub(crate) fn findings(ground: &Ground) -> Vec<String> {
    let report = ground.directory().check_all();
    let findings: Vec<String> = report
        .findings
        .iter()
        .map(|finding| ground.plain(&finding.to_string()))
        .collect();
    let errors = findings.iter().filter(|finding| finding.starts_with("error: ")).count();
    assert_eq!(
        (report.is_usable(), report.count(Severity::Error)),
        (errors == 0, errors)
    );
    findings
}

/// The findings about one file of plugin `bridge` that has these grants.
pub(crate) fn about(grants: &[&str]) -> Vec<String> {
    about_file("", grants)
}

pub(crate) fn about_file(head: &str, grants: &[&str]) -> Vec<String> {
    let ground = Ground::new();
    let grants: String = grants
        .iter()
        .map(|grant| format!("[[plugin.bridge.grant]]\n{grant}\n"))
        .collect();
    ground.write("bridge.toml", format!("[plugin.bridge]\n{head}{grants}"));
    findings(&ground)
}
