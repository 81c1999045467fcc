use std::{net::IpAddr, path::PathBuf};

use cofferdam_network::{
    LinkId, Neighbor, Route, Rule, SysctlKey,
    nftables::{Element, Set, TableId},
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};
use serde::{Deserialize, Serialize};

use super::SharedObject;

/// What puts the kernel back as it was before an operation. Each is harmless
/// when the operation did not happen, and when it is carried out twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Inverse {
    /// Deletes the link of that name (or, renamed since, of the index in the
    /// outcome), if kind and address show that it is the one that was made.
    DeleteLink {
        place: Place,
        name: String,
        kind: String,
        mac: MacAddress,
        index: Option<u32>,
    },
    /// Nothing to do: it goes with a link of this attachment.
    WithLink {
        link: LinkId,
    },
    RestoreUp {
        link: LinkId,
        name: String,
        old: bool,
    },
    RestoreMtu {
        link: LinkId,
        name: String,
        old: u32,
    },
    RestoreMac {
        link: LinkId,
        name: String,
        old: MacAddress,
    },
    RestorePromiscuous {
        link: LinkId,
        name: String,
        old: bool,
    },
    RestoreMaster {
        link: LinkId,
        name: String,
        old: Option<u32>,
    },
    RestoreHairpin {
        link: LinkId,
        name: String,
        old: bool,
    },
    RestoreIsolated {
        link: LinkId,
        name: String,
        old: bool,
    },
    AddAddress {
        link: LinkId,
        name: String,
        address: IpPrefix,
    },
    DeleteAddress {
        link: LinkId,
        name: String,
        address: IpPrefix,
    },
    AddRoute {
        link: LinkId,
        name: String,
        route: Route,
    },
    DeleteRoute {
        link: LinkId,
        name: String,
        route: Route,
    },
    AddRule {
        place: Place,
        rule: Rule,
    },
    DeleteRule {
        place: Place,
        rule: Rule,
    },
    AddNeighbor {
        link: LinkId,
        name: String,
        neighbor: Neighbor,
    },
    DeleteNeighbor {
        link: LinkId,
        name: String,
        neighbor: Neighbor,
    },
    /// Only while the value still is the `new` one.
    RestoreSysctl {
        place: Place,
        key: SysctlKey,
        old: String,
        new: String,
    },
    AddElements {
        place: Place,
        table: TableId,
        set: Set,
        elements: Vec<Element>,
        comment: String,
    },
    /// Only those whose comment is this one.
    DeleteElements {
        place: Place,
        table: TableId,
        set: Set,
        elements: Vec<Element>,
        comment: String,
    },
    /// Leaves an object that attachments share; the last user removes it, if
    /// Cofferdam made it.
    LeaveShared {
        object: SharedObject,
    },
    /// Only one of this attachment.
    FreeSlot {
        counter: String,
        number: u32,
    },
    /// Only a claim of this attachment.
    ReleaseClaim {
        directory: PathBuf,
        address: IpAddr,
    },
}
