//! Tables, chains, sets and rules of nf_tables, typed and closed: what is not
//! listed here can't be sent to the kernel.

use std::{fmt, net::IpAddr};

use cofferdam_protocol::{IpPrefix, MacAddress};
use serde::{Deserialize, Serialize};

/// Which packets a table sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4 and IPv6.
    Inet,
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// Frames that pass a bridge.
    Bridge,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inet => "inet",
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Bridge => "bridge",
        })
    }
}

/// Names a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableId {
    /// Which packets it sees.
    pub family: Family,
    /// Its name.
    pub name: String,
}

impl fmt::Display for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nftables table {} {}", self.family, self.name)
    }
}

/// The type of one part of a key or of a map's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum ValueType {
    Ipv4Address,
    Ipv6Address,
    EtherAddress,
    InterfaceName,
    Protocol,
    Port,
    Mark,
}

/// One part of a key or of a map's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Value {
    Address(IpAddr),
    Ether(MacAddress),
    InterfaceName(String),
    Protocol(u8),
    Port(u16),
    Mark(u32),
}

/// What happens to a packet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It passes this hook.
    Accept,
    /// It is dropped.
    Drop,
    /// Back to the chain that jumped here.
    Return,
    /// Into a chain of this table and back.
    Jump(String),
    /// Into a chain of this table and not back.
    Goto(String),
}

/// What a map gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// A verdict.
    Verdict,
    /// Values of these types.
    Values(Vec<ValueType>),
}

/// A set, or with `data` a map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// Unique in its table.
    pub name: String,
    /// One type, or several that are looked up together.
    pub key: Vec<ValueType>,
    /// What a map gives.
    pub data: Option<DataType>,
}

/// What a map gives for a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    /// A verdict.
    Verdict(Verdict),
    /// Values.
    Values(Vec<Value>),
}

/// A member of a set or map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Element {
    /// As many parts as the set's key has types.
    pub key: Vec<Value>,
    /// Present in maps.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data: Option<Data>,
}

/// What can be read from a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Field {
    IpSource,
    IpDestination,
    Ip6Source,
    Ip6Destination,
    EtherSource,
    EtherDestination,
    SourcePort,
    DestinationPort,
    Protocol,
    InputInterface,
    OutputInterface,
    Mark,
}

/// Connection tracking states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ConnectionStates {
    pub new: bool,
    pub established: bool,
    pub related: bool,
    pub invalid: bool,
    pub untracked: bool,
}

/// Address types of the routing table (`RTN_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum AddressType {
    Local,
    Unicast,
    Broadcast,
    Multicast,
}

/// A condition of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// A field equals a value.
    Value {
        /// What is read.
        field: Field,
        /// What it is compared with.
        value: Value,
        /// Unequal instead.
        negate: bool,
    },
    /// An address field lies in a network.
    Prefix {
        /// One of the four IP address fields.
        field: Field,
        /// The network.
        prefix: IpPrefix,
        /// Outside instead.
        negate: bool,
    },
    /// Some bits of the mark.
    MarkBits {
        /// The bits that count.
        mask: u32,
        /// What they have to be.
        value: u32,
        /// Anything else instead.
        negate: bool,
    },
    /// Fields are a member of a set.
    InSet {
        /// In the order of the set's key.
        fields: Vec<Field>,
        /// A set of the same table.
        set: String,
        /// No member instead.
        negate: bool,
    },
    /// `ct state` is one of these.
    ConnectionState(ConnectionStates),
    /// `ct status dnat`.
    DestinationTranslated,
    /// `fib daddr type`.
    DestinationType(AddressType),
    /// `fib saddr type`.
    SourceType(AddressType),
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Decide.
    Verdict(Verdict),
    /// Decide by a map; none in it: the next rule.
    VerdictMap {
        /// In the order of the map's key.
        fields: Vec<Field>,
        /// A map of the same table.
        map: String,
    },
    /// Source becomes the address of the outgoing interface.
    Masquerade,
    /// Destination becomes this address and port.
    DestinationNat {
        /// The new address.
        address: IpAddr,
        /// The new port; absent keeps the old.
        port: Option<u16>,
    },
    /// Destination from a map whose values are an address, or an address and
    /// a port.
    DestinationNatMap {
        /// In the order of the map's key.
        fields: Vec<Field>,
        /// A map of the same table.
        map: String,
    },
    /// `mark = mark & ~mask | value`.
    SetMark {
        /// The bits that change.
        mask: u32,
        /// What they become.
        value: u32,
    },
    /// Count packets and bytes.
    Count,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// All have to be true.
    pub matches: Vec<Match>,
    /// One after the other.
    pub actions: Vec<Action>,
    /// Shown by `nft list ruleset`.
    pub comment: Option<String>,
}

/// Where the kernel calls a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Hook {
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

/// What a base chain is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum ChainType {
    Filter,
    Nat,
    Route,
}

/// What makes a chain a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// What it is for.
    pub chain_type: ChainType,
    /// Where it is called.
    pub hook: Hook,
    /// The lowest is called first.
    pub priority: i32,
    /// Drop what no rule decides on.
    pub default_drop: bool,
}

/// A chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Unique in its table.
    pub name: String,
    /// Present in base chains.
    pub base: Option<Base>,
    /// In order.
    pub rules: Vec<Rule>,
}

/// A table with all that does not depend on what is attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub id: TableId,
    /// Sets and maps, empty at first.
    pub sets: Vec<Set>,
    /// Chains; a rule may refer to any of them.
    pub chains: Vec<Chain>,
}

/// A rule that any program may have made, as far as it takes to know it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignRule {
    /// The kernel's number for it, unique in its table.
    pub handle: u64,
    /// What `nft list` or `iptables -m comment` shows; empty when it has none.
    pub comment: String,
    /// The chain that it jumps or goes to.
    pub leads_to: Option<String>,
}
