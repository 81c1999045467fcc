use std::sync::Arc;

use cofferdam_journal::{NamespaceRecord, StateDirectory};
use cofferdam_protocol::CniError;

use crate::{
    call::Call,
    mode::Mode,
    recording::{Heard, Recording, Tape},
    session::Session,
    verbs::{
        add::{self, journal_failure},
        check,
        del::{self, Known},
        simulated::{namespace, run_add},
    },
};

/// Where a recorded call is run again: what is below the plugins is told by its
/// tape.
pub(super) struct Stage<'a> {
    call: &'a Call,
    recording: &'a Recording,
    tape: Tape,
}

impl<'a> Stage<'a> {
    pub(super) fn new(call: &'a Call, recording: &'a Recording, tape: Tape) -> Self {
        Self { call, recording, tape }
    }

    pub(super) fn add(&self, heard: Heard<'static>) -> Result<String, CniError> {
        let on = (Box::new(heard) as Box<_>, self.namespace());
        let ran = run_add(self.call, on, |_| Ok(()), |session| self.prepare(session))?;
        add::conclude(self.call, &ran.state, ran.session, ran.outcome)
    }

    pub(super) fn check(&self, mut heard: Heard<'static>) -> Result<String, CniError> {
        let call = self.call;
        let previous = call.config.previous(call.version)?;
        let state = StateDirectory::open_to_look(&call.installation.state()).map_err(journal_failure)?;
        let differences = match check::on_record(call, &state)? {
            Some(locked) => check::differences(call, &state, locked.history(), &mut heard)?,
            None => Vec::new(),
        };
        let told = self
            .session(Mode::Check, &state, heard, Some(self.namespace()))
            .and_then(|session| check::ask(call, session, previous.as_ref()));
        check::conclude(call, told, &differences)
    }

    /// With what the components failed with. Of an attachment that nothing is on
    /// record of, the recording begins when the host has looked for its remains.
    pub(super) fn del(&self, heard: Heard<'static>) -> (Result<String, CniError>, Vec<String>) {
        self.detach(heard).unwrap_or_else(|error| (Err(error), Vec::new()))
    }

    fn detach(&self, mut heard: Heard<'static>) -> Result<(Result<String, CniError>, Vec<String>), CniError> {
        let call = self.call;
        let state = StateDirectory::open(&call.installation.state()).map_err(journal_failure)?;
        let locked = state.lock(&call.attachment, call.deadline).map_err(journal_failure)?;
        let known = Known::of(&state, &locked);
        let namespace = known.namespace(&locked, self.recording.namespace.clone());
        let held = del::undo_known(call, &state, known, locked, &mut heard)?;
        let exists = namespace.is_some();
        let errors = del::run_members(call, self.session(Mode::Del, &state, heard, namespace), exists);
        drop(held);
        let complaints = del::complaints(&errors);
        Ok((del::settle(call, known.is_any(), errors), complaints))
    }

    fn session(
        &self,
        mode: Mode,
        state: &StateDirectory,
        heard: Heard<'static>,
        namespace: Option<NamespaceRecord>,
    ) -> Result<Session, CniError> {
        let mut session = Session::on(self.call, mode, state, Box::new(heard), namespace)?;
        self.prepare(&mut session);
        Ok(session)
    }

    fn prepare(&self, session: &mut Session) {
        session.world = Arc::new(self.tape.clone());
        session.tape = Some(self.tape.clone());
        session.files.set_legacy_filters(self.recording.legacy_filters);
    }

    /// Nobody calls ADD and CHECK without one.
    fn namespace(&self) -> NamespaceRecord {
        let recorded = self.recording.namespace.clone();
        recorded.unwrap_or_else(|| namespace(self.call))
    }
}
