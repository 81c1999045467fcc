//! The node's firewalld: which addresses are in which of its zones.
//!
//! It is asked over D-Bus, blocking and without threads; for a confined process
//! a [`Deputy`] asks (`docs/decisions/0011-firewalld.md`). Nothing is started by
//! a question, and nothing is written to disk: what is added here firewalld
//! forgets when it is loaded again.

mod bus;
mod deputy;
mod error;
mod message;

use std::{
    fmt, fs,
    os::unix::{fs::MetadataExt as _, net::UnixStream},
    path::Path,
    time::Duration,
};

use bus::{Bus, of_bus};
pub use deputy::{Deputy, HireError, role, serve};
pub use error::Error;
use message::{Argument, Method};

const NAME: &str = "org.fedoraproject.FirewallD1";

/// A firewalld that runs.
#[derive(Debug)]
pub struct Firewalld {
    bus: Bus,
}

impl Firewalld {
    /// The one on this bus, if it looks after the calling thread's network
    /// namespace. Each question ends within the time limit.
    ///
    /// # Errors
    /// The bus is there, but does not answer as one.
    pub fn find(bus: &Path, time_limit: Duration) -> Result<Option<Self>, Error> {
        match Self::look(bus, time_limit) {
            Err(Error::Gone) => Ok(None),
            found => found,
        }
    }

    fn look(bus: &Path, time_limit: Duration) -> Result<Option<Self>, Error> {
        let mut bus = Bus::connect(bus, time_limit)?;
        bus.call(&of_bus("GetNameOwner"), &[NAME])?;
        let process = bus.call(&of_bus("GetConnectionUnixProcessID"), &[NAME])?;
        let Argument::Number(process) = process else {
            return Err(Error::Unreadable);
        };
        Ok((!is_elsewhere(process)).then_some(Self { bus }))
    }

    /// The same by a connection that was found before.
    #[must_use]
    pub fn resume(stream: UnixStream, time_limit: Duration) -> Self {
        Self {
            bus: Bus::resume(stream, time_limit),
        }
    }

    pub(crate) fn into_stream(self) -> UnixStream {
        self.bus.into_stream()
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.bus.time_limit()
    }
}

/// Who can be asked which networks are in which zones.
pub trait Zones: fmt::Debug + Send {
    /// Whether a network, as `10.22.0.5/32`, is in a zone by itself.
    ///
    /// # Errors
    /// There is no such zone, among others.
    fn has_source(&mut self, zone: &str, source: &str) -> Result<bool, Error>;

    /// Puts a network into a zone.
    ///
    /// # Errors
    /// It is in one, or there is no such zone, among others.
    fn add_source(&mut self, zone: &str, source: &str) -> Result<(), Error>;

    /// Takes a network out of a zone.
    ///
    /// # Errors
    /// It is not in it, among others.
    fn remove_source(&mut self, zone: &str, source: &str) -> Result<(), Error>;
}

impl Zones for Firewalld {
    fn has_source(&mut self, zone: &str, source: &str) -> Result<bool, Error> {
        match self.bus.call(&of_zones("querySource"), &[zone, source])? {
            Argument::Number(truth) => Ok(truth != 0),
            _ => Err(Error::Unreadable),
        }
    }

    fn add_source(&mut self, zone: &str, source: &str) -> Result<(), Error> {
        self.bus.call(&of_zones("addSource"), &[zone, source]).map(drop)
    }

    fn remove_source(&mut self, zone: &str, source: &str) -> Result<(), Error> {
        self.bus.call(&of_zones("removeSource"), &[zone, source]).map(drop)
    }
}

fn of_zones(name: &'static str) -> Method {
    Method {
        destination: NAME,
        path: "/org/fedoraproject/FirewallD1",
        interface: "org.fedoraproject.FirewallD1.zone",
        name,
    }
}

/// Whether a process is known to be in another network namespace. One that
/// can't be looked at, as from another PID namespace, is not.
fn is_elsewhere(process: u32) -> bool {
    let namespace = |path: &str| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    match (
        namespace(&format!("/proc/{process}/ns/net")),
        namespace("/proc/thread-self/ns/net"),
    ) {
        (Ok(theirs), Ok(ours)) => theirs != ours,
        _ => false,
    }
}
