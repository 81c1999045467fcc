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
