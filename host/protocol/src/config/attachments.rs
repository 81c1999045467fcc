use serde::Deserialize;

use crate::json::{self, Node};

/// Keys of the attachments that are still in use, on GC: the specification's,
/// and the one that its first text of 1.1.0 had by mistake.
pub(super) const KEYS: [&str; 2] = ["cni.dev/valid-attachments", "cni.dev/attachments"];

/// Names one attachment of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(default)]
pub struct AttachmentKey {
    /// `CNI_CONTAINERID`
    #[serde(rename = "containerID")]
    pub container_id: String,
    /// `CNI_IFNAME`
    #[serde(rename = "ifname")]
    pub interface_name: String,
}

impl AttachmentKey {
    fn to_node(&self) -> Node {
        Node::Object(vec![
            ("containerID".to_owned(), Node::from(self.container_id.as_str())),
            ("ifname".to_owned(), Node::from(self.interface_name.as_str())),
        ])
    }
}

/// The list of a configuration; `None` when it has none. `null` is an empty
/// list.
pub(super) fn read(config: &Node) -> Result<Option<Vec<AttachmentKey>>, json::Error> {
    let found = KEYS.into_iter().find_map(|key| Some((key, config.get(key)?)));
    found
        .map(|(key, list)| json::from_value(list).map_err(|error| error.at_key(key)))
        .transpose()
}

/// Sets the list, under both keys.
pub(super) fn write(config: &mut Node, attachments: &[AttachmentKey]) {
    for key in KEYS {
        let list = attachments.iter().map(AttachmentKey::to_node).collect();
        config.set(key, Node::Array(list));
    }
}
