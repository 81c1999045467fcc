use serde::Deserialize;

/// One call of the host, as a configuration writes it. Links are named by the
/// order in which the script got them, the first is 0; `{n}` in a text is the
/// number of the round of the innermost `repeat`, which is added to marks of
/// rules and priorities of routes.
///
/// What the contract leaves open (lengths, numbers, characters) is open here.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Call {
    /// `times` rounds of `calls`.
    Repeat {
        times: u32,
        calls: Vec<Call>,
    },
    /// Forgets all links but the first `keep`: their handles are dropped.
    Drop {
        keep: usize,
    },
    /// Ends with what was seen as the failure.
    Tell,
    /// Ends with a trap.
    Trap,
    Log {
        text: String,
    },

    /// Has a request sent; `bytes` more stand at the end of its body.
    Request {
        method: String,
        url: String,
        #[serde(default)]
        headers: Vec<(String, String)>,
        #[serde(default)]
        body: String,
        #[serde(default)]
        bytes: usize,
    },

    Find {
        r#in: In,
        name: String,
    },
    Bridge {
        r#in: In,
        name: String,
    },
    /// Gets two links: the first end, and the second.
    Veth {
        first: End,
        second: End,
    },
    /// Gets a link by itself, by what the kernel calls its kind.
    Create {
        r#in: In,
        name: String,
        kind: String,
        /// Of a link that the script has.
        parent: Option<usize>,
        mode: Option<String>,
        vlan: Option<u16>,
        table: Option<u32>,
        mac: Option<[u8; 6]>,
    },
    /// Gets the link of the first default route.
    DefaultLink {
        r#in: In,
    },
    /// Gets the link that one is upon.
    Parent {
        link: usize,
    },
    Info {
        link: usize,
    },
    Up {
        link: usize,
    },
    Down {
        link: usize,
    },
    Mtu {
        link: usize,
        mtu: u32,
    },
    Mac {
        link: usize,
        mac: [u8; 6],
    },
    Promiscuous {
        link: usize,
        on: bool,
    },
    Master {
        link: usize,
        master: usize,
    },
    Hairpin {
        link: usize,
        on: bool,
    },
    AllMulticast {
        link: usize,
        on: bool,
    },
    QueueLength {
        link: usize,
        packets: u32,
    },
    Isolated {
        link: usize,
        on: bool,
    },
    /// Puts a port into VLANs, first and last of each range; the first of them
    /// has its untagged frames.
    Vlans {
        link: usize,
        vlans: Vec<[u16; 2]>,
    },
    /// Gets the node's way into a VLAN of a bridge.
    VlanGateway {
        link: usize,
        vlan: u16,
    },
    /// Gets a VXLAN; `link` is the bridge.
    Vxlan {
        link: usize,
        name: String,
        id: u32,
        port: Option<u16>,
        local: Option<String>,
        group: Option<String>,
        parent: Option<usize>,
    },
    AddPeer {
        link: usize,
        peer: String,
    },
    Peers {
        link: usize,
    },
    /// Gets a VRF.
    Vrf {
        r#in: In,
        name: String,
        table: Option<u32>,
    },
    /// Gets the other end.
    Peer {
        link: usize,
    },
    Wait {
        link: usize,
        milliseconds: u32,
    },
    Delete {
        link: usize,
    },

    AddAddress {
        link: usize,
        address: String,
    },
    DeleteAddress {
        link: usize,
        address: String,
    },
    Addresses {
        link: usize,
    },
    WaitUsable {
        link: usize,
        milliseconds: u32,
    },
    AddRoute {
        link: usize,
        #[serde(flatten)]
        route: Route,
    },
    DeleteRoute {
        link: usize,
        #[serde(flatten)]
        route: Route,
    },
    Routes {
        link: usize,
        table: Option<u32>,
    },
    AddRule {
        r#in: In,
        #[serde(flatten)]
        rule: Rule,
    },
    DeleteRule {
        r#in: In,
        #[serde(flatten)]
        rule: Rule,
    },
    Rules {
        r#in: In,
    },
    AddNeighbor {
        link: usize,
        address: String,
        mac: [u8; 6],
    },
    DeleteNeighbor {
        link: usize,
        address: String,
    },
    Neighbors {
        link: usize,
    },

    Limit {
        link: usize,
        rate: u64,
    },
    IsLimited {
        link: usize,
        rate: u64,
    },
    Redirect {
        link: usize,
        to: usize,
    },
    IsRedirected {
        link: usize,
        to: usize,
    },
    Forget {
        r#in: In,
        ports: Vec<u16>,
        address: Option<String>,
    },

    ReadSetting {
        r#in: In,
        key: Vec<String>,
    },
    WriteSetting {
        r#in: In,
        key: Vec<String>,
        value: String,
    },

    EnsureTable {
        r#in: In,
        table: Table,
    },
    EnsureChain {
        r#in: In,
        table: TableName,
        chain: Chain,
    },
    AddElements {
        r#in: In,
        #[serde(flatten)]
        elements: Elements,
    },
    ShareElements {
        r#in: In,
        #[serde(flatten)]
        elements: Elements,
    },
    AcceptForwarding {
        address: String,
        first: String,
    },
    AcceptPublished {
        address: String,
    },
    IsAccepted {
        address: String,
        first: String,
    },
    HasZones,
    JoinZone {
        address: String,
        zone: String,
    },
    IsInZone {
        address: String,
        zone: String,
    },
    ReadAllowList,
    DeleteElements {
        r#in: In,
        #[serde(flatten)]
        elements: Elements,
    },
    HasElements {
        r#in: In,
        #[serde(flatten)]
        elements: Elements,
    },

    OpenRecords,
    CloseRecords,
    Claim {
        name: String,
    },
    Owner {
        name: String,
    },
    Release {
        name: String,
    },
    Owned,
    Claims,
    ReleaseStale {
        name: String,
    },
    ReadValue {
        name: String,
    },
    WriteValue {
        name: String,
        value: String,
    },

    /// Gets an exchange; they are counted like links.
    Exchange {
        link: usize,
        local: u16,
        remote: u16,
    },
    /// To all, with a payload of so many bytes.
    Send {
        exchange: usize,
        source: String,
        bytes: usize,
    },
    Receive {
        exchange: usize,
        milliseconds: u32,
    },
    /// A state of so many bytes; a farewell on the first exchange, from this
    /// source.
    Keep {
        address: Option<String>,
        bytes: usize,
        farewell: Option<String>,
    },
    Kept,

    ReadResolver,
    Delegate,

    /// Gets a link of the node into the container; by one of these.
    Take {
        name: String,
        device: Option<String>,
        mac: Option<[u8; 6]>,
        path: Option<String>,
        pci: Option<String>,
    },
    GiveBack {
        name: String,
    },
}

/// Which namespace.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum In {
    Host,
    Container,
}

/// An end of a veth pair.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    pub(crate) r#in: In,
    pub(crate) name: Option<String>,
    pub(crate) mac: Option<[u8; 6]>,
    pub(crate) mtu: Option<u32>,
    pub(crate) master: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Route {
    pub(crate) to: String,
    pub(crate) via: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) priority: Option<u32>,
    pub(crate) table: Option<u32>,
    pub(crate) scope: Option<u8>,
    pub(crate) mtu: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Rule {
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    #[serde(default)]
    pub(crate) ipv6: bool,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) mark: Option<u32>,
    pub(crate) priority: Option<u32>,
    pub(crate) table: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TableName {
    pub(crate) family: String,
    pub(crate) name: String,
}

/// A table with sets of IPv4 addresses, or of what their names say: `links`,
/// `ports`, and maps `published` (address and port by port) and
/// `…-verdicts`. After a colon stands a name that says it instead.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) family: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) sets: Vec<String>,
    #[serde(default)]
    pub(crate) chains: Vec<Chain>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chain {
    pub(crate) name: String,
    /// `filter`, `nat` or `route`, at a hook, with a priority.
    pub(crate) base: Option<(String, String, i32)>,
    #[serde(default)]
    pub(crate) drop: bool,
    /// `ACTION` or `ACTION if MATCH and MATCH`. Actions are `drop`, `accept`,
    /// `masquerade`, `mark`, `jump CHAIN`, `goto CHAIN`, `dnat ADDRESS`,
    /// `publish MAP` (by protocol and destination port) and `decide MAP` (by
    /// source). Matches are `from`, `to`, `in`, `out` and `port` with a value or
    /// `@SET`, and `local`, `marked`; with `not` before them the contrary.
    #[serde(default)]
    pub(crate) rules: Vec<String>,
    #[serde(default)]
    pub(crate) comment: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Elements {
    pub(crate) family: String,
    pub(crate) table: String,
    pub(crate) set: String,
    /// The first address of their keys.
    pub(crate) address: Option<String>,
    /// How many, from the first on.
    #[serde(default = "one")]
    pub(crate) count: u32,
    /// A link as the key instead.
    pub(crate) link: Option<String>,
    /// A protocol and a port as the key instead, the first of their keys.
    pub(crate) port: Option<u16>,
    #[serde(default = "tcp")]
    pub(crate) protocol: u8,
    /// Address and port that a map gives.
    pub(crate) to: Option<std::net::SocketAddrV4>,
    /// The verdict that a map gives, as an action.
    pub(crate) verdict: Option<String>,
}

fn one() -> u32 {
    1
}

/// `IPPROTO_TCP`.
fn tcp() -> u8 {
    6
}
