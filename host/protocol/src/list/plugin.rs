use super::ListError;
use crate::{
    config::enabled_capabilities,
    json::{self, Node},
};

/// One plugin of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedPlugin {
    /// Its name, as in `type`.
    pub plugin_type: String,
    /// The capabilities that it has as true.
    pub capabilities: Vec<String>,
    /// Its object, as it came. [`crate::Injection`] makes its stdin of it.
    pub config: Node,
}

impl ListedPlugin {
    /// Reads a plugin's configuration from a file of its own.
    ///
    /// # Errors
    /// It is no JSON object, or has no `type`.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        Self::from_tree(Node::parse(text)?)
    }

    /// As [`Self::parse`], for a document that was read before.
    ///
    /// # Errors
    /// It is no object, or has no `type`.
    pub fn from_tree(config: Node) -> Result<Self, ListError> {
        if !matches!(config, Node::Object(_)) {
            return Err(json::Error::wrong_type(&"an object", &config.shown()).into());
        }
        let plugin_type: String = match config.get("type") {
            Some(node) => json::from_value(node).map_err(|error| error.at_key("type"))?,
            None => String::new(),
        };
        if plugin_type.is_empty() {
            return Err(ListError::NoType);
        }
        Ok(Self {
            plugin_type,
            capabilities: enabled_capabilities(&config)?,
            config,
        })
    }
}
