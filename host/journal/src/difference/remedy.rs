use std::{net::IpAddr, path::PathBuf};

use cofferdam_network::{
    Forwarded, ForwardingLead, LinkId, Neighbor, PortVlans, RateLimit, Route, RouteMode, Rule, SysctlKey,
    nftables::{Chain, Element, Set, Table, TableId},
};
use cofferdam_protocol::{IpPrefix, Place};

use super::part::Value;

/// What puts back what is missing, or was changed. Each fails, and changes
/// nothing, where something of somebody else's is in its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    Setting {
        link: LinkId,
        value: Value,
    },
    PortVlans {
        link: LinkId,
        vlans: PortVlans,
    },
    VxlanPeer {
        link: LinkId,
        peer: IpAddr,
    },
    Address {
        link: LinkId,
        address: IpPrefix,
        skip_duplicate_detection: bool,
    },
    Route {
        link: LinkId,
        route: Route,
        mode: RouteMode,
    },
    Rule {
        place: Place,
        rule: Rule,
    },
    Neighbor {
        link: LinkId,
        neighbor: Neighbor,
    },
    Sysctl {
        place: Place,
        key: SysctlKey,
        value: String,
    },
    /// Makes a table that is gone.
    Table {
        place: Place,
        table: Table,
    },
    /// Puts chains and rules back into a table that is there.
    Chains {
        place: Place,
        table: Table,
    },
    /// Makes a chain that is gone.
    Chain {
        place: Place,
        table: TableId,
        sets: Vec<Set>,
        chain: Chain,
    },
    Element {
        place: Place,
        table: TableId,
        set: Set,
        element: Element,
        comment: String,
    },
    RateLimit {
        link: LinkId,
        limit: RateLimit,
    },
    Redirect {
        link: LinkId,
        to: u32,
    },
    ForwardingLead(ForwardingLead),
    Forwarding(IpAddr, Forwarded),
    Zone(IpAddr, String),
    Claim {
        directory: PathBuf,
        address: IpAddr,
    },
}
