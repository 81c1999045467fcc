use std::collections::BTreeMap;

use cofferdam_sandbox::Limits;

/// What the plugins of a request used up of their bounds, by plugin. It is kept for the request, not for
/// an instance: an address management plugin can be called many times.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    changes: BTreeMap<String, u32>,
    links: BTreeMap<String, u32>,
}

impl Spent {
    /// Counts a change by a plugin: what was done has to be undone in bounded
    /// time.
    ///
    /// # Errors
    /// There were too many; the text says so.
    pub(crate) fn change(&mut self, plugin: &str, limits: Limits) -> Result<(), String> {
        count(&mut self.changes, plugin, limits.changes, "changes")
    }

    /// Counts a link that a plugin is about to make.
    ///
    /// # Errors
    /// There were too many; the text says so.
    pub(crate) fn link(&mut self, plugin: &str, limits: Limits) -> Result<(), String> {
        count(&mut self.links, plugin, limits.links, "links")
    }
}

fn count(counts: &mut BTreeMap<String, u32>, plugin: &str, limit: u32, what: &str) -> Result<(), String> {
    let count = match counts.get_mut(plugin) {
        Some(count) => count,
        None => counts.entry(plugin.to_owned()).or_insert(0),
    };
    *count = count.saturating_add(1);
    if *count <= limit {
        return Ok(());
    }
    Err(format!(
        "for one request a plugin can make {limit} {what}, and this one made them"
    ))
}
