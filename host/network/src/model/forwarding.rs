use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::nftables::{Family, TableId};

/// The chain of iptables in which what is forwarded for containers is
/// accepted.
pub const FORWARDING_CHAIN: &str = "CNI-FORWARD";

/// A chain of the table `filter` that iptables keeps in nf_tables, and the
/// rule by which another one leads to it before all else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ForwardingLead {
    /// Whether it is in the table of `ip6tables`.
    pub ipv6: bool,
    /// The chain that leads.
    pub from: String,
    /// The chain that it leads to.
    pub chain: String,
    /// What `iptables -S` shows with the rule.
    pub comment: String,
}

impl ForwardingLead {
    /// The table.
    #[must_use]
    pub fn table(&self) -> TableId {
        forwarding_table(self.ipv6)
    }
}

impl fmt::Display for ForwardingLead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rule of chain {} that leads to chain {} of {}",
            self.from,
            self.chain,
            self.table()
        )
    }
}

/// The table of iptables that decides on what addresses of a family forward.
#[must_use]
pub fn forwarding_table(ipv6: bool) -> TableId {
    TableId {
        family: if ipv6 { Family::Ip6 } else { Family::Ip },
        name: "filter".to_owned(),
    }
}

/// The same by an address.
#[must_use]
pub fn forwarding_table_of(address: IpAddr) -> TableId {
    forwarding_table(address.is_ipv6())
}
