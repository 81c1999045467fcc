use std::fmt;

/// What a plugin can ask for, by the names that a policy uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Operation {
    LinkSee,
    LinkCreate,
    LinkSet,
    LinkDelete,
    AddressSee,
    AddressAdd,
    AddressDelete,
    RouteSee,
    RouteAdd,
    RouteDelete,
    RuleSee,
    RuleAdd,
    RuleDelete,
    NeighborSee,
    NeighborAdd,
    NeighborDelete,
    SysctlRead,
    SysctlWrite,
    NftablesTable,
    NftablesElement,
    QdiscSee,
    QdiscSet,
    ConntrackForget,
    StoreOpen,
    ResolverRead,
    IpamDelegate,
    AllowListRead,
    ForwardingAccept,
    ForwardingPublish,
    PacketExchange,
    UpkeepKeep,
    VlanJoin,
    DeviceTake,
    HttpRequest,
    VxlanJoin,
    ForwardingZone,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 36] = [
        Self::LinkSee,
        Self::LinkCreate,
        Self::LinkSet,
        Self::LinkDelete,
        Self::AddressSee,
        Self::AddressAdd,
        Self::AddressDelete,
        Self::RouteSee,
        Self::RouteAdd,
        Self::RouteDelete,
        Self::RuleSee,
        Self::RuleAdd,
        Self::RuleDelete,
        Self::NeighborSee,
        Self::NeighborAdd,
        Self::NeighborDelete,
        Self::SysctlRead,
        Self::SysctlWrite,
        Self::NftablesTable,
        Self::NftablesElement,
        Self::QdiscSee,
        Self::QdiscSet,
        Self::ConntrackForget,
        Self::StoreOpen,
        Self::ResolverRead,
        Self::IpamDelegate,
        Self::AllowListRead,
        Self::ForwardingAccept,
        Self::ForwardingPublish,
        Self::PacketExchange,
        Self::UpkeepKeep,
        Self::VlanJoin,
        Self::DeviceTake,
        Self::HttpRequest,
        Self::VxlanJoin,
        Self::ForwardingZone,
    ];

    /// As a policy writes it: `link.create`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LinkSee => "link.see",
            Self::LinkCreate => "link.create",
            Self::LinkSet => "link.set",
            Self::LinkDelete => "link.delete",
            Self::AddressSee => "address.see",
            Self::AddressAdd => "address.add",
            Self::AddressDelete => "address.delete",
            Self::RouteSee => "route.see",
            Self::RouteAdd => "route.add",
            Self::RouteDelete => "route.delete",
            Self::RuleSee => "rule.see",
            Self::RuleAdd => "rule.add",
            Self::RuleDelete => "rule.delete",
            Self::NeighborSee => "neighbor.see",
            Self::NeighborAdd => "neighbor.add",
            Self::NeighborDelete => "neighbor.delete",
            Self::SysctlRead => "sysctl.read",
            Self::SysctlWrite => "sysctl.write",
            Self::NftablesTable => "nftables.table",
            Self::NftablesElement => "nftables.element",
            Self::QdiscSee => "qdisc.see",
            Self::QdiscSet => "qdisc.set",
            Self::ConntrackForget => "conntrack.forget",
            Self::StoreOpen => "store.open",
            Self::ResolverRead => "resolver.read",
            Self::IpamDelegate => "ipam.delegate",
            Self::PacketExchange => "packet.exchange",
            Self::UpkeepKeep => "upkeep.keep",
            Self::VlanJoin => "vlan.join",
            Self::VxlanJoin => "vxlan.join",
            Self::AllowListRead => "allow-list.read",
            Self::ForwardingAccept => "forwarding.accept",
            Self::ForwardingPublish => "forwarding.publish",
            Self::ForwardingZone => "forwarding.zone",
            Self::DeviceTake => "device.take",
            Self::HttpRequest => "http.request",
        }
    }

    /// What stands before the dot: `link`.
    #[must_use]
    pub fn subject(self) -> &'static str {
        let name = self.name();
        name.split_once('.').map_or(name, |(subject, _)| subject)
    }

    /// The operation of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The operations of a grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Operations(u64);

impl Operations {
    pub(crate) fn only(operation: Operation) -> Self {
        Self(bit(operation))
    }

    pub(crate) fn insert(&mut self, operation: Operation) {
        self.0 |= bit(operation);
    }

    pub(crate) fn contains(self, operation: Operation) -> bool {
        self.0 & bit(operation) != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Operation> {
        Operation::ALL
            .into_iter()
            .filter(move |operation| self.contains(*operation))
    }
}

fn bit(operation: Operation) -> u64 {
    1 << operation as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_own_name_and_bit() {
        for (index, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, index);
            assert_eq!(Operation::from_name(operation.name()), Some(operation));
        }
    }
}
