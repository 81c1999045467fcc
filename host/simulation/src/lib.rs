//! A network that is not the kernel's: two namespaces in memory that behave as
//! the kernel does where the host depends on it, and an [`Observer`] that is
//! told of each change before it is done.

mod links;
mod network;
mod packet_filter;
mod routing;
mod settings;
mod side;
mod traffic;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use cofferdam_journal::Operation;
use cofferdam_network::{Error, LinkId, Result, SysctlKey};
use cofferdam_protocol::Place;

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
        let value = act(&mut inner.sides)?;
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
