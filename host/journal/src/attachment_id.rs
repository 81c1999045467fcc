use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::hex_of_parts;

/// Hexadecimal digits of a key.
pub(crate) const KEY_LENGTH: usize = 32;

/// Names an attachment: one interface of one container on one network, as far
/// as one unit (a plugin, or a whole chain) made it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttachmentId {
    /// The network configuration's name.
    pub network: String,
    /// `CNI_CONTAINERID`.
    pub container_id: String,
    /// `CNI_IFNAME`.
    pub interface_name: String,
    /// What the runtime called: a plugin's name, or `chain`. In a list that
    /// the runtime walks, each plugin of ours has its own journal.
    pub unit: String,
}

impl AttachmentId {
    /// 32 hexadecimal digits of the SHA-256 over the parts with NUL between
    /// them: a file name whatever the parts hold.
    #[must_use]
    pub fn key(&self) -> String {
        let mut key = hex_of_parts(&[&self.network, &self.container_id, &self.interface_name, &self.unit]);
        key.truncate(KEY_LENGTH);
        key
    }

    /// Whether it is the same interface of the same container on the same
    /// network, whichever unit it is.
    #[must_use]
    pub fn is_with(&self, other: &Self) -> bool {
        self.container_id == other.container_id
            && self.interface_name == other.interface_name
            && self.network == other.network
    }

    /// `NETWORK/CONTAINER/INTERFACE`: short, for errors and comments.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}/{}/{}", self.network, self.container_id, self.interface_name)
    }
}

impl fmt::Display for AttachmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            network,
            container_id,
            interface_name,
            unit,
        } = self;
        write!(
            f,
            "container {container_id} interface {interface_name} of network {network}"
        )?;
        if unit.is_empty() {
            Ok(())
        } else {
            write!(f, " ({unit})")
        }
    }
}

/// Whether a file name is a key.
pub(crate) fn is_key(name: &str) -> bool {
    name.len() == KEY_LENGTH && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(network: &str, container_id: &str, interface_name: &str, unit: &str) -> AttachmentId {
        AttachmentId {
            network: network.to_owned(),
            container_id: container_id.to_owned(),
            interface_name: interface_name.to_owned(),
            unit: unit.to_owned(),
        }
    }

    #[test]
    fn keys_are_file_names_and_tell_attachments_apart() {
        let ids = [
            id("net", "cid", "eth0", "bridge"),
            id("netc", "id", "eth0", "bridge"),
            id("net", "cid", "eth1", "bridge"),
            id("net", "cid", "eth0", "portmap"),
            id("net", "cid", "eth0", ""),
            id("../..", "a/b", "\n", "."),
        ];
        let keys: std::collections::BTreeSet<String> = ids.iter().map(AttachmentId::key).collect();
        assert_eq!(keys.len(), ids.len());
        assert!(keys.iter().all(|key| is_key(key)));
    }

    #[test]
    fn the_name_says_what_is_attached() {
        let name = id("mynet", "c1", "eth0", "bridge").to_string();
        assert_eq!(name, "container c1 interface eth0 of network mynet (bridge)");
    }
}
