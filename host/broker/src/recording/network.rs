//! A network whose answers are written down, or told once more.

use std::{net::IpAddr, time::Duration};

use cofferdam_network::{
    AddressInfo, Bridge, Datagram, DeviceSelector, Error, Exchange, Flows, Forwarded, ForwardingLead, FoundDevice,
    Incoming, LinkId, LinkInfo, Neighbor, Network, NewLink, Outgoing, PortVlans, Ports, RateLimit, Received, Result,
    Route, RouteMode, Rule, SysctlKey, VethEnd,
    nftables::{Chain, Element, Set, Table, TableId},
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::Tape;

/// A network in memory that follows a kernel, in what that does by itself.
pub trait Follower: Send {
    /// These links are made next.
    fn number_links(&mut self, links: &[LinkId]);
    /// The value of a setting.
    fn learn_setting(&mut self, place: Place, key: &SysctlKey, value: &str);
}

/// A network, and the tape that has its answers.
///
/// Where the tape tells what the kernel said, that is the answer; the network
/// follows, so that it can go on where the tape ends.
pub(crate) struct Heard<'n> {
    network: Spoken<'n>,
    tape: Tape,
    follower: Option<Box<dyn Follower>>,
}

/// Who answers.
enum Spoken<'n> {
    Own(Box<dyn Network + Send>),
    Lent(&'n mut (dyn Network + Send)),
}

impl Spoken<'_> {
    fn network(&mut self) -> &mut dyn Network {
        match self {
            Self::Own(network) => network.as_mut(),
            Self::Lent(network) => *network,
        }
    }
}

impl Heard<'static> {
    pub(crate) fn new(network: Box<dyn Network + Send>, tape: Tape) -> Self {
        Self::of(Spoken::Own(network), tape)
    }
}

impl<'n> Heard<'n> {
    /// One that is used without the tape afterwards.
    pub(super) fn lent(network: &'n mut (dyn Network + Send), tape: Tape) -> Self {
        Self::of(Spoken::Lent(network), tape)
    }

    fn of(network: Spoken<'n>, tape: Tape) -> Self {
        Self {
            network,
            tape,
            follower: None,
        }
    }

    /// With the network as one that follows what is on the tape.
    #[cfg(feature = "simulation")]
    pub(crate) fn followed_by(self, follower: Box<dyn Follower>) -> Self {
        Self {
            follower: Some(follower),
            ..self
        }
    }

    fn look<T>(&mut self, call: String, look: impl FnOnce(&mut dyn Network) -> Result<T>) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
    {
        if let Some(answer) = self.tape.answer(&call, false) {
            return read(&call, answer);
        }
        let answer = look(self.network.network());
        self.tape.write(call, false, &answer);
        answer
    }

    fn change<T>(&mut self, call: String, change: impl FnOnce(&mut dyn Network) -> Result<T>) -> Result<T>
    where
        T: Made + Serialize + DeserializeOwned,
    {
        let Some(answer) = self.tape.answer(&call, true) else {
            let answer = change(self.network.network());
            self.tape.write(call, true, &answer);
            return answer;
        };
        let told: Result<T> = read(&call, answer);
        if let Ok(value) = &told {
            self.follow(&call, value, change);
        }
        told
    }

    /// Does on the network what the tape says was done.
    fn follow<T: Made>(&mut self, call: &str, told: &T, change: impl FnOnce(&mut dyn Network) -> Result<T>) {
        let links = told.links();
        if let Some(follower) = self.follower.as_mut().filter(|_| !links.is_empty()) {
            follower.number_links(&links);
        }
        match change(self.network.network()) {
            Ok(made) if made.links() == links => {}
            Ok(_) => self.tape.lose(call, "its links have other numbers"),
            Err(error) => self.tape.lose(call, &error.to_string()),
        }
    }
}

/// What a change tells.
trait Made {
    /// The links that it made.
    fn links(&self) -> Vec<LinkId>;
}

impl Made for () {
    fn links(&self) -> Vec<LinkId> {
        Vec::new()
    }
}

impl Made for LinkId {
    fn links(&self) -> Vec<LinkId> {
        vec![*self]
    }
}

impl Made for (LinkId, LinkId) {
    fn links(&self) -> Vec<LinkId> {
        vec![self.0, self.1]
    }
}

fn read<T: DeserializeOwned>(call: &str, answer: Value) -> Result<T> {
    let read: std::result::Result<Result<T>, _> = serde_json::from_value(answer);
    read.unwrap_or_else(|error| {
        let text = format!("the recording's answer to {call} is none: {error}");
        Err(Error::Invalid(text))
    })
}

/// The question, as it is on the tape.
macro_rules! call {
    ($name:ident, $($argument:expr),*) => {
        {
            let arguments: &[&dyn std::fmt::Debug] = &[$(&$argument),*];
            let arguments: Vec<String> = arguments.iter().map(|argument| format!("{argument:?}")).collect();
            format!("{}({})", stringify!($name), arguments.join(", "))
        }
    };
}

macro_rules! network {
    ($($kind:ident $name:ident($($argument:ident: $of:ty),*) -> $value:ty;)*) => {
        $(
            fn $name(&mut self, $($argument: $of),*) -> Result<$value> {
                self.$kind(call!($name, $($argument),*), |network| network.$name($($argument),*))
            }
        )*
    };
}

impl Network for Heard<'_> {
    network! {
        look link_by_name(place: Place, name: &str) -> Option<LinkInfo>;
        look link(link: LinkId) -> Option<LinkInfo>;
        look links(place: Place) -> Vec<LinkInfo>;
        change create_bridge(bridge: &Bridge) -> LinkId;
        change create_veth(first: &VethEnd, second: &VethEnd) -> (LinkId, LinkId);
        change create_link(link: &NewLink) -> LinkId;
        change delete_link(link: LinkId) -> ();
        change set_link_up(link: LinkId, up: bool) -> ();
        change set_link_mtu(link: LinkId, mtu: u32) -> ();
        change set_link_mac(link: LinkId, mac: MacAddress) -> ();
        change set_link_promiscuous(link: LinkId, on: bool) -> ();
        change set_link_all_multicast(link: LinkId, on: bool) -> ();
        change set_link_queue_length(link: LinkId, packets: u32) -> ();
        change set_link_master(link: LinkId, master: Option<u32>) -> ();
        change set_port_hairpin(link: LinkId, on: bool) -> ();
        change set_port_isolated(link: LinkId, on: bool) -> ();
        look port_vlans(link: LinkId) -> PortVlans;
        change set_port_vlans(link: LinkId, vlans: &PortVlans) -> ();
        look vxlan_peers(link: LinkId) -> Vec<IpAddr>;
        change add_vxlan_peer(link: LinkId, peer: IpAddr) -> ();
        change delete_vxlan_peer(link: LinkId, peer: IpAddr) -> ();
        look addresses(link: LinkId) -> Vec<AddressInfo>;
        look addresses_in(place: Place) -> Vec<AddressInfo>;
        look has_address(place: Place, address: IpAddr) -> bool;
        change add_address(link: LinkId, address: IpPrefix, skip_duplicate_detection: bool) -> ();
        change delete_address(link: LinkId, address: IpPrefix) -> ();
        look routes(link: LinkId, table: u32) -> Vec<Route>;
        look default_link(place: Place) -> Option<LinkId>;
        change add_route(link: LinkId, route: &Route, mode: RouteMode) -> ();
        change delete_route(link: LinkId, route: &Route) -> ();
        look rules(place: Place) -> Vec<Rule>;
        change add_rule(place: Place, rule: &Rule) -> ();
        change delete_rule(place: Place, rule: &Rule) -> ();
        look has_rule_like(place: Place, rule: &Rule) -> bool;
        look neighbors(link: LinkId) -> Vec<Neighbor>;
        change add_neighbor(link: LinkId, neighbor: &Neighbor) -> ();
        change delete_neighbor(link: LinkId, neighbor: &Neighbor) -> ();
        change set_sysctl(place: Place, key: &SysctlKey, value: &str) -> ();
        look has_table(place: Place, table: &TableId) -> bool;
        change create_table(place: Place, table: &Table) -> ();
        change replace_chains(place: Place, table: &Table) -> ();
        change refill_chains(place: Place, some: &Table) -> ();
        change delete_table(place: Place, table: &TableId) -> ();
        look has_chain(place: Place, table: &TableId, chain: &str) -> bool;
        look rule_count(place: Place, table: &TableId, chain: &str) -> Option<usize>;
        change create_chain(place: Place, table: &TableId, sets: &[Set], chain: &Chain) -> ();
        change delete_chain(place: Place, table: &TableId, chain: &str) -> ();
        change add_elements(place: Place, table: &TableId, set: &Set, elements: &[Element], comment: &str) -> ();
        change delete_elements(place: Place, table: &TableId, set: &Set, elements: &[Element]) -> ();
        look element_comment(place: Place, table: &TableId, set: &Set, element: &Element) -> Option<String>;
        look outgoing(link: LinkId) -> Outgoing;
        change limit_rate(link: LinkId, limit: &RateLimit) -> ();
        change delete_rate_limit(link: LinkId) -> ();
        look incoming(link: LinkId) -> Incoming;
        change redirect_incoming(link: LinkId, to: u32) -> ();
        change delete_redirect(link: LinkId) -> ();
        change forget_flows(place: Place, flows: &[Flows]) -> ();
        look has_forwarding_lead(lead: &ForwardingLead) -> bool;
        change add_forwarding_lead(lead: &ForwardingLead) -> ();
        change delete_forwarding_lead(lead: &ForwardingLead) -> ();
        look accepts_forwarding(address: IpAddr, what: Forwarded) -> bool;
        change accept_forwarding(address: IpAddr, what: Forwarded) -> ();
        change refuse_forwarding(address: IpAddr, what: Forwarded) -> ();
        look has_zones() -> bool;
        look is_in_zone(address: IpAddr, zone: &str) -> bool;
        change join_zone(address: IpAddr, zone: &str) -> ();
        change leave_zone(address: IpAddr, zone: &str) -> ();
        look find_device(selector: &DeviceSelector) -> FoundDevice;
        change move_link(link: LinkId, to: Place, name: &str, alias: &str) -> LinkId;
    }

    fn sysctl(&mut self, place: Place, key: &SysctlKey) -> Result<String> {
        let value = self.look(call!(sysctl, place, key), |network| network.sysctl(place, key))?;
        if let Some(follower) = &mut self.follower {
            follower.learn_setting(place, key, &value);
        }
        Ok(value)
    }

    fn open_exchange(&mut self, link: LinkId, ports: Ports) -> Result<Box<dyn Exchange>> {
        let call = call!(open_exchange, link, ports);
        let mut opened = None;
        self.look(call, |network| {
            opened = Some(network.open_exchange(link, ports)?);
            Ok(())
        })?;
        Ok(Box::new(HeardExchange {
            exchange: opened,
            tape: self.tape.clone(),
        }))
    }
}

/// Datagrams that are written down, or come once more.
struct HeardExchange {
    /// Absent where all of it is on the tape.
    exchange: Option<Box<dyn Exchange>>,
    tape: Tape,
}

impl HeardExchange {
    /// No datagram comes twice, so each is as good as a change.
    fn hear<T>(&mut self, call: String, act: impl FnOnce(&mut dyn Exchange) -> Result<T>) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
    {
        if let Some(answer) = self.tape.answer(&call, true) {
            return read(&call, answer);
        }
        let answer = match &mut self.exchange {
            Some(exchange) => act(exchange.as_mut()),
            None => Err(Error::Unsupported(format!(
                "{call}: there are no datagrams but those of the recording"
            ))),
        };
        self.tape.write(call, true, &answer);
        answer
    }
}

impl Exchange for HeardExchange {
    fn send(&mut self, datagram: &Datagram) -> Result<()> {
        self.hear(call!(send, datagram), |exchange| exchange.send(datagram))
    }

    /// How long it waits depends on how long all before it took.
    fn receive(&mut self, wait: Duration) -> Result<Option<Received>> {
        self.hear("receive()".to_owned(), |exchange| exchange.receive(wait))
    }
}
