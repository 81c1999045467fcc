//! Zones of the node's firewalld. It is no part of the kernel, but decides on
//! what the kernel forwards.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use cofferdam_firewalld::{Deputy, Error as Failure, Firewalld};

use crate::{Error, Result};

/// firewalld, found when it is first asked.
#[derive(Debug)]
pub(super) struct Zones {
    bus: Option<PathBuf>,
    time_limit: Duration,
    found: Found,
}

#[derive(Debug)]
enum Found {
    /// Nobody looked.
    Unknown,
    Nobody,
    Firewalld(Box<Firewalld>),
    /// By another process.
    Deputy(Deputy),
    /// Why it can't be asked.
    Failed(String),
}

impl Zones {
    /// Without a D-Bus there is none.
    pub(super) fn new(time_limit: Duration) -> Self {
        Self {
            bus: None,
            time_limit,
            found: Found::Unknown,
        }
    }

    pub(super) fn on(self, bus: PathBuf) -> Self {
        Self { bus: Some(bus), ..self }
    }

    /// Has it asked by another process from now on, if it runs; without a
    /// program for that not at all. What fails is for who asks.
    pub(super) fn hand_over(&mut self, program: Option<&Path>) {
        let Some(program) = program else {
            self.found = Found::Failed("firewalld is asked by cofferdam only, in ADD, CHECK and STATUS".to_owned());
            return;
        };
        self.look();
        if let Found::Firewalld(firewalld) = std::mem::replace(&mut self.found, Found::Nobody) {
            self.found = match Deputy::hire(program, *firewalld) {
                Ok(deputy) => Found::Deputy(deputy),
                Err(error) => Found::Failed(error.to_string()),
            };
        }
    }

    /// Whether another process asks it.
    pub(super) fn are_handed_over(&self) -> bool {
        matches!(self.found, Found::Deputy(_))
    }

    fn look(&mut self) {
        if !matches!(self.found, Found::Unknown) {
            return;
        }
        let bus = self.bus.as_ref();
        let found = bus.map(|bus| Firewalld::find(bus, self.time_limit));
        self.found = match found.transpose() {
            Ok(found) => found
                .flatten()
                .map_or(Found::Nobody, |firewalld| Found::Firewalld(Box::new(firewalld))),
            Err(failure) => Found::Failed(failure.to_string()),
        };
    }

    pub(super) fn are_there(&mut self) -> Result<bool> {
        Ok(self.firewalld()?.is_some())
    }

    pub(super) fn have(&mut self, address: IpAddr, zone: &str) -> Result<bool> {
        let Some(firewalld) = self.firewalld()? else {
            return Ok(false);
        };
        match firewalld.has_source(zone, &source(address)) {
            Err(Failure::Gone) => Ok(false),
            Err(failure) if failure.reason() == Some("INVALID_ZONE") => Ok(false),
            answer => answer.map_err(|failure| sorted(failure, address, zone)),
        }
    }

    pub(super) fn join(&mut self, address: IpAddr, zone: &str) -> Result<()> {
        let firewalld = self.firewalld()?.ok_or_else(does_not_run)?;
        let joined = firewalld.add_source(zone, &source(address));
        joined.map_err(|failure| sorted(failure, address, zone))
    }

    pub(super) fn leave(&mut self, address: IpAddr, zone: &str) -> Result<()> {
        // What it had firewalld forgot when it ended.
        let firewalld = self.firewalld()?.ok_or_else(|| missing(address, zone))?;
        match firewalld.remove_source(zone, &source(address)) {
            Err(Failure::Gone) => Err(missing(address, zone)),
            // Another zone's, by somebody else.
            Err(failure) if failure.reason() == Some("ZONE_CONFLICT") => Err(missing(address, zone)),
            left => left.map_err(|failure| sorted(failure, address, zone)),
        }
    }

    fn firewalld(&mut self) -> Result<Option<&mut dyn cofferdam_firewalld::Zones>> {
        self.look();
        match &mut self.found {
            Found::Firewalld(firewalld) => Ok(Some(firewalld.as_mut())),
            Found::Deputy(deputy) => Ok(Some(deputy)),
            Found::Failed(failure) => Err(Error::Unsupported(failure.clone())),
            Found::Unknown | Found::Nobody => Ok(None),
        }
    }
}

/// An address as firewalld takes it.
fn source(address: IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv6() { 128 } else { 32 })
}

fn does_not_run() -> Error {
    Error::Unsupported("firewalld does not run on this node".to_owned())
}

fn missing(address: IpAddr, zone: &str) -> Error {
    Error::NotFound(format!("{address} in zone {zone} of firewalld"))
}

/// A refusal, by its reason.
fn sorted(failure: Failure, address: IpAddr, zone: &str) -> Error {
    match failure.reason() {
        Some("INVALID_ZONE") => Error::NotFound(format!("zone {zone} of firewalld")),
        Some("ZONE_ALREADY_SET" | "ALREADY_ENABLED") => {
            Error::AlreadyExists(format!("{address} in zone {zone} of firewalld"))
        }
        Some("ZONE_CONFLICT") => Error::Conflict(format!(
            "{address} can't be in zone {zone} of firewalld, since it is in another one"
        )),
        Some("UNKNOWN_SOURCE") => missing(address, zone),
        _ => match failure {
            Failure::Gone => does_not_run(),
            Failure::Late => Error::Deadline(format!("{address} in zone {zone} of firewalld")),
            failure => Error::Unsupported(failure.to_string()),
        },
    }
}
