//! Holds configurations against what the components say of them, before
//! anything of these runs.

use cofferdam_protocol::{CniError, PluginConfig};
use cofferdam_sandbox::Artifact;

use crate::{Workplace, codes, log::printable, mode::Mode, secrets::Secrets};

/// The compiled schema of a component's configuration, where it has one and
/// somebody asks: what was made is undone whatever the configuration is like.
pub(crate) fn declared(mode: Mode, artifact: &Artifact) -> Result<Option<Vec<u8>>, CniError> {
    match mode {
        Mode::Add | Mode::Check => artifact
            .schema()
            .map_err(|error| CniError::new(codes::COMPONENT, error.to_string())),
        Mode::Del | Mode::Wake | Mode::Gc | Mode::Status => Ok(None),
    }
}

/// Refuses a configuration that the component says it can't use.
pub(crate) fn check(plugin: &str, schema: &[u8], config: &PluginConfig, workplace: Workplace) -> Result<(), CniError> {
    let violations = cofferdam_schema::check(schema, config.tree()).map_err(|error| {
        let message = format!(
            "plugin {plugin:?}: the schema of its configuration can't be read: {error}; compile it again with \
             `cofferctl component compile`"
        );
        CniError::new(codes::COMPONENT, message)
    })?;
    let Some(first) = violations.first() else {
        return Ok(());
    };
    let place = match first.path.as_str() {
        "" => String::new(),
        path => format!("{path}: "),
    };
    let message = format!("configuration of plugin {plugin:?}: {place}{}", first.problem);
    // The first is in the message, so of it only the way out is left to be told.
    let others = violations.iter().skip(1).map(ToString::to_string);
    let told: Vec<String> = [first.way_out.clone()].into_iter().chain(others).collect();
    let details = format!("{}. {}", told.join(". "), workplace.fields(plugin));
    let secrets = Secrets::new(config, []);
    let shown = |text: &str| printable(&secrets.hide(text));
    Err(CniError::invalid_config(shown(&message)).with_details(shown(&details)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_schema::Schema;

    use super::*;

    fn refused(config: &str) -> CniError {
        let schema = r#"{"properties":{"mtu":{"type":"integer"},"token":{"type":"integer"}}}"#;
        let config = PluginConfig::parse(config).unwrap();
        let schema = Schema::parse(schema).unwrap();
        check("bridge", schema.compiled(), &config, Workplace::Node).unwrap_err()
    }

    #[test]
    fn a_configuration_is_refused_with_the_place_and_the_way_out() {
        let error = refused(r#"{"name":"n","mtu":"1500","token":true}"#);
        assert_eq!(error.code, 7);
        assert_eq!(
            error.message,
            "configuration of plugin \"bridge\": mtu: expected an integer, found \"1500\""
        );
        assert_eq!(
            error.details.as_deref(),
            Some(
                "write 1500 without quotation marks. token: expected an integer, found true; write an integer. \
                 `cofferctl component inspect bridge` shows all fields"
            )
        );
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let error = refused(r#"{"name":"n","token":"swordfish"}"#);
        let told = format!("{} {:?}", error.message, error.details);
        assert!(
            told.contains("token: expected an integer") && !told.contains("swordfish"),
            "{told}"
        );
    }
}
