//! The verbs on a network that is not the kernel's, for tests and rehearsals:
//! what is above the kernel is the same, from the configuration to the printed
//! result.

mod again;
mod other_verbs;
mod rehearse;

use std::time::Instant;

use cofferdam_journal::{History, NamespaceRecord, StateDirectory};
use cofferdam_network::{Network, namespace::NamespaceIdentity};
use cofferdam_protocol::{Attachment, CniError, Environment, PluginConfig};

pub use self::{again::Again, other_verbs::Detached, rehearse::Rehearsed};
use super::{add, del};
use crate::{Broker, call::Call, mode::Mode, session::Session, undo::roll_back};

impl Broker {
    /// ADD for plugin `name`, and its printed result. Nothing may be on record
    /// of the attachment. `ended` is called when the components are through,
    /// before what they made is committed or undone.
    ///
    /// # Errors
    /// As of an ADD, with what was undone.
    pub fn add_simulated(
        &self,
        name: &str,
        environment: Environment,
        config: PluginConfig,
        network: Box<dyn Network + Send>,
        ended: impl FnOnce(),
    ) -> Result<String, CniError> {
        let call = Call::new(self, name, environment, config, Instant::now())?;
        let ran = run_add(&call, (network, namespace(&call)), |_| Ok(()), |_| {})?;
        ended();
        add::conclude(&call, &ran.state, ran.session, ran.outcome)
    }

    /// The host's part of DEL: what is on record is undone.
    ///
    /// # Errors
    /// Not everything could be undone.
    pub fn del_simulated(
        &self,
        name: &str,
        environment: Environment,
        config: PluginConfig,
        network: &mut dyn Network,
    ) -> Result<(), CniError> {
        let call = Call::new(self, name, environment, config, Instant::now())?;
        let state = StateDirectory::open(&call.installation.state()).map_err(add::journal_failure)?;
        let locked = state
            .lock(&call.attachment, call.deadline)
            .map_err(add::journal_failure)?;
        let journal = locked.reopen().map_err(add::journal_failure)?;
        let report = roll_back(journal, network, &state.shared(), &call.attachment);
        del::refuse_unclean(&call, &report)
    }
}

/// An ADD whose members ran, and which is to be concluded.
struct Ran {
    state: StateDirectory,
    session: Session,
    outcome: Result<Attachment, CniError>,
}

/// Runs the members of an ADD. `may_begin` is asked about what is on record of
/// the attachment, and `prepare` told of the session before it begins.
fn run_add(
    call: &Call,
    (network, namespace): (Box<dyn Network + Send>, NamespaceRecord),
    may_begin: impl FnOnce(&History) -> Result<(), CniError>,
    prepare: impl FnOnce(&mut Session),
) -> Result<Ran, CniError> {
    let previous = call.config.previous(call.version)?;
    let state = StateDirectory::open(&call.installation.state()).map_err(add::journal_failure)?;
    let locked = state
        .lock(&call.attachment, call.deadline)
        .map_err(add::journal_failure)?;
    may_begin(locked.history())?;
    let mut session = Session::on(call, Mode::Add, &state, network, Some(namespace.clone()))?;
    prepare(&mut session);
    let header = add::header(call, namespace, &session.plugins);
    session.journal = Some(locked.begin(header).map_err(add::journal_failure)?);
    let (session, outcome) = add::run_members(call, session, previous);
    Ok(Ran {
        state,
        session,
        outcome,
    })
}

/// The container's, at the path that the call names.
fn namespace(call: &Call) -> NamespaceRecord {
    NamespaceRecord {
        identity: NamespaceIdentity { device: 0, inode: 0 },
        path: call.namespace_path().unwrap_or_default().to_owned(),
        cookie: None,
    }
}
