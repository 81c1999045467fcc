use cofferdam_protocol::IpPrefix;
use serde::{Deserialize, Serialize};

/// A routing policy rule that looks into a table. What is absent matches
/// anything, and is the kernel's choice where it has to be something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Whether it is about IPv6 packets.
    pub ipv6: bool,
    /// Source network.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<IpPrefix>,
    /// Destination network.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub destination: Option<IpPrefix>,
    /// Name of the interface that the packet came in by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input_interface: Option<String>,
    /// Name of the interface that the packet's socket is bound to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output_interface: Option<String>,
    /// Firewall mark.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mark: Option<u32>,
    /// The lowest is asked first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub priority: Option<u32>,
    /// Routing table to look into.
    pub table: u32,
}

impl Rule {
    /// Whether a rule as the kernel tells it is just the one that was added by
    /// this description; a priority that was left out was the kernel's choice.
    #[must_use]
    pub fn describes(&self, present: &Self) -> bool {
        let described = Self {
            priority: self.priority.or(present.priority),
            ..self.clone()
        };
        *present == described
    }

    /// Whether the kernel would take the other rule for this one when it is to
    /// delete this one: what is left out matches anything.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        fn agrees<T: PartialEq>(given: Option<&T>, present: Option<&T>) -> bool {
            given.is_none() || given == present
        }
        other.ipv6 == self.ipv6
            && other.table == self.table
            && agrees(self.priority.as_ref(), other.priority.as_ref())
            && agrees(self.source.as_ref(), other.source.as_ref())
            && agrees(self.destination.as_ref(), other.destination.as_ref())
            && agrees(self.input_interface.as_ref(), other.input_interface.as_ref())
            && agrees(self.output_interface.as_ref(), other.output_interface.as_ref())
            && agrees(self.mark.as_ref(), other.mark.as_ref())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rule(source: Option<&str>, priority: Option<u32>) -> Rule {
        Rule {
            ipv6: false,
            source: source.map(|source| source.parse().unwrap()),
            destination: None,
            input_interface: None,
            output_interface: None,
            mark: None,
            priority,
            table: 100,
        }
    }

    #[test]
    fn a_description_covers_more_than_it_describes() {
        let from = Some("10.0.0.5/32");
        for (given, present, describes, covers) in [
            (rule(from, Some(7)), rule(from, Some(7)), true, true),
            (rule(from, None), rule(from, Some(7)), true, true),
            (rule(from, Some(8)), rule(from, Some(7)), false, false),
            (rule(None, None), rule(from, Some(7)), false, true),
            (rule(from, None), rule(None, Some(7)), false, false),
        ] {
            assert_eq!(given.describes(&present), describes, "{given:?} {present:?}");
            assert_eq!(given.covers(&present), covers, "{given:?} {present:?}");
        }
        let other = Rule { table: 101, ..rule(from, Some(7)) };
        assert!(!rule(None, None).covers(&other));
    }
}
