//! [`Kernel`] where there is no Linux: it refuses everything.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use cofferdam_protocol::{IpPrefix, MacAddress, Place};

use crate::{
    AddressInfo, Ahead, Bridge, DeviceSelector, Error, Exchange, Flows, Forwarded, ForwardingLead, FoundDevice,
    Incoming, LinkId, LinkInfo, Neighbor, Network, NewLink, Outgoing, PortVlans, Ports, RateLimit, Result, Route,
    RouteMode, Rule, SysctlKey, VethEnd,
    namespace::elsewhere::OpenNamespace,
    nftables::{Chain, Element, ForeignRule, Set, Table, TableId},
};

/// What is asked of the kernel of Linux, which is not here.
#[derive(Debug)]
pub struct Kernel(());

impl Kernel {
    /// One that refuses everything.
    #[must_use]
    pub fn new(_: Duration) -> Self {
        Self(())
    }

    /// The same with a container's network namespace, of which there is none.
    #[must_use]
    pub fn with_container(self, namespace: OpenNamespace) -> Self {
        match namespace {}
    }

    /// The same: there is no directory to look for devices in.
    #[must_use]
    pub fn with_sysfs(self, _: impl Into<PathBuf>) -> Self {
        self
    }

    /// The same: there is no D-Bus to ask firewalld by.
    #[must_use]
    pub fn with_bus(self, _: impl Into<PathBuf>) -> Self {
        self
    }

    /// Nothing: there is no firewalld.
    pub fn hand_over_zones(&mut self, _: Option<&Path>) {}

    /// False: there is no firewalld.
    #[must_use]
    pub fn has_zones_handed_over(&self) -> bool {
        false
    }

    /// Refuses.
    ///
    /// # Errors
    /// There is no kernel of Linux here, as from all of these.
    pub fn open_ahead(&mut self, _: &Ahead) -> Result<()> {
        refuse()
    }

    /// Refuses.
    #[allow(clippy::missing_errors_doc)]
    pub fn namespace_cookie(&mut self, _: Place) -> Result<Option<u64>> {
        refuse()
    }

    /// Refuses.
    #[allow(clippy::missing_errors_doc)]
    pub fn foreign_rules(&mut self, _: Place, _: &TableId, _: &str) -> Result<Vec<ForeignRule>> {
        refuse()
    }

    /// Refuses.
    #[allow(clippy::missing_errors_doc)]
    pub fn delete_foreign(&mut self, _: Place, _: &TableId, _: &[(String, u64)], _: &[String]) -> Result<()> {
        refuse()
    }
}

fn refuse<T>() -> Result<T> {
    Err(Error::Unsupported("there is no kernel of Linux here".to_owned()))
}

/// Operations by what they take and what they would tell.
macro_rules! refused {
    ($($operation:ident($($given:ty),*) -> $told:ty;)*) => {
        impl Network for Kernel {
            $(fn $operation(&mut self, $(_: $given),*) -> Result<$told> {
                refuse()
            })*
        }
    };
}

refused! {
    link_by_name(Place, &str) -> Option<LinkInfo>;
    link(LinkId) -> Option<LinkInfo>;
    links(Place) -> Vec<LinkInfo>;
    create_bridge(&Bridge) -> LinkId;
    create_veth(&VethEnd, &VethEnd) -> (LinkId, LinkId);
    create_link(&NewLink) -> LinkId;
    delete_link(LinkId) -> ();
    set_link_up(LinkId, bool) -> ();
    set_link_mtu(LinkId, u32) -> ();
    set_link_mac(LinkId, MacAddress) -> ();
    set_link_promiscuous(LinkId, bool) -> ();
    set_link_all_multicast(LinkId, bool) -> ();
    set_link_queue_length(LinkId, u32) -> ();
    set_link_master(LinkId, Option<u32>) -> ();
    set_port_hairpin(LinkId, bool) -> ();
    set_port_isolated(LinkId, bool) -> ();
    port_vlans(LinkId) -> PortVlans;
    set_port_vlans(LinkId, &PortVlans) -> ();
    vxlan_peers(LinkId) -> Vec<IpAddr>;
    add_vxlan_peer(LinkId, IpAddr) -> ();
    delete_vxlan_peer(LinkId, IpAddr) -> ();
    addresses(LinkId) -> Vec<AddressInfo>;
    addresses_in(Place) -> Vec<AddressInfo>;
    has_address(Place, IpAddr) -> bool;
    add_address(LinkId, IpPrefix, bool) -> ();
    delete_address(LinkId, IpPrefix) -> ();
    routes(LinkId, u32) -> Vec<Route>;
    default_link(Place) -> Option<LinkId>;
    add_route(LinkId, &Route, RouteMode) -> ();
    delete_route(LinkId, &Route) -> ();
    rules(Place) -> Vec<Rule>;
    add_rule(Place, &Rule) -> ();
    delete_rule(Place, &Rule) -> ();
    has_rule_like(Place, &Rule) -> bool;
    neighbors(LinkId) -> Vec<Neighbor>;
    add_neighbor(LinkId, &Neighbor) -> ();
    delete_neighbor(LinkId, &Neighbor) -> ();
    sysctl(Place, &SysctlKey) -> String;
    set_sysctl(Place, &SysctlKey, &str) -> ();
    has_table(Place, &TableId) -> bool;
    create_table(Place, &Table) -> ();
    replace_chains(Place, &Table) -> ();
    refill_chains(Place, &Table) -> ();
    delete_table(Place, &TableId) -> ();
    has_chain(Place, &TableId, &str) -> bool;
    rule_count(Place, &TableId, &str) -> Option<usize>;
    create_chain(Place, &TableId, &[Set], &Chain) -> ();
    delete_chain(Place, &TableId, &str) -> ();
    add_elements(Place, &TableId, &Set, &[Element], &str) -> ();
    delete_elements(Place, &TableId, &Set, &[Element]) -> ();
    element_comment(Place, &TableId, &Set, &Element) -> Option<String>;
    outgoing(LinkId) -> Outgoing;
    limit_rate(LinkId, &RateLimit) -> ();
    delete_rate_limit(LinkId) -> ();
    incoming(LinkId) -> Incoming;
    redirect_incoming(LinkId, u32) -> ();
    delete_redirect(LinkId) -> ();
    forget_flows(Place, &[Flows]) -> ();
    has_forwarding_lead(&ForwardingLead) -> bool;
    add_forwarding_lead(&ForwardingLead) -> ();
    delete_forwarding_lead(&ForwardingLead) -> ();
    accepts_forwarding(IpAddr, Forwarded) -> bool;
    accept_forwarding(IpAddr, Forwarded) -> ();
    refuse_forwarding(IpAddr, Forwarded) -> ();
    has_zones() -> bool;
    is_in_zone(IpAddr, &str) -> bool;
    join_zone(IpAddr, &str) -> ();
    leave_zone(IpAddr, &str) -> ();
    find_device(&DeviceSelector) -> FoundDevice;
    move_link(LinkId, Place, &str, &str) -> LinkId;
    open_exchange(LinkId, Ports) -> Box<dyn Exchange>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_a_kernel_that_is_not_there_is_unsupported() {
        let mut kernel = Kernel::new(Duration::ZERO);
        for told in [
            kernel.links(Place::Host).map(drop),
            kernel.has_address(Place::Host, [10, 0, 0, 1].into()).map(drop),
            kernel.open_ahead(&Ahead::default()),
        ] {
            assert!(matches!(told, Err(Error::Unsupported(_))), "{told:?}");
        }
    }
}
