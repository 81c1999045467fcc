use std::collections::BTreeMap;

/// The variables by which a runtime speaks to a plugin.
const PREFIX: &str = "CNI_";

/// What the process was started with, as far as it is for it.
#[derive(Debug)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    /// A test's word about confinement.
    #[cfg(feature = "simulated-escape")]
    pub(crate) confinement: Option<String>,
}

impl Environment {
    /// Reads what is of use; the rest can go.
    pub(crate) fn take() -> Self {
        let texts =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self {
            variables: texts.filter(|(name, _)| name.starts_with(PREFIX)).collect(),
            #[cfg(feature = "simulated-escape")]
            confinement: std::env::var("COFFERDAM_CONFINEMENT").ok(),
        }
    }

    /// A variable's value, if it has one.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}
