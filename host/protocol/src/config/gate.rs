use super::{PluginConfig, plugin::decoding};
use crate::{
    CniError, SpecVersion, Verb, Version,
    quoting::{quote, quote_list},
};

impl PluginConfig {
    /// Compares the configuration's version with those that the plugin
    /// supports, and with the first that has the verb. Errors and their order
    /// are those of the reference library.
    ///
    /// # Errors
    /// `cniVersion` is not a string (6), or the versions do not fit (1).
    pub fn gate(&self, verb: Verb, supported: &[SpecVersion]) -> Result<SpecVersion, CniError> {
        let version = self.version_text()?;
        if let Some(first) = first_version_with(verb) {
            allow(verb, first, &version, supported)?;
        }
        supported
            .iter()
            .copied()
            .find(|candidate| candidate.as_str() == version)
            .ok_or_else(|| {
                let supported = quote_list(supported.iter().map(|version| version.as_str()));
                CniError::incompatible_version("incompatible CNI versions")
                    .with_details(format!("config is {}, plugin supports {supported}", quote(&version)))
            })
    }
}

/// The first version that has the verb, where its texts tell so.
fn first_version_with(verb: Verb) -> Option<SpecVersion> {
    match verb {
        Verb::Check => Some(SpecVersion::V0_4_0),
        Verb::Gc | Verb::Status => Some(SpecVersion::V1_1_0),
        Verb::Add | Verb::Del | Verb::Version => None,
    }
}

fn allow(verb: Verb, first: SpecVersion, version: &str, supported: &[SpecVersion]) -> Result<(), CniError> {
    let version: Version = version.parse().map_err(decoding)?;
    let refused = |who| {
        let message = format!("{who} version does not allow {verb}");
        Err(CniError::incompatible_version(message))
    };
    if version < first.version() {
        return refused("config");
    }
    if supported.iter().all(|supported| supported.version() < version) {
        return refused("plugin");
    }
    Ok(())
}
