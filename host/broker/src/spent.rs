use std::collections::BTreeMap;

use cofferdam_sandbox::Limits;

/// What the plugins of a request used up of their bounds, by plugin. It is kept for the request, not for
/// an instance: an address management plugin can be called many times.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    calls: BTreeMap<String, u32>,
    changes: BTreeMap<String, u32>,
    links: BTreeMap<String, u32>,
    datagrams: BTreeMap<String, u32>,
    requests: BTreeMap<String, u32>,
}

impl Spent {
    /// Counts a host call of a plugin; false when there were too many.
    pub(crate) fn call(&mut self, plugin: &str, limits: Limits) -> bool {
        count(&mut self.calls, plugin) <= limits.host_calls
    }

    /// Counts a change by a plugin: what was done has to be undone in bounded
    /// time.
    ///
    /// # Errors
    /// There were too many; the text says so.
    pub(crate) fn change(&mut self, plugin: &str, limits: Limits) -> Result<(), String> {
        within(count(&mut self.changes, plugin), limits.changes, "changes")
    }

    /// Counts a link that a plugin is about to make.
    ///
    /// # Errors
    /// There were too many; the text says so.
    pub(crate) fn link(&mut self, plugin: &str, limits: Limits) -> Result<(), String> {
        within(count(&mut self.links, plugin), limits.links, "links")
    }

    /// Counts a datagram that a plugin is about to send.
    ///
    /// # Errors
    /// There were too many; the text says so.
    pub(crate) fn datagram(&mut self, plugin: &str, limits: Limits) -> Result<(), String> {
        let count = count(&mut self.datagrams, plugin);
        if count <= limits.datagrams {
            return Ok(());
        }
        Err(format!(
            "for one request a plugin can send {} datagrams, and this one sent them",
            limits.datagrams
        ))
    }

    /// Counts a request that a plugin is about to have sent.
    ///
    /// # Errors
    /// There were too many; the text says so.
    pub(crate) fn request(&mut self, plugin: &str, limits: Limits) -> Result<(), String> {
        if count(&mut self.requests, plugin) <= limits.requests {
            return Ok(());
        }
        Err(format!(
            "for one call a plugin can have {} requests sent, and this one had them",
            limits.requests
        ))
    }
}

/// One more; how many that makes.
fn count(counts: &mut BTreeMap<String, u32>, plugin: &str) -> u32 {
    let count = match counts.get_mut(plugin) {
        Some(count) => count,
        None => counts.entry(plugin.to_owned()).or_insert(0),
    };
    *count = count.saturating_add(1);
    *count
}

fn within(count: u32, limit: u32, what: &str) -> Result<(), String> {
    if count <= limit {
        return Ok(());
    }
    Err(format!(
        "for one request a plugin can make {limit} {what}, and this one made them"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_plugin_whichever_instance_makes_them() {
        let limits = Limits {
            host_calls: 2,
            ..Limits::default()
        };
        let mut spent = Spent::default();
        let calls = ["bridge", "host-local", "host-local", "host-local", "bridge", "bridge"];
        let allowed = calls.map(|plugin| spent.call(plugin, limits));
        assert_eq!(allowed, [true, true, true, false, true, false]);
    }
}
