use std::fmt;

use crate::{
    AttachmentId,
    boot::{boot_tag, is_earlier_tag},
    names::{escape, unescape},
};

/// Whose a thing is: an attachment, and the plugin that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedBy {
    /// The attachment.
    pub attachment: AttachmentId,
    /// The plugin.
    pub plugin: String,
    boot: String,
}

impl OwnedBy {
    /// An owner in this boot.
    #[must_use]
    pub fn new(attachment: &AttachmentId, plugin: &str) -> Self {
        Self {
            attachment: attachment.clone(),
            plugin: plugin.to_owned(),
            boot: boot_tag().to_owned(),
        }
    }

    /// Whether it is the same interface of the same container on the same
    /// network: what one unit made the others may reach.
    #[must_use]
    pub fn is_of(&self, attachment: &AttachmentId) -> bool {
        self.attachment.is_with(attachment)
    }

    pub(super) fn is_of_earlier_boot(&self) -> bool {
        is_earlier_tag(&self.boot)
    }

    /// `NETWORK/CONTAINER/INTERFACE/UNIT/PLUGIN/BOOT`.
    pub(crate) fn to_text(&self) -> String {
        let id = &self.attachment;
        let parts = [
            &id.network,
            &id.container_id,
            &id.interface_name,
            &id.unit,
            &self.plugin,
            &self.boot,
        ];
        parts.map(|part| escape(part)).join("/")
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<String> = text.split('/').map(unescape).collect::<Option<_>>()?;
        let [network, container_id, interface_name, unit, plugin, boot] = parts.try_into().ok()?;
        Some(Self {
            attachment: AttachmentId {
                network,
                container_id,
                interface_name,
                unit,
            },
            plugin,
            boot,
        })
    }
}

/// `attachment NETWORK/CONTAINER/INTERFACE`, for errors.
impl fmt::Display for OwnedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attachment {}", self.attachment.label())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(parts: [&str; 4]) -> AttachmentId {
        let [network, container_id, interface_name, unit] = parts.map(str::to_owned);
        AttachmentId {
            network,
            container_id,
            interface_name,
            unit,
        }
    }

    #[test]
    fn an_attachment_is_its_own_whichever_unit_it_is() {
        let by = OwnedBy::new(&id(["net", "c1", "eth0", "bridge"]), "bridge");
        for (other, own) in [
            (["net", "c1", "eth0", "bridge"], true),
            (["net", "c1", "eth0", "chain"], true),
            (["net", "c1", "eth1", "bridge"], false),
            (["net", "c2", "eth0", "bridge"], false),
            (["other", "c1", "eth0", "bridge"], false),
        ] {
            assert_eq!(by.is_of(&id(other)), own, "{other:?}");
        }
        assert_eq!(by.to_string(), "attachment net/c1/eth0");
    }

    #[test]
    fn what_is_no_owner_is_refused() {
        for text in ["", "a/b", "a/b/c/d/e/f/g", "a/b/c/d/%/f", "/etc/passwd"] {
            assert_eq!(OwnedBy::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(network in ".*", container in ".*", interface in ".*", plugin in ".*") {
            let by = OwnedBy::new(&id([&network, &container, &interface, &plugin]), &plugin);
            prop_assert_eq!(OwnedBy::parse(&by.to_text()), Some(by));
        }
    }
}
