use serde::de::DeserializeOwned;

use super::{AttachmentKey, attachments};
use crate::{
    Attachment, CniError, Dns, ResultError, SpecVersion, identifier,
    json::{self, Node},
    result,
};

/// The configuration of one plugin: what it reads from stdin.
///
/// Only the network's name is looked at when it is parsed. The rest is decoded
/// when asked for, so that DEL can do without what it does not need.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginConfig {
    text: String,
    tree: Node,
    name: String,
}

impl PluginConfig {
    /// Reads a configuration and checks the network's name.
    ///
    /// # Errors
    /// It is not a JSON object (6), or the name is missing or not valid (7).
    pub fn parse(text: impl Into<String>) -> Result<Self, CniError> {
        let text = text.into();
        let tree = Node::parse(&text).map_err(decoding)?;
        Self::from_parts(text, tree)
    }

    /// A configuration that was put together here.
    ///
    /// # Errors
    /// It is not an object (6), or the name is missing or not valid (7).
    pub fn from_tree(tree: Node) -> Result<Self, CniError> {
        Self::from_parts(tree.to_text(), tree)
    }

    fn from_parts(text: String, tree: Node) -> Result<Self, CniError> {
        let name: Option<String> = at_path(&tree, &["name"]).map_err(decoding)?;
        let name = name.unwrap_or_default();
        identifier::network_name(&name)?;
        Ok(Self { text, tree, name })
    }

    /// The text, as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The document, as it came.
    #[must_use]
    pub fn tree(&self) -> &Node {
        &self.tree
    }

    /// The network's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `cniVersion`, known or not; 0.1.0 when it is missing or empty.
    ///
    /// # Errors
    /// It is not a string (6).
    pub fn version_text(&self) -> Result<String, CniError> {
        let text: Option<String> = self.key(&["cniVersion"])?;
        Ok(text
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| SpecVersion::V0_1_0.to_string()))
    }

    /// `type`, the plugin's name.
    ///
    /// # Errors
    /// It is not a string (6), missing, or not a plain file name (7).
    pub fn plugin_type(&self) -> Result<String, CniError> {
        self.plugin_name("type")?
            .ok_or_else(|| CniError::invalid_config("the configuration has no \"type\""))
    }

    /// A key with a plugin's name.
    pub(super) fn plugin_name(&self, key: &str) -> Result<Option<String>, CniError> {
        let name: Option<String> = self.key(&[key])?;
        if let Some(name) = &name {
            identifier::plugin_name(key, name)?;
        }
        Ok(name)
    }

    /// `ipam.type`, the IPAM plugin's name; `None` when it is missing or
    /// empty.
    ///
    /// # Errors
    /// It is not a string (6), or not a plain file name (7).
    pub fn ipam_type(&self) -> Result<Option<String>, CniError> {
        let name: Option<String> = self.key(&["ipam", "type"])?;
        let name = name.filter(|name| !name.is_empty());
        if let Some(name) = &name {
            identifier::plugin_name("ipam.type", name)?;
        }
        Ok(name)
    }

    /// `ipam.dataDir`; `None` when it is missing or empty.
    ///
    /// # Errors
    /// It is not a string (6).
    pub fn ipam_data_dir(&self) -> Result<Option<String>, CniError> {
        let directory: Option<String> = self.key(&["ipam", "dataDir"])?;
        Ok(directory.filter(|directory| !directory.is_empty()))
    }

    /// `ipam.resolvConf`; `None` when it is missing or empty.
    ///
    /// # Errors
    /// It is not a string (6).
    pub fn ipam_resolv_conf(&self) -> Result<Option<String>, CniError> {
        let file: Option<String> = self.key(&["ipam", "resolvConf"])?;
        Ok(file.filter(|file| !file.is_empty()))
    }

    /// `dns`.
    ///
    /// # Errors
    /// It does not decode (6).
    pub fn dns(&self) -> Result<Dns, CniError> {
        Ok(self.key(&["dns"])?.unwrap_or_default())
    }

    /// The capabilities that `capabilities` has as true.
    ///
    /// # Errors
    /// It does not decode (6).
    pub fn capabilities(&self) -> Result<Vec<String>, CniError> {
        enabled_capabilities(&self.tree).map_err(decoding)
    }

    /// `runtimeConfig` as one JSON object; `None` when it is missing or
    /// `null`.
    ///
    /// # Errors
    /// It is not an object (6).
    pub fn runtime_config(&self) -> Result<Option<String>, CniError> {
        Ok(self.runtime_config_tree()?.map(Node::to_text))
    }

    pub(super) fn runtime_config_tree(&self) -> Result<Option<&Node>, CniError> {
        match self.tree.get("runtimeConfig") {
            None | Some(Node::Null) => Ok(None),
            Some(object @ Node::Object(_)) => Ok(Some(object)),
            Some(other) => {
                let error = json::Error::wrong_type(&"an object", &other.shown());
                Err(decoding(error.at_key("runtimeConfig")))
            }
        }
    }

    /// `prevResult`; `None` when it is missing or `null`. `version` is the
    /// configuration's.
    ///
    /// # Errors
    /// It does not decode (6), or is of another version (1).
    pub fn previous(&self, version: SpecVersion) -> Result<Option<Attachment>, CniError> {
        let Some(previous) = self.tree.get("prevResult") else {
            return Ok(None);
        };
        result::parse_previous(previous, version).map_err(|error| match error {
            ResultError::Json(error) => decoding(error.at_key("prevResult")),
            error => {
                let error = CniError::from(error);
                CniError {
                    message: format!("prevResult: {}", error.message),
                    ..error
                }
            }
        })
    }

    /// The attachments that are still in use, on GC. `None` when the caller
    /// did not say, which differs from there being none.
    ///
    /// # Errors
    /// It does not decode (6).
    pub fn valid_attachments(&self) -> Result<Option<Vec<AttachmentKey>>, CniError> {
        attachments::read(&self.tree).map_err(decoding)
    }

    /// The same configuration with another `prevResult`, printed in `version`,
    /// which is the configuration's.
    ///
    /// # Errors
    /// The result can't be expressed in this version (999).
    pub fn with_previous(&self, previous: &Attachment, version: SpecVersion) -> Result<Self, CniError> {
        let printed = result::to_json(previous, version)?;
        let mut tree = self.tree.clone();
        tree.set("prevResult", Node::parse(&printed).map_err(decoding)?);
        Ok(Self {
            text: tree.to_text(),
            tree,
            name: self.name.clone(),
        })
    }

    pub(super) fn key<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Option<T>, CniError> {
        at_path(&self.tree, path).map_err(decoding)
    }
}

/// What an error of the decoder is to the caller.
pub(super) fn decoding(error: impl std::fmt::Display) -> CniError {
    CniError::decoding("failed to decode the network configuration").with_details(error.to_string())
}

/// The keys that `capabilities` has as true.
pub(crate) fn enabled_capabilities(config: &Node) -> Result<Vec<String>, json::Error> {
    let Some(capabilities) = config.get("capabilities") else {
        return Ok(Vec::new());
    };
    let all: std::collections::BTreeMap<String, bool> =
        json::from_value(capabilities).map_err(|error| error.at_key("capabilities"))?;
    let enabled = all.into_iter().filter(|(_, enabled)| *enabled);
    Ok(enabled.map(|(name, _)| name).collect())
}

/// Decodes the value at a path of keys; `None` where it is missing or `null`.
fn at_path<T: DeserializeOwned>(tree: &Node, path: &[&str]) -> Result<Option<T>, json::Error> {
    let Some((key, rest)) = path.split_first() else {
        return json::from_value(tree).map(Some);
    };
    if !matches!(tree, Node::Object(_) | Node::Null) {
        return Err(json::Error::wrong_type(&"an object", &tree.shown()));
    }
    match tree.get(key) {
        None | Some(Node::Null) => Ok(None),
        Some(value) => at_path(value, rest).map_err(|error| error.at_key(key)),
    }
}
