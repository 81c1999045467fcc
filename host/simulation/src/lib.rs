//! A network that is not the kernel's: two namespaces in memory that behave as
//! the kernel does, and an [`Observer`] that is told of each change before it
//! is done.
//!
//! [`Simulated`] implements [`Network`](cofferdam_network::Network), so whatever
//! runs on the kernel runs on it, without privileges and in no time:
//!
//! ```
//! use cofferdam_network::{Error, Network as _, Route, RouteMode};
//! use cofferdam_protocol::Place;
//! use cofferdam_simulation::{Node, Nobody, Simulated};
//!
//! let node = Node::default().with_uplink("up0", "192.0.2.2/24");
//! let mut network = Simulated::new(node.sides(), Box::new(Nobody));
//! let up0 = network.link_by_name(Place::Host, "up0")?.expect("it was made").id;
//! let route = Route {
//!     destination: "198.51.100.0/24".parse()?,
//!     gateway: Some("203.0.113.1".parse()?),
//!     source: None, priority: None, table: None, scope: None, mtu: None, advmss: None,
//! };
//! // Nothing leads to that gateway.
//! let refused = network.add_route(up0, &route, RouteMode::Exclusive);
//! assert!(matches!(refused, Err(Error::Os { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it is equal in
//!
//! Whether an operation is done or refused, the kind and number of the error,
//! and all that can be read afterwards: links with their states and settings,
//! addresses, routes of all tables, rules, permanent neighbours, nftables,
//! rate limits, redirects, and the kernel's settings that it knows. Rules that
//! nobody sees before they bite are in it: a link that goes down loses its
//! IPv4 routes and its IPv6 addresses, the last IPv4 address takes all routes
//! of its link along, a new Ethernet address makes a link forget its
//! neighbours. `tests/differential` proves it: each rule by name, and sequences
//! by chance, are run on the kernel and here and compared.
//!
//! # What it is not
//!
//! - **Packets**: nothing is sent, received, forwarded, filtered or counted.
//!   [`open_exchange`](cofferdam_network::Network::open_exchange) is
//!   unsupported; there are no flows to forget.
//! - **Time**: what takes the kernel a while is over at once. Nobody else has
//!   an IPv6 address, so duplicate detection ends as soon as a link passes
//!   packets.
//! - **Hardware**: a network card is a link without a kind. There are no buses
//!   to find devices on.
//! - **Addresses that links get by themselves** (`fe80::…`, router
//!   advertisements): it is as where `addr_gen_mode` is 1, and another value is
//!   unsupported.
//! - **Settings**: those of links, and some of namespaces. Others are
//!   unsupported, unless they were read from a kernel into
//!   [`Side::settings`], and then take any text.
//! - **iptables**: the node has none, so its chains do not exist.
//! - **Alternative names** of links, and kinds that
//!   [`NewLink`](cofferdam_network::NewLink) does not make.
//! - **What of the kernel depends on its version**: it is that of 6.18, with
//!   all features; numbers of links are given as there.

mod addresses;
mod from_network;
mod links;
mod neighbors;
mod network;
mod node;
mod packet_filter;
mod picture;
mod routes;
mod rules;
mod settings;
mod side;
mod traffic;
mod vlans;
mod vxlans;
mod zones;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use cofferdam_journal::Operation;
use cofferdam_network::{Error, LinkId, Result, SysctlKey};
use cofferdam_protocol::Place;

pub use node::Node;
pub use picture::{Changes, Picture};
pub use routes::{KeptRoute, Origin};
pub use side::{Rules, Side};

/// Both namespaces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sides {
    /// The node's.
    pub host: Side,
    /// The container's.
    pub container: Side,
}

impl Sides {
    /// One of them.
    #[must_use]
    pub fn at(&self, place: Place) -> &Side {
        match place {
            Place::Host => &self.host,
            Place::Container => &self.container,
        }
    }

    /// One of them, to change.
    pub fn at_mut(&mut self, place: Place) -> &mut Side {
        match place {
            Place::Host => &mut self.host,
            Place::Container => &mut self.container,
        }
    }
}

/// Who looks at what is done.
///
/// ```
/// use std::sync::{Arc, Mutex};
///
/// use cofferdam_journal::Operation;
/// use cofferdam_network::{Error, Network as _, Result, SysctlKey};
/// use cofferdam_protocol::Place;
/// use cofferdam_simulation::{Node, Observer, Sides, Simulated};
///
/// /// Writes down what is done, and lets the kernel fail at the second change.
/// struct Second(Arc<Mutex<Vec<Operation>>>);
///
/// impl Observer for Second {
///     fn change(&mut self, _: &Sides, operation: &Operation) -> Result<()> {
///         let mut done = self.0.lock().expect("nobody panics");
///         if done.len() == 1 {
///             return Err(Error::Deadline("the second change".to_owned()));
///         }
///         done.push(operation.clone());
///         Ok(())
///     }
///     fn changed(&mut self) -> Result<()> {
///         Ok(())
///     }
///     fn read(&mut self, _: &Sides, _: Place, _: &SysctlKey) {}
/// }
///
/// let done = Arc::default();
/// let mut network = Simulated::new(Node::default().sides(), Box::new(Second(Arc::clone(&done))));
/// let lo = network.link_by_name(Place::Container, "lo")?.expect("there is one").id;
/// assert!(network.set_link_up(lo, true).is_ok());
/// assert!(network.set_link_up(lo, false).is_err());
/// assert_eq!(done.lock().expect("nobody panics").len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer: Send {
    /// A change is about to be done.
    ///
    /// # Errors
    /// What the kernel says instead of doing it.
    fn change(&mut self, sides: &Sides, operation: &Operation) -> Result<()>;
    /// It was done.
    ///
    /// # Errors
    /// What the kernel says although it was.
    fn changed(&mut self) -> Result<()>;
    /// A setting is read.
    fn read(&mut self, sides: &Sides, place: Place, key: &SysctlKey);
}

/// For what needs no watching.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Observer for Nobody {
    fn change(&mut self, _: &Sides, _: &Operation) -> Result<()> {
        Ok(())
    }

    fn changed(&mut self) -> Result<()> {
        Ok(())
    }

    fn read(&mut self, _: &Sides, _: Place, _: &SysctlKey) {}
}

/// The network of one attachment; clones are the same network.
#[derive(Clone)]
pub struct Simulated {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    sides: Sides,
    /// Of all links that ever were: what is told of one that is gone still has
    /// its name.
    names: BTreeMap<LinkId, String>,
    observer: Box<dyn Observer>,
}

impl Simulated {
    /// A network that begins with `sides`, with `observer` told of what is done.
    #[must_use]
    pub fn new(sides: Sides, observer: Box<dyn Observer>) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                sides,
                names: BTreeMap::new(),
                observer,
            })),
        }
    }

    /// All that there is now.
    #[must_use]
    pub fn sides(&self) -> Sides {
        self.lock().sides.clone()
    }

    /// Has the next link of a namespace get this number, or the next free one
    /// after it: for who knows which one a kernel gave.
    pub fn number_next_link(&self, place: Place, number: u32) {
        self.lock().sides.at_mut(place).count_links_from(number);
    }

    /// A setting has this value, whoever wrote it.
    pub fn learn_setting(&self, place: Place, key: &SysctlKey, value: &str) {
        let mut inner = self.lock();
        let settings = &mut inner.sides.at_mut(place).settings;
        settings.insert(key.clone(), value.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .expect("nothing here panics with the lock held, but an observer that is a test may")
    }

    fn look<T>(&self, look: impl FnOnce(&Sides) -> T) -> T {
        look(&self.lock().sides)
    }

    fn change<T>(&self, operation: &Operation, act: impl FnOnce(&mut Sides) -> Result<T>) -> Result<T> {
        let inner = &mut *self.lock();
        inner.observer.change(&inner.sides, operation)?;
        for place in [Place::Host, Place::Container] {
            let links = inner.sides.at(place).links.values();
            inner.names.extend(links.map(|info| (info.id, info.name.clone())));
        }
        let outcome = act(&mut inner.sides);
        inner.sides.settle();
        let value = outcome?;
        inner.observer.changed()?;
        Ok(value)
    }

    /// What only going back does, and no operation is.
    fn quietly<T>(&self, act: impl FnOnce(&mut Sides) -> Result<T>) -> Result<T> {
        act(&mut self.lock().sides)
    }

    /// The name of a link, for the operation that is told.
    fn name(&self, link: LinkId) -> String {
        let inner = self.lock();
        let present = inner.sides.at(link.place).links.get(&link.index);
        let name = present.map(|info| &info.name).or_else(|| inner.names.get(&link));
        name.cloned().unwrap_or_default()
    }
}

fn missing(what: impl std::fmt::Display) -> Error {
    Error::NotFound(what.to_string())
}

fn exists(what: impl std::fmt::Display) -> Error {
    Error::AlreadyExists(what.to_string())
}
