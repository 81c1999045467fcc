use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::nftables::{Family, TableId};

/// The chain of iptables in which what containers send is accepted.
pub const FORWARDING_CHAIN: &str = "CNI-FORWARD";
/// The chain of iptables that the kernel asks about all that is forwarded.
pub const FORWARD_CHAIN: &str = "FORWARD";

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

/// Which packets of an address the node's iptables accepts when it forwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forwarded {
    /// What it sends, and what answers it.
    #[default]
    Sent,
    /// What is of connections that a translation of their destination led to
    /// it, both ways.
    Published,
}

impl Forwarded {
    /// The chain that has the rules. What is sent is accepted before all that
    /// others say, as the reference plugin `firewall` does. Published ports are
    /// a way in: rules against it that are there go before, and only a policy
    /// to drop what no rule says anything of comes after.
    #[must_use]
    pub fn chain(self) -> &'static str {
        match self {
            Self::Sent => FORWARDING_CHAIN,
            Self::Published => FORWARD_CHAIN,
        }
    }

    /// In the middle of a sentence: `what 10.22.0.2 forwards`.
    #[must_use]
    pub fn of(self, address: IpAddr) -> String {
        match self {
            Self::Sent => format!("what {address} forwards"),
            Self::Published => format!("what published ports lead to {address}"),
        }
    }
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
