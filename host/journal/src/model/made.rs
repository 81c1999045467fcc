use cofferdam_network::nftables::Set;
use cofferdam_protocol::MacAddress;
use serde::{Deserialize, Serialize};

use super::same_value;

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
    Address {
        /// Of its link: another of that name is not meant.
        index: Option<u32>,
    },
    /// A setting of a link, as a number; a switch is 0 or 1.
    LinkSetting {
        /// Before.
        old: u32,
        /// Since.
        new: u32,
        /// Of its link: another of that name is not meant.
        index: Option<u32>,
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
        /// Its sets, for the types of their keys, with those of earlier
        /// declarations.
        sets: Vec<Set>,
        /// The names of its chains, with those of earlier declarations.
        #[serde(default)]
        chains: Vec<String>,
    },
    /// A chain.
    Chain {
        /// Of its declaration.
        digest: String,
    },
}

impl Made {
    /// The record after a further change. Where it replaces a value that we
    /// had set, what goes back in the end is what was there before both.
    pub(crate) fn following(self, earlier: Option<&Self>) -> Self {
        match (self, earlier) {
            (Self::Sysctl { old, new }, Some(Self::Sysctl { old: first, new: ours })) if same_value(&old, ours) => {
                Self::Sysctl {
                    old: first.clone(),
                    new,
                }
            }
            (
                Self::LinkSetting { old, new, index },
                Some(Self::LinkSetting {
                    old: first,
                    new: ours,
                    index: same,
                }),
            ) if old == *ours && index == *same => Self::LinkSetting {
                old: *first,
                new,
                index,
            },
            (made, _) => made,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sysctl(old: &str, new: &str) -> Made {
        Made::Sysctl {
            old: old.to_owned(),
            new: new.to_owned(),
        }
    }

    fn setting(old: u32, new: u32, index: u32) -> Made {
        Made::LinkSetting {
            old,
            new,
            index: Some(index),
        }
    }

    #[test]
    fn what_goes_back_is_what_was_there_before_all_of_ours() {
        for (earlier, next, expected) in [
            (None, sysctl("0", "1"), sysctl("0", "1")),
            (Some(sysctl("0", "1")), sysctl("1", "2"), sysctl("0", "2")),
            // The kernel writes a tab where a blank was given.
            (Some(sysctl("1 2", "3 4")), sysctl("3\t4", "5 6"), sysctl("1 2", "5 6")),
            // Somebody else set it meanwhile: theirs is what goes back.
            (Some(sysctl("0", "1")), sysctl("7", "2"), sysctl("7", "2")),
            (Some(setting(0, 1, 5)), setting(1, 0, 5), setting(0, 0, 5)),
            // Another link of the same name.
            (Some(setting(0, 1, 5)), setting(1, 0, 6), setting(1, 0, 6)),
            (Some(Made::Address { index: None }), sysctl("0", "1"), sysctl("0", "1")),
        ] {
            assert_eq!(next.following(earlier.as_ref()), expected);
        }
    }
}
