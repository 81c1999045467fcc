use crate::pattern::Pattern;

/// For which attachments a file, or a grant of it, is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Absent: every network.
    pub(crate) networks: Option<Vec<Pattern>>,
    /// Absent: every tenant, and attachments without one.
    pub(crate) tenants: Option<Vec<Pattern>>,
}

impl Selection {
    pub(crate) const NETWORKS: &str = "networks";
    pub(crate) const TENANTS: &str = "tenants";

    pub(crate) fn covers(&self, network: &str, tenant: Option<&str>) -> bool {
        let tenant = self
            .tenants
            .as_deref()
            .is_none_or(|all| tenant.is_some_and(|tenant| matches_any(all, tenant)));
        self.covers_network(network) && tenant
    }

    /// The same for a network as a whole.
    pub(crate) fn covers_network(&self, network: &str) -> bool {
        self.networks.as_deref().is_none_or(|all| matches_any(all, network))
    }
}

/// Whether the name is of one of the patterns.
pub(crate) fn matches_any(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}
