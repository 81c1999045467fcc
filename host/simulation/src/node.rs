use cofferdam_network::{LinkId, Network as _, Route, RouteMode};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};

use super::{Nobody, Sides, Simulated};

/// A node as after it started, and a container's namespace as runtimes make
/// it: each with a loopback, of which the node's is up.
///
/// ```
/// use cofferdam_simulation::Node;
///
/// let sides = Node::default().with_uplink("up0", "192.0.2.2/24").with_default_route("192.0.2.1").sides();
/// let up0 = sides.host.by_name("up0").expect("it was made");
/// assert!(up0.up);
/// assert!(!sides.container.by_name("lo").expect("every namespace has one").up);
/// assert!(sides.to_string().contains("route default via 192.0.2.1 dev up0"));
/// ```
#[derive(Clone)]
pub struct Node {
    network: Simulated,
    uplink: Option<LinkId>,
}

impl Default for Node {
    fn default() -> Self {
        let mut network = Simulated::new(Sides::bare(), Box::new(Nobody));
        must(network.set_link_up(loopback(Place::Host), true));
        Self { network, uplink: None }
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("sides", &self.sides()).finish()
    }
}

impl Node {
    /// The same with a network card that is up and has this address.
    ///
    /// # Panics
    /// The address is none, or there is a link of that name.
    #[must_use]
    pub fn with_uplink(mut self, name: &str, address: &str) -> Self {
        let mut sides = self.network.sides();
        assert!(sides.host.by_name(name).is_none(), "there is a link {name:?}");
        let number = u8::try_from(sides.host.links.len()).unwrap_or(u8::MAX);
        let mac = MacAddress([2, 0, 0, 0, 7, number]);
        let link = sides.host.add_link(Place::Host, name, "", Some(mac));
        self.network = Simulated::new(sides, Box::new(Nobody));
        must(self.network.set_link_up(link, true));
        must(self.network.add_address(link, parsed(address), true));
        self.uplink = Some(link);
        self
    }

    /// The same with a default route through the last uplink.
    ///
    /// # Panics
    /// There is no uplink, or the gateway is out of its reach.
    #[must_use]
    pub fn with_default_route(mut self, gateway: &str) -> Self {
        let gateway: std::net::IpAddr = parsed(gateway);
        let route = Route {
            destination: IpPrefix::any(gateway.is_ipv6()),
            gateway: Some(gateway),
            source: None,
            priority: None,
            table: None,
            scope: None,
            mtu: None,
            advmss: None,
        };
        let uplink = self.uplink.expect("a default route goes through an uplink");
        must(self.network.add_route(uplink, &route, RouteMode::Exclusive));
        self
    }

    /// Both namespaces.
    #[must_use]
    pub fn sides(&self) -> Sides {
        self.network.sides()
    }
}

impl Sides {
    /// Two namespaces as the kernel makes them: a loopback in each, down.
    #[must_use]
    pub fn bare() -> Self {
        let mut sides = Self::default();
        for place in [Place::Host, Place::Container] {
            sides.at_mut(place).add_link(place, "lo", "", Some(MacAddress([0; 6])));
        }
        sides
    }
}

fn loopback(place: Place) -> LinkId {
    LinkId { place, index: 1 }
}

/// What a node is begun with is written by whoever writes a program.
fn must<T>(outcome: cofferdam_network::Result<T>) -> T {
    outcome.unwrap_or_else(|error| unreachable!("{error}"))
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| unreachable!("{text:?}: {error}"))
}
