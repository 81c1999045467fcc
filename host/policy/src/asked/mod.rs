//! A question in words, as an operator types it.

mod error;
mod words;

use std::{net::IpAddr, path::PathBuf};

use cofferdam_protocol::{IpPrefix, Place, Url};

use crate::{
    dimension::Dimension,
    grant::MAIN_TABLE,
    mark::Mark,
    operation::Operation,
    packets::Packets,
    question::{Question, Upon},
};
pub use error::AskError;
use words::Words;

/// A [`Question`] that owns its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    operation: Operation,
    place: Place,
    kind: Option<String>,
    /// Of a link, an nftables table's set, or an IPAM plugin.
    name: String,
    setting: String,
    parent: Option<String>,
    mode: Option<String>,
    vlan: Option<u16>,
    /// The same as a range, of a bridge.
    joined: Vec<(u16, u16)>,
    vni: Option<u32>,
    prefix: Option<IpPrefix>,
    table: Option<u32>,
    priority: Option<u32>,
    key: Vec<String>,
    value: String,
    family: String,
    table_name: String,
    hooks: Vec<(String, i32)>,
    packets: Vec<Packets>,
    marks: Vec<Mark>,
    addresses: Vec<IpAddr>,
    links: Vec<String>,
    ports: Vec<u16>,
    path: PathBuf,
    method: String,
    url: Url,
}

impl Asked {
    /// Reads the name of an operation, and words such as `in=host` and
    /// `name=cni0`: the keys of a grant, each in the singular. `host` and
    /// `container` alone stand for `in=…`.
    ///
    /// # Errors
    /// The operation or a word is not known, one is missing, or is not of its
    /// form.
    pub fn read<'w>(operation: &str, words: impl IntoIterator<Item = &'w str>) -> Result<Self, AskError> {
        let operation = Operation::from_name(operation).ok_or_else(|| AskError::operation(operation))?;
        let mut words = Words::read(operation, words)?;
        let in_place = operation.dimension(Dimension::Place.key()).is_some();
        let is_look = operation == Operation::LinkSee;
        let vlan = words
            .number(Dimension::Vlans)?
            .and_then(|number| u16::try_from(number).ok());
        let asked = Self {
            operation,
            place: if in_place { words.place()? } else { Place::Host },
            kind: if is_look {
                words.optional(Dimension::Kinds)?.map(kind)
            } else {
                words.required(Dimension::Kinds)?.map(kind)
            },
            name: words.first_of(&[
                Dimension::LinkNames,
                Dimension::Sets,
                Dimension::Chains,
                Dimension::Zones,
                Dimension::Plugins,
            ])?,
            setting: words.required(Dimension::Settings)?.unwrap_or_default(),
            parent: words.optional(Dimension::Parents)?,
            mode: words.optional(Dimension::Modes)?,
            vlan,
            joined: vlan.map(|vlan| (vlan, vlan)).into_iter().collect(),
            vni: words.number(Dimension::Vnis)?,
            prefix: words.prefix()?,
            table: words.number(Dimension::RoutingTables)?,
            priority: words.number(Dimension::RulePriorities)?,
            key: words.key()?,
            value: words.required(Dimension::Values)?.unwrap_or_default(),
            family: words.required(Dimension::Family)?.unwrap_or_default(),
            table_name: words.required(Dimension::TableNames)?.unwrap_or_default(),
            hooks: words.hooks()?,
            packets: if matches!(operation, Operation::NftablesTable | Operation::RuleAdd) {
                words.packets()?
            } else {
                Vec::new()
            },
            addresses: match operation {
                Operation::NftablesElement
                | Operation::ForwardingAccept
                | Operation::ForwardingPublish
                | Operation::ForwardingZone => words.addresses()?,
                Operation::VxlanJoin => words.peers()?,
                _ => Vec::new(),
            },
            marks: words.marks()?,
            links: words.links()?,
            ports: words.ports()?,
            path: words.first_of(&[Dimension::Locations, Dimension::Files])?.into(),
            method: words.required(Dimension::Methods)?.unwrap_or_default(),
            url: words.url()?,
        };
        Ok(asked)
    }

    /// Puts the question.
    pub fn ask<T>(&self, answer: impl FnOnce(&Question<'_>) -> T) -> T {
        let hooks: Vec<(&str, i32)> = self
            .hooks
            .iter()
            .map(|(hook, priority)| (hook.as_str(), *priority))
            .collect();
        answer(&self.question(&hooks))
    }

    fn question<'q>(&'q self, hooks: &'q [(&'q str, i32)]) -> Question<'q> {
        let (place, name, table, priority) = (
            self.place,
            self.name.as_str(),
            self.table.unwrap_or(MAIN_TABLE),
            self.priority,
        );
        let (kind, what, link) = (self.kind.as_deref().unwrap_or_default(), self.setting.as_str(), name);
        let prefix = self.prefix.unwrap_or(IpPrefix::any(false));
        let (key, value) = (self.key.as_slice(), self.value.as_str());
        let (family, table_name) = (self.family.as_str(), self.table_name.as_str());
        match self.operation {
            Operation::LinkSee => Question::LinkSee {
                place,
                kind: self.kind.as_deref(),
                name,
            },
            Operation::LinkCreate => Question::LinkCreate {
                place,
                kind,
                name,
                upon: self.parent.as_deref().map(|parent| Upon {
                    parent,
                    mode: self.mode.as_deref(),
                    vlan: self.vlan,
                }),
                table: self.table,
            },
            Operation::LinkSet => Question::LinkSet {
                place,
                kind,
                name,
                what,
            },
            Operation::LinkDelete => Question::LinkDelete { place, kind, name },
            Operation::AddressSee => Question::AddressSee { place, link },
            Operation::AddressAdd => Question::AddressAdd {
                place,
                link,
                address: prefix,
            },
            Operation::AddressDelete => Question::AddressDelete {
                place,
                link,
                address: prefix,
            },
            Operation::RouteSee => Question::RouteSee { place, link, table },
            Operation::RouteAdd => Question::RouteAdd {
                place,
                link,
                destination: prefix,
                table,
            },
            Operation::RouteDelete => Question::RouteDelete {
                place,
                link,
                destination: prefix,
                table,
            },
            Operation::RuleSee => Question::RuleSee { place },
            Operation::RuleAdd => Question::RuleAdd {
                place,
                table,
                priority,
                of_others: !self.packets.is_empty(),
            },
            Operation::RuleDelete => Question::RuleDelete { place, table, priority },
            Operation::NeighborSee => Question::NeighborSee { place, link },
            Operation::NeighborAdd => Question::NeighborAdd {
                place,
                link,
                address: prefix.address(),
            },
            Operation::NeighborDelete => Question::NeighborDelete {
                place,
                link,
                address: prefix.address(),
            },
            Operation::SysctlRead => Question::SysctlRead { place, key },
            Operation::SysctlWrite => Question::SysctlWrite { place, key, value },
            Operation::NftablesTable => Question::NftTable {
                place,
                family,
                table: table_name,
                hooks,
                packets: &self.packets,
                marks: &self.marks,
            },
            Operation::NftablesElement => Question::NftElement {
                place,
                family,
                table: table_name,
                set: name,
                addresses: &self.addresses,
                links: &self.links,
                ports: &self.ports,
            },
            Operation::QdiscSee => Question::QdiscSee { place, kind, link },
            Operation::QdiscSet => Question::QdiscSet { place, kind, link },
            Operation::ConntrackForget => Question::ConntrackForget {
                place,
                ports: &self.ports,
            },
            Operation::StoreOpen => Question::StoreOpen { location: &self.path },
            Operation::ResolverRead => Question::ResolverRead { file: &self.path },
            Operation::IpamDelegate => Question::IpamDelegate { plugin: name },
            Operation::PacketExchange => Question::PacketExchange {
                place,
                link,
                ports: &self.ports,
            },
            Operation::UpkeepKeep => Question::UpkeepKeep,
            Operation::AllowListRead => Question::AllowListRead { file: &self.path },
            Operation::ForwardingAccept => Question::ForwardingAccept {
                chain: name,
                addresses: &self.addresses,
            },
            Operation::ForwardingPublish => Question::ForwardingPublish {
                addresses: &self.addresses,
            },
            Operation::ForwardingZone => Question::ForwardingZone {
                zone: name,
                addresses: &self.addresses,
            },
            Operation::VlanJoin => Question::VlanJoin {
                bridge: name,
                vlans: &self.joined,
            },
            Operation::VxlanJoin => Question::VxlanJoin {
                bridge: name,
                id: self.vni.unwrap_or_default(),
                peers: &self.addresses,
            },
            Operation::DeviceTake => Question::DeviceTake {
                kind,
                name,
                is_nodes: false,
            },
            Operation::HttpRequest => Question::HttpRequest {
                method: &self.method,
                url: &self.url,
            },
        }
    }
}

/// The kernel has no word for the kind of a network card.
fn kind(word: String) -> String {
    if word == crate::words::DEVICE_WITHOUT_KIND {
        String::new()
    } else {
        word
    }
}
