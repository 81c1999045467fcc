use cofferdam_protocol::{
    Attachment, NetworkList, ResultError, SpecVersion,
    json::Node,
    result::{parse_output, to_json},
};

/// The result of an ADD.
#[derive(Clone, Debug, PartialEq)]
pub struct AddResult {
    /// The version that the plugin printed it in.
    pub version: SpecVersion,
    /// What the attachment consists of.
    pub attachment: Attachment,
    tree: Node,
}

impl AddResult {
    /// Reads what a plugin printed, or what the cache kept of it. Without a
    /// version of its own it has the network's.
    pub(crate) fn parse(text: &str, network: SpecVersion) -> Result<Self, ResultError> {
        let attachment = parse_output(text, network)?;
        let mut tree = match Node::parse(text)? {
            Node::Null => Node::Object(Vec::new()),
            tree => tree,
        };
        let own = tree.get_exact("cniVersion").and_then(Node::as_str).unwrap_or_default();
        let version = own.parse().unwrap_or(network);
        if own.is_empty() {
            tree.set("cniVersion", Node::from(version.as_str()));
        }
        Ok(Self {
            version,
            attachment,
            tree,
        })
    }

    /// The document, as the plugin printed it.
    #[must_use]
    pub fn document(&self) -> &Node {
        &self.tree
    }

    /// The document in another version. In the same one it stays as it is.
    pub(crate) fn in_version(&self, version: SpecVersion) -> Result<Node, ResultError> {
        if version == self.version {
            return Ok(self.tree.clone());
        }
        Ok(Node::parse(&to_json(&self.attachment, version)?)?)
    }

    /// As a runtime shows it: in the plugin's own version, indented with four
    /// spaces.
    ///
    /// # Errors
    /// The version can't express it.
    pub fn to_json(&self) -> Result<String, ResultError> {
        to_json(&self.attachment, self.version)
    }
}

/// The version of a network that results are exchanged in.
pub(crate) fn version_of(network: &NetworkList) -> Result<SpecVersion, crate::RuntimeError> {
    network.spec_version().map_err(|error| crate::RuntimeError::Version {
        network: network.name.clone(),
        error,
    })
}
