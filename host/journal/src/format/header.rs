use std::time::{SystemTime, UNIX_EPOCH};

use cofferdam_network::namespace::NamespaceIdentity;
use serde::{Deserialize, Serialize};

use crate::{AttachmentId, boot};

/// The format that this version writes. A reader refuses newer ones; fields
/// that it does not know are no new format.
pub const FORMAT_VERSION: u32 = 1;

/// The first line of a journal: whose it is and who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT_VERSION`] of the writer.
    pub version: u32,
    /// `/proc/sys/kernel/random/boot_id` of the boot that it describes.
    pub boot_id: String,
    /// Whose journal this is.
    pub attachment: AttachmentId,
    /// The container's namespace.
    pub namespace: Option<NamespaceRecord>,
    /// The plugins that ran, in order.
    pub plugins: Vec<PluginRecord>,
    /// Who wrote it.
    pub pid: u32,
    /// When, in milliseconds since 1970.
    pub started: u64,
    /// SHA-256 of the network configuration.
    pub config_digest: String,
}

/// Which namespace an attachment was made in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceRecord {
    /// Device and inode.
    pub identity: NamespaceIdentity,
    /// `CNI_NETNS`.
    pub path: String,
    /// `SO_NETNS_COOKIE`, where the kernel gives one. Unlike the identity it
    /// is never used again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cookie: Option<u64>,
}

impl NamespaceRecord {
    /// Whether both are the same namespace, by whatever path: the kernel soon
    /// gives the inode number of one that is gone to a new one.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let differ = |(one, other): (u64, u64)| one != other;
        self.identity == other.identity && !self.cookie.zip(other.cookie).is_some_and(differ)
    }

    /// What the namespace is known by in a file name: the cookie; where there
    /// is none, the identity.
    pub(crate) fn key(&self) -> String {
        match self.cookie {
            Some(cookie) => format!("{cookie:x}"),
            None => format!("{:x}-{:x}", self.identity.device, self.identity.inode),
        }
    }
}

/// A plugin that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginRecord {
    /// Its name.
    pub name: String,
    /// Of its component.
    pub digest: Option<String>,
}

impl Header {
    /// A header of this process, in this boot. `started` is in milliseconds
    /// since 1970.
    #[must_use]
    pub fn new(
        attachment: AttachmentId,
        namespace: Option<NamespaceRecord>,
        plugins: Vec<PluginRecord>,
        started: u64,
        config_digest: String,
    ) -> Self {
        Self {
            version: FORMAT_VERSION,
            boot_id: boot::boot_id().to_owned(),
            attachment,
            namespace,
            plugins,
            pid: std::process::id(),
            started,
            config_digest,
        }
    }

    /// Whether the kernel state that the journal describes went with an
    /// earlier boot.
    #[must_use]
    pub fn is_of_earlier_boot(&self) -> bool {
        boot::is_earlier(&self.boot_id)
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(inode: u64, path: &str, cookie: Option<u64>) -> NamespaceRecord {
        NamespaceRecord {
            identity: NamespaceIdentity { device: 4, inode },
            path: path.to_owned(),
            cookie,
        }
    }

    #[test]
    fn a_namespace_is_known_by_what_is_never_used_again() {
        let made_in = record(7, "/run/netns/a", Some(100));
        for (other, same) in [
            (record(7, "/run/netns/a", Some(100)), true),
            (record(7, "/proc/1/ns/net", Some(100)), true),
            (record(7, "/run/netns/a", Some(101)), false),
            (record(8, "/run/netns/a", Some(100)), false),
            // The kernel, or who wrote it, knows no cookies.
            (record(7, "/run/netns/a", None), true),
            (record(8, "/run/netns/a", None), false),
        ] {
            assert_eq!(made_in.is_same(&other), same, "{other:?}");
            assert_eq!(other.is_same(&made_in), same, "{other:?}");
        }
    }
}
