use super::{
    AttachmentKey, PluginConfig, attachments,
    plugin::{decoding, enabled_capabilities},
};
use crate::{CniError, json::Node};

/// What a runtime puts into a plugin's object of a list to make that plugin's
/// stdin (section 3 of the specification, "deriving execution configuration").
#[derive(Clone, Copy, Debug)]
pub struct Injection<'a> {
    /// The network's name.
    pub name: &'a str,
    /// The version in use.
    pub version: &'a str,
    /// The previous plugin's result, or the final one; `None` leaves the
    /// object's own `prevResult`.
    pub previous: Option<&'a Node>,
    /// An object with what the runtime has to offer, by capability. Keys which
    /// the plugin's `capabilities` have as true become its `runtimeConfig`;
    /// where none is, the object's own stays.
    pub capability_args: Option<&'a Node>,
    /// On GC, the attachments that are still in use.
    pub valid_attachments: Option<&'a [AttachmentKey]>,
}

impl Injection<'_> {
    /// The configuration that the plugin is given.
    ///
    /// # Errors
    /// The object is none, its `capabilities` do not decode (6), or the
    /// network's name is not valid (7).
    pub fn apply(&self, plugin: &Node) -> Result<PluginConfig, CniError> {
        let mut config = plugin.clone();
        config.set("cniVersion", Node::from(self.version));
        config.set("name", Node::from(self.name));
        if let Some(previous) = self.previous {
            config.set("prevResult", previous.clone());
        }
        if let Some(runtime_config) = self.runtime_config(plugin)? {
            config.set("runtimeConfig", runtime_config);
        }
        if let Some(valid) = self.valid_attachments {
            attachments::write(&mut config, valid);
        }
        // The reference library leaves no plugin anything else to read.
        config.write_whole_numbers_plainly();
        PluginConfig::from_tree(config)
    }

    fn runtime_config(&self, plugin: &Node) -> Result<Option<Node>, CniError> {
        let Some(offered) = self.capability_args else {
            return Ok(None);
        };
        let wanted = enabled_capabilities(plugin).map_err(decoding)?;
        let taken: Vec<(String, Node)> = offered
            .entries()
            .iter()
            .filter(|(key, _)| wanted.contains(key))
            .cloned()
            .collect();
        Ok((!taken.is_empty()).then_some(Node::Object(taken)))
    }
}
