//! Looks through a whole policy directory for what its operator did not mean.

mod covered;
mod dangerous;
mod keys;
mod unusable;

use std::{collections::BTreeMap, fmt, path::Path};

use crate::{
    directory::{PolicyDirectory, plugin_of_file, text},
    error::{PolicyError, Problem},
    keys::DIRECTORY,
    plugin_policy::{Draft, Part},
    trust::TrustedDirectory,
    written::WrittenGrant,
};
pub(crate) use covered::{includes, is_everything};

pub(crate) use covered::superfluous;

/// What was found in a policy directory.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Ordered by file and line.
    pub findings: Vec<Finding>,
    /// The plugins that have files.
    pub plugins: Vec<String>,
}

/// Something that the operator should know about a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What and where it is.
    pub problem: Problem,
}

/// How much a [`Finding`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is granted because of it.
    Error,
    /// What it is about has no effect, or a wide one.
    Warning,
}

impl Report {
    /// Whether every plugin's policy can be used.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// How many findings matter that much.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let counted = self.findings.iter().filter(|finding| finding.severity == severity);
        counted.count()
    }

    fn error(&mut self, problem: Problem) {
        let severity = Severity::Error;
        self.findings.push(Finding { severity, problem });
    }

    fn warn(&mut self, problem: Problem) {
        let severity = Severity::Warning;
        self.findings.push(Finding { severity, problem });
    }

    fn refusal(&mut self, error: PolicyError) {
        error
            .into_problems()
            .into_iter()
            .for_each(|problem| self.error(problem));
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.problem)
    }
}

impl PolicyDirectory {
    /// Reads everything in the directory, and tells all that is wrong or
    /// without effect. It stops at nothing.
    #[must_use]
    pub fn check_all(&self) -> Report {
        let mut report = Report::default();
        match TrustedDirectory::open(self.path()) {
            Ok(Some(directory)) => check(directory, &mut report),
            Ok(None) => report.warn(Problem::of_file(
                self.path(),
                "there is no such directory, so nothing is granted to any plugin",
                Some("a plugin's grants belong into NAME.toml in it"),
            )),
            Err(error) => report.refusal(error),
        }
        let place = |finding: &Finding| (finding.problem.file.clone(), finding.problem.line, finding.severity);
        report.findings.sort_by_key(place);
        report
    }
}

fn check(mut directory: TrustedDirectory, report: &mut Report) {
    let names = match directory.names(|_| true) {
        Ok(names) => names,
        Err(error) => return report.refusal(error),
    };
    let mut plugins: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in names.iter().filter(|name| *name != DIRECTORY) {
        match plugin_of_file(name) {
            Some(plugin) => plugins.entry(plugin).or_default().push(name),
            None => report.warn(Problem::of_file(
                &directory.path().join(name),
                "by its name it belongs to no plugin, so it is not read",
                Some("the files of a plugin are NAME.toml and NAME.ANYTHING.toml"),
            )),
        }
    }
    let mut used_keys = Vec::new();
    for (plugin, files) in &plugins {
        let draft = read(&directory, plugin, files, report);
        used_keys.extend(draft.key_name().map(str::to_owned));
        warn_about_grants(plugin, draft.parts(), report);
        let refused = draft.finish(|name| crate::keys::read(&directory, name)).err();
        refused.into_iter().for_each(|error| report.refusal(error));
    }
    report.plugins = plugins.keys().map(ToString::to_string).collect();
    keys::check_unused(&directory, &used_keys, report);
}

/// Reads the files that can be read.
fn read(directory: &TrustedDirectory, plugin: &str, files: &[&str], report: &mut Report) -> Draft {
    let mut draft = Draft::new(plugin);
    for file in files {
        let path = directory.path().join(file);
        match directory.file(file).and_then(|bytes| text(path.clone(), bytes)) {
            Ok(text) => draft.add(path, &text),
            Err(error) => report.refusal(error),
        }
    }
    draft
}

fn warn_about_grants(plugin: &str, parts: &[Part], report: &mut Report) {
    let field = |key: &str| format!("plugin.{plugin}.{key}");
    for part in parts {
        for found in unusable::in_selection(&part.origin.selection) {
            report.warn(Problem {
                file: part.origin.file.clone(),
                line: Some(part.origin.line),
                field: field(found.key),
                problem: found.problem,
                suggestion: None,
            });
        }
        for grant in &part.grants {
            for found in unusable::in_grant(grant) {
                let problem = found.problem;
                report.warn(about(grant, field(&format!("grant.{}", found.key)), problem, None));
            }
            for found in dangerous::in_grant(&grant.grant) {
                let field = field(&format!("grant.{}", found.key));
                report.warn(about(grant, field, found.problem, Some(found.way_out.to_owned())));
            }
        }
    }
    let grants: Vec<_> = parts.iter().flat_map(|part| part.grants.iter().cloned()).collect();
    for (grant, by) in covered::superfluous(&grants) {
        let places: Vec<String> = by.iter().map(|grant| place(grant)).collect();
        let problem = format!("all that it allows is allowed by {}", places.join(" and "));
        let way_out = "remove it, or narrow the wider one";
        report.warn(about(grant, field("grant"), problem, Some(way_out.to_owned())));
    }
}

fn place(grant: &WrittenGrant) -> String {
    let file = grant.origin.file.file_name().unwrap_or_default();
    format!("{}:{}", Path::new(file).display(), grant.line)
}

fn about(grant: &WrittenGrant, field: String, problem: String, suggestion: Option<String>) -> Problem {
    Problem {
        file: grant.origin.file.clone(),
        line: Some(grant.line),
        field,
        problem,
        suggestion,
    }
}
