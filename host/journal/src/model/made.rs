use cofferdam_network::nftables::Set;
use cofferdam_protocol::MacAddress;
use serde::{Deserialize, Serialize};

/// What Cofferdam made of a shared object, as far as it takes to know it
/// again and to put back what was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Made {
    /// A bridge.
    Bridge {
        /// Chosen at random: the bridge's identity.
        mac: MacAddress,
        /// Where it is known.
        index: Option<u32>,
    },
    /// An address.
    Address,
    /// A setting of a link, as a number; a switch is 0 or 1.
    LinkSetting {
        /// Before.
        old: u32,
        /// Since.
        new: u32,
    },
    /// A kernel setting.
    Sysctl {
        /// Before.
        old: String,
        /// Since.
        new: String,
    },
    /// A table.
    Table {
        /// Of its declaration.
        digest: String,
        /// Its sets, for the types of their keys.
        sets: Vec<Set>,
    },
    /// A chain.
    Chain {
        /// Of its declaration.
        digest: String,
    },
}
