use super::{Injection, PluginConfig};
use crate::{CniError, json::Node};

/// The `type` under which a configuration tells us itself what to run.
const OWN_TYPE: &str = "cofferdam";

/// What a configuration asks to run.
#[derive(Clone, Debug, PartialEq)]
pub enum Program {
    /// One plugin, with the configuration as it is.
    Named(String),
    /// One plugin after the other, each with a configuration of its own, whose
    /// `type` names it.
    Chain(Vec<PluginConfig>),
}

impl PluginConfig {
    /// What this configuration asks to run: the plugin of its `type`; where
    /// that is `cofferdam`, its `plugin`, or the members of its `chain`.
    ///
    /// # Errors
    /// The names or the chain make no sense (7), or do not decode (6).
    pub fn program(&self) -> Result<Program, CniError> {
        let own_type = self.plugin_type()?;
        if own_type != OWN_TYPE {
            return Ok(Program::Named(own_type));
        }
        match (self.plugin_name("plugin")?, self.key::<Vec<Node>>(&["chain"])?) {
            (Some(name), None) if name == OWN_TYPE => Err(CniError::invalid_config(format!(
                "plugin: {OWN_TYPE:?} can't run itself; name the plugin to run"
            ))),
            (Some(name), None) => Ok(Program::Named(name)),
            (None, Some(members)) => self.chain(&members).map(Program::Chain),
            (Some(_), Some(_)) => Err(CniError::invalid_config(format!(
                "a configuration of type {OWN_TYPE:?} has either \"plugin\" or \"chain\", not both"
            ))),
            (None, None) => Err(CniError::invalid_config(format!(
                "a configuration of type {OWN_TYPE:?} needs \"plugin\" (a name) or \"chain\" \
                 (a list of plugin configurations)"
            ))),
        }
    }

    fn chain(&self, members: &[Node]) -> Result<Vec<Self>, CniError> {
        if members.is_empty() {
            return Err(CniError::invalid_config(
                "chain: the list is empty; it has to name at least one plugin",
            ));
        }
        members
            .iter()
            .enumerate()
            .map(|(index, member)| {
                self.member(member)
                    .map_err(|error| within(&format!("chain[{index}]"), error))
            })
            .collect()
    }

    /// A member's configuration: its object, with what the runtime has put
    /// into the configuration that holds the chain.
    fn member(&self, member: &Node) -> Result<Self, CniError> {
        if !matches!(member, Node::Object(_)) {
            return Err(CniError::invalid_config(format!(
                "expected an object, found {}",
                member.shown()
            )));
        }
        // These are the runtime's to set, never the member's own.
        let mut member = member.clone();
        for key in ["prevResult", "cni.dev/valid-attachments", "cni.dev/attachments"] {
            member.remove(key);
        }
        let config = Injection {
            name: self.name(),
            version: &self.version_text()?,
            previous: self.tree().get("prevResult"),
            capability_args: self.runtime_config_tree()?,
            valid_attachments: self.valid_attachments()?.as_deref(),
        }
        .apply(&member)?;
        if config.plugin_type()? == OWN_TYPE {
            return Err(CniError::invalid_config("a chain can't hold another chain"));
        }
        config.ipam_type()?;
        Ok(config)
    }
}

fn within(place: &str, error: CniError) -> CniError {
    CniError {
        message: format!("{place}: {}", error.message),
        ..error
    }
}
