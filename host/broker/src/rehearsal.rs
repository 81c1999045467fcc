//! A run that changes nothing: on a network in memory, where what is not
//! granted is told of and done as if it were. And real ones that somebody
//! listens to.

use std::{fmt, sync::Arc};

use cofferdam_policy::{Denial, Question};
use cofferdam_protocol::CniError;

/// Who is told of what a request would be refused.
pub trait Rehearsal: Listener {
    /// A real request would end with this before any plugin runs.
    fn refused(&self, plugin: &str, error: &CniError);
    /// A plugin asks for something.
    fn asked(&self, asked: Asked<'_>);
}

/// Who is told which component runs, and what it has handles of.
pub trait Listener: Send + Sync {
    /// A plugin's component is called; others that it calls end before it.
    fn begins(&self, plugin: &str);
    /// The component that was called last has come to its end.
    fn ends(&self);
    /// It got a handle.
    fn handed(&self, handle: u32, what: &str);
}

/// What a plugin asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who asks.
    pub plugin: &'a str,
    /// For what.
    pub question: &'a Question<'a>,
    /// What it gets.
    pub answer: Answer<'a>,
    /// How many operations are on record by now: the next one is what comes of
    /// this, if anything does.
    pub operations: usize,
}

/// What a plugin that asks for something gets in a rehearsal.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// It is granted.
    Granted,
    /// It is not granted, and done as if it were.
    Overlooked(&'a Denial),
    /// It is denied, or hidden as if it were not there, as in a real request:
    /// the component does not declare to need it, or may see only others of the
    /// name.
    Denied(&'a Denial),
}

/// Who is told, if the run is a rehearsal or somebody listens to it.
#[derive(Clone, Default)]
pub(crate) enum Rehearsing {
    /// A real run.
    #[default]
    No,
    /// A real run that somebody listens to.
    HeardBy(Arc<dyn Listener>),
    /// A recorded run once more, on a network in memory.
    #[cfg(feature = "simulation")]
    Again(Arc<dyn Listener>),
    /// On a network in memory.
    #[cfg(feature = "simulation")]
    Before(Arc<dyn Rehearsal>),
}

impl Rehearsing {
    /// Whether what is not granted is told of and done.
    pub(crate) fn is_on(&self) -> bool {
        self.audience().is_some()
    }

    /// Whether somebody listens to it.
    pub(crate) fn is_heard(&self) -> bool {
        self.listener().is_some()
    }

    /// Whether it is a recorded run, which any component may be held against.
    pub(crate) fn is_again(&self) -> bool {
        match self {
            #[cfg(feature = "simulation")]
            Self::Again(_) => true,
            _ => false,
        }
    }

    pub(crate) fn refused(&self, plugin: &str, error: &CniError) {
        if let Some(audience) = self.audience() {
            audience.refused(plugin, error);
        }
    }

    pub(crate) fn asked(&self, asked: Asked<'_>) {
        if let Some(audience) = self.audience() {
            audience.asked(asked);
        }
    }

    pub(crate) fn begins(&self, plugin: &str) {
        if let Some(listener) = self.listener() {
            listener.begins(plugin);
        }
    }

    pub(crate) fn ends(&self) {
        if let Some(listener) = self.listener() {
            listener.ends();
        }
    }

    pub(crate) fn handed(&self, handle: u32, what: impl FnOnce() -> String) {
        if let Some(listener) = self.listener() {
            listener.handed(handle, &what());
        }
    }

    fn audience(&self) -> Option<&dyn Rehearsal> {
        match self {
            #[cfg(feature = "simulation")]
            Self::Before(audience) => Some(audience.as_ref()),
            _ => None,
        }
    }

    fn listener(&self) -> Option<&dyn Listener> {
        match self {
            Self::No => None,
            Self::HeardBy(listener) => Some(listener.as_ref()),
            #[cfg(feature = "simulation")]
            Self::Again(listener) => Some(listener.as_ref()),
            #[cfg(feature = "simulation")]
            Self::Before(audience) => Some(audience.as_ref()),
        }
    }
}

impl fmt::Debug for Rehearsing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rehearsing").field(&self.is_on()).finish()
    }
}

impl Rehearsing {
    /// Passes on what keeps a plugin from being run, and in a rehearsal tells
    /// of it instead.
    pub(crate) fn overlook(&self, plugin: &str, checked: Result<(), CniError>) -> Result<(), CniError> {
        match checked {
            Err(error) if self.is_on() => {
                self.refused(plugin, &error);
                Ok(())
            }
            checked => checked,
        }
    }
}
