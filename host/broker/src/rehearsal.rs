//! A run that changes nothing: on a network in memory, where what is not
//! granted is told of and done as if it were. And real ones that somebody
//! listens to.

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

#[cfg(feature = "simulation")]
mod on {
    use std::{fmt, sync::Arc};

    use super::{Asked, CniError, Listener, Rehearsal};

    /// Who is told, if the run is a rehearsal or somebody listens to it.
    #[derive(Clone, Default)]
    pub(crate) enum Rehearsing {
        /// A real run.
        #[default]
        No,
        /// A real run that somebody listens to.
        HeardBy(Arc<dyn Listener>),
        /// On a network in memory.
        Before(Arc<dyn Rehearsal>),
    }

    impl Rehearsing {
        pub(crate) fn is_on(&self) -> bool {
            matches!(self, Self::Before(_))
        }

        pub(crate) fn refused(&self, plugin: &str, error: &CniError) {
            if let Self::Before(audience) = self {
                audience.refused(plugin, error);
            }
        }

        pub(crate) fn asked(&self, asked: Asked<'_>) {
            if let Self::Before(audience) = self {
                audience.asked(asked);
            }
        }

        pub(crate) fn begins(&self, plugin: &str) {
            self.tell(|listener| listener.begins(plugin));
        }

        pub(crate) fn ends(&self) {
            self.tell(|listener| listener.ends());
        }

        pub(crate) fn handed(&self, handle: u32, what: impl FnOnce() -> String) {
            self.tell(|listener| listener.handed(handle, &what()));
        }

        fn tell(&self, tell: impl FnOnce(&dyn Listener)) {
            match self {
                Self::No => {}
                Self::HeardBy(listener) => tell(listener.as_ref()),
                Self::Before(audience) => tell(audience.as_ref()),
            }
        }
    }

    impl fmt::Debug for Rehearsing {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_tuple("Rehearsing").field(&self.is_on()).finish()
        }
    }
}

#[cfg(not(feature = "simulation"))]
mod on {
    use super::{Asked, CniError};

    /// What can't be: here every run is a real one.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Rehearsing;

    #[allow(clippy::unused_self)]
    impl Rehearsing {
        pub(crate) fn is_on(&self) -> bool {
            false
        }

        pub(crate) fn refused(&self, _: &str, _: &CniError) {}

        pub(crate) fn asked(&self, _: Asked<'_>) {}

        pub(crate) fn begins(&self, _: &str) {}

        pub(crate) fn ends(&self) {}

        pub(crate) fn handed(&self, _: u32, _: impl FnOnce() -> String) {}
    }
}

pub(crate) use on::Rehearsing;

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
