use super::{Need, Needs, unmet::is_in_common};
use crate::{
    check::{Finding, Severity},
    error::Problem,
    grants::Grants,
    plugin_policy::PluginPolicy,
    written::WrittenGrant,
};

impl PluginPolicy {
    /// Where the policy does not fit to what the plugin's component declares:
    /// grants of what it never asks for, and what it needs for every
    /// attachment and none is granted.
    #[must_use]
    pub fn compare(&self, needs: &Needs) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self
            .grants()
            .filter(|grant| needs.is_declared() && !needs.all().any(|need| is_of_use(grant, need)))
            .map(|grant| {
                let problem = "the component does not declare to need any of this, so it has no effect";
                let way_out = format!("cofferctl component inspect {} tells what it declares", self.plugin);
                let place = (grant.origin.file.clone(), grant.line);
                warning(place, format!("plugin.{}.grant", self.plugin), problem, way_out)
            })
            .collect();
        let all = self
            .parts()
            .iter()
            .flat_map(|part| part.grants.iter().cloned())
            .collect();
        let all = Grants::new(self.plugin.clone(), "", None, true, all);
        if let (Err(unmet), Some(part)) = (all.satisfy(needs), self.parts().first()) {
            let problem = format!("the component needs for every attachment what no grant allows: {unmet}");
            let place = (part.origin.file.clone(), part.origin.line);
            let way_out = unmet.missing.join("; ");
            findings.push(warning(place, format!("plugin.{}", self.plugin), &problem, way_out));
        }
        findings
    }
}

fn is_of_use(grant: &WrittenGrant, need: &Need) -> bool {
    let mut operations = need.operations.iter();
    operations.any(|operation| is_in_common(&grant.grant, need, operation, None))
}

fn warning(place: (std::path::PathBuf, usize), field: String, problem: &str, way_out: String) -> Finding {
    Finding {
        severity: Severity::Warning,
        problem: Problem {
            file: place.0,
            line: Some(place.1),
            field,
            problem: problem.to_owned(),
            suggestion: Some(way_out),
        },
    }
}
