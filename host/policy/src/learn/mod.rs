//! The smallest policy for what plugins were seen to do.

mod everything;
mod generalise;
mod merge;

use std::{collections::BTreeSet, fmt::Write as _, path::Path, sync::Arc};

use thiserror::Error;

use crate::{
    check::superfluous,
    error::{Problem, listed},
    fields::Patterns,
    grant::Grant,
    needs::{Need, Needs},
    parse,
    pattern::Pattern,
    quoted::Quoted,
    selection::Selection,
    written::{Origin, WrittenGrant},
};
pub use everything::everything;

/// What one plugin was seen to do, from its audit log.
///
/// ```
/// use cofferdam_policy::Learned;
///
/// let mut learned = Learned::new("loopback");
/// learned.saw("lo", "ADD", r#"{ allow = "link.see", in = "container", names = ["lo"] }"#)?;
/// assert!(learned.to_string().contains("names = [\"lo\"]"));
/// # Ok::<(), cofferdam_policy::LearnError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Learned {
    plugin: String,
    seen: Vec<Seen>,
}

/// A grant for something that was seen, or for several such things.
#[derive(Clone, Debug)]
struct Seen {
    /// Selects the networks on which it was seen.
    grant: Grant,
    verbs: BTreeSet<String>,
    /// Why it says more than what was seen.
    reasons: BTreeSet<&'static str>,
}

/// A record of the audit log has no grant that can be read.
#[derive(Debug, Error)]
#[error("the audit log has something that is no grant: {}", listed(_0))]
pub struct LearnError(Vec<Problem>);

impl Learned {
    /// Of a plugin that was not seen yet.
    #[must_use]
    pub fn new(plugin: &str) -> Self {
        Self {
            plugin: plugin.to_owned(),
            seen: Vec::new(),
        }
    }

    /// Takes in one operation: the network and the verb in which it was
    /// allowed, and its `arguments` in the audit log, which are a grant.
    ///
    /// # Errors
    /// They are not.
    pub fn saw(&mut self, network: &str, verb: &str, arguments: &str) -> Result<(), LearnError> {
        let text = format!("[plugin.learned]\ngrant = [{arguments}]\n");
        let section = parse::document("learned", Path::new("the audit log"), &text).map_err(LearnError)?;
        for (mut grant, _) in section.grants {
            grant.selection.networks = Pattern::escape(network).parse().ok().map(|only| vec![only]);
            let reasons = generalise::generalise(&mut grant);
            self.seen.push(Seen {
                grant,
                verbs: BTreeSet::from([verb.to_owned()]),
                reasons,
            });
        }
        Ok(())
    }

    /// What the component declares to need for some attachments, and was not
    /// seen to ask for.
    pub fn not_seen<'n>(&self, needs: &'n Needs) -> impl Iterator<Item = &'n Need> {
        needs.optional_beyond(self.seen.iter().map(|seen| &seen.grant))
    }

    /// The least grants that allow what was seen.
    fn grants(&self) -> Vec<Seen> {
        let mut grants = merge::merge(self.seen.clone());
        let origin = Arc::new(Origin {
            file: self.plugin.clone().into(),
            selection: Selection::default(),
            line: 1,
        });
        // Each is found again by its line.
        let written: Vec<_> = (0..)
            .zip(&grants)
            .map(|(line, seen)| {
                Arc::new(WrittenGrant {
                    grant: seen.grant.clone(),
                    origin: Arc::clone(&origin),
                    line,
                })
            })
            .collect();
        let needless: BTreeSet<usize> = superfluous(&written).iter().map(|(grant, _)| grant.line).collect();
        let mut line = 0..;
        grants.retain(|_| line.next().is_none_or(|line| !needless.contains(&line)));
        grants.sort_by_key(|seen| (seen.grant.place, seen.grant.operations.iter().next()));
        grants
    }

    /// The networks on which anything was seen.
    fn networks(&self) -> Vec<Pattern> {
        let mut networks = Vec::new();
        for network in self
            .seen
            .iter()
            .flat_map(|seen| seen.grant.selection.networks.iter().flatten())
        {
            if !networks.contains(network) {
                networks.push(network.clone());
            }
        }
        networks
    }
}

/// As a policy file.
impl std::fmt::Display for Learned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let networks = self.networks();
        writeln!(
            f,
            "# What plugin {} was seen to do, and no more: see `cofferctl policy",
            Quoted(&self.plugin)
        )?;
        writeln!(f, "# learn` in docs/policy.md for what that leaves out.")?;
        writeln!(f, "\n[plugin.{}]", self.plugin)?;
        if !networks.is_empty() {
            writeln!(f, "networks = {}", Patterns(&networks))?;
        }
        for mut seen in self.grants() {
            let all = networks
                .iter()
                .all(|network| seen.grant.selection.networks.iter().flatten().any(|own| own == network));
            if all {
                seen.grant.selection.networks = None;
            }
            let verbs: Vec<&str> = seen.verbs.iter().map(String::as_str).collect();
            let mut comment = format!("# {}.", verbs.join(", "));
            for reason in &seen.reasons {
                write!(comment, "\n# {reason}")?;
            }
            writeln!(f, "\n{comment}\n[[plugin.{}.grant]]", self.plugin)?;
            for (key, value) in seen.grant.fields() {
                writeln!(f, "{key} = {value}")?;
            }
        }
        Ok(())
    }
}
