use cofferdam_network::nftables::{Element, Set};
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
    /// A link that is no bridge.
    Link {
        /// As the kernel calls it.
        kind: String,
        /// Chosen at random: the link's identity.
        mac: MacAddress,
    },
    /// A node that a VXLAN sends to.
    VxlanPeer {
        /// Of the VXLAN: another of that name is not meant.
        index: u32,
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
        /// The plugin that declared it, and that alone may use it; empty in
        /// records that did not have it.
        #[serde(default)]
        plugin: String,
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
    /// An element of a set.
    Element {
        /// The set, for the types of its key.
        set: Set,
        /// The element.
        element: Element,
    },
    /// A rule of iptables that leads to a chain.
    ForwardingLead {
        /// Whether the chain was made as well.
        with_chain: bool,
    },
}

impl Made {
    /// The record of a setting that was found as it is wanted: others get to
    /// know the value, and nothing goes back. `None` for other objects.
    #[must_use]
    pub fn as_found(&self) -> Option<Self> {
        match self {
            Self::Sysctl { new, .. } => Some(Self::Sysctl {
                old: new.clone(),
                new: new.clone(),
            }),
            Self::LinkSetting { new, index, .. } => Some(Self::LinkSetting {
                old: *new,
                new: *new,
                index: *index,
            }),
            _ => None,
        }
    }

    /// Whether it is the record of a setting that nobody had to change.
    pub(crate) fn is_as_found(&self) -> bool {
        self.as_found().is_some_and(|found| found == *self)
    }

    /// Whether those who share a setting on record can do with this one, too.
    #[must_use]
    pub fn agrees_with(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Sysctl { new: shared, .. }, Self::Sysctl { new, .. }) => same_value(shared, new),
            (
                Self::LinkSetting {
                    new: shared, index: of, ..
                },
                Self::LinkSetting { new, index, .. },
            ) => of != index || shared == new,
            _ => true,
        }
    }

    /// The value of a setting, for errors.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Sysctl { new, .. } => new.clone(),
            Self::LinkSetting { new, .. } => new.to_string(),
            _ => String::new(),
        }
    }

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
            (Self::ForwardingLead { with_chain }, Some(Self::ForwardingLead { with_chain: before })) => {
                Self::ForwardingLead {
                    with_chain: with_chain || *before,
                }
            }
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

    #[test]
    fn what_was_found_as_wanted_is_on_record_and_nothing_goes_back() {
        assert_eq!(sysctl("0", "1").as_found(), Some(sysctl("1", "1")));
        assert!(sysctl("1", "1").is_as_found() && !sysctl("0", "1").is_as_found());
        assert_eq!(setting(0, 1, 5).as_found(), Some(setting(1, 1, 5)));
        assert_eq!(Made::Address { index: None }.as_found(), None);
        assert!(!Made::Address { index: None }.is_as_found());
    }

    #[test]
    fn a_setting_agrees_with_the_same_value_of_the_same_link() {
        for (shared, wanted, agrees) in [
            (sysctl("0", "1"), sysctl("9", "01"), true),
            (sysctl("0", "1"), sysctl("1", "0"), false),
            (setting(0, 1, 5), setting(1, 1, 5), true),
            (setting(0, 1, 5), setting(1, 0, 5), false),
            (setting(0, 1, 5), setting(1, 0, 6), true),
        ] {
            assert_eq!(shared.agrees_with(&wanted), agrees, "{shared:?} {wanted:?}");
        }
    }
}
