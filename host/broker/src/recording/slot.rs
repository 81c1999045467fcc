use std::{cell::RefCell, fmt, path::PathBuf};

use cofferdam_network::Network;

use super::{Recorder, network::Heard};
use crate::session::Session;

/// Where a call has its recorder, once there is one. Without one all is as it
/// is by itself.
#[derive(Default)]
pub(crate) struct Slot(RefCell<Option<Recorder>>);

impl Slot {
    pub(super) fn fill(&self, recorder: Recorder) {
        self.0.replace(Some(recorder));
    }

    pub(crate) fn take(&self) -> Option<Recorder> {
        self.0.take()
    }

    /// Where the recording will be.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        self.0.borrow().as_ref().map(|recorder| recorder.directory().to_owned())
    }

    /// The network with its answers written down from here on.
    pub(crate) fn heard(&self, network: Box<dyn Network + Send>) -> Box<dyn Network + Send> {
        match self.0.borrow().as_ref() {
            Some(recorder) => Box::new(Heard::new(network, recorder.tape())),
            None => network,
        }
    }

    /// The same for what is done now.
    pub(crate) fn hear<T>(&self, network: &mut (dyn Network + Send), act: impl FnOnce(&mut dyn Network) -> T) -> T {
        let tape = self.0.borrow().as_ref().map(Recorder::tape);
        match tape {
            Some(tape) => act(&mut Heard::lent(network, tape)),
            None => act(network),
        }
    }

    /// Has all written down that the session is told by others.
    pub(crate) fn listen_to(&self, session: &mut Session) {
        if let Some(recorder) = self.0.borrow().as_ref() {
            recorder.listen_to(session);
        }
    }

    /// What components failed with, and the runtime may not be told of.
    pub(crate) fn note(&self, complaints: impl FnOnce() -> Vec<String>) {
        if let Some(recorder) = self.0.borrow_mut().as_mut() {
            recorder.note(complaints());
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}
