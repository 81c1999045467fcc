//! The other verbs on a network that is not the kernel's, for scenarios of
//! plugins: CHECK, DEL with the components' part of it, GC and STATUS.
//! [`Broker::add_simulated`] is ADD.

use std::time::Instant;

use cofferdam_journal::{AttachmentId, StateDirectory};
use cofferdam_network::Network;
use cofferdam_protocol::{CniError, Environment, PluginConfig};

use super::namespace;
use crate::{
    Broker,
    call::Call,
    component::run,
    mode::Mode,
    session::Session,
    undo::roll_back_left,
    verbs::{
        add::{foresee_members, journal_failure, of_member},
        check,
        del::{self, Known},
        gc,
        status::not_available,
    },
};

/// What is left to say of a DEL.
#[derive(Debug)]
pub struct Detached {
    /// What the runtime gets.
    pub answer: Result<(), CniError>,
    /// What the components said besides; on a node it is in the log.
    pub complaints: Vec<CniError>,
}

impl Broker {
    /// CHECK for plugin `name`: the journal, the components and the previous
    /// result, each held against `network`. Its clones have to be the same
    /// network.
    ///
    /// # Errors
    /// As of a CHECK.
    pub fn check_simulated<N>(
        &self,
        name: &str,
        environment: Environment,
        config: PluginConfig,
        network: &N,
    ) -> Result<(), CniError>
    where
        N: Network + Clone + Send + 'static,
    {
        let call = Call::new(self, name, environment, config, Instant::now())?;
        let previous = call.config.previous(call.version)?;
        let state = StateDirectory::open_to_look(&call.installation.state()).map_err(journal_failure)?;
        let differences = match check::on_record(&call, &state)? {
            Some(locked) => check::differences(&call, &state, locked.history(), &mut network.clone())?,
            None => Vec::new(),
        };
        let told = session(&call, Mode::Check, &state, network)
            .and_then(|session| check::ask(&call, session, previous.as_ref()));
        check::conclude(&call, told, &differences).map(drop)
    }

    /// DEL for plugin `name`: what is on record is undone, and the components
    /// are called.
    ///
    /// # Errors
    /// Nothing could be done.
    pub fn detach_simulated<N>(
        &self,
        name: &str,
        environment: Environment,
        config: PluginConfig,
        network: &N,
    ) -> Result<Detached, CniError>
    where
        N: Network + Clone + Send + 'static,
    {
        let call = Call::new(self, name, environment, config, Instant::now())?;
        let state = StateDirectory::open(&call.installation.state()).map_err(journal_failure)?;
        let locked = state.lock(&call.attachment, call.deadline).map_err(journal_failure)?;
        let known = Known::of(&state, &locked);
        let held = del::undo_known(&call, &state, known, locked, &mut network.clone())?;
        let session = session(&call, Mode::Del, &state, network);
        let errors = del::run_members(&call, session, true);
        if let Some(held) = held {
            held.release().map_err(journal_failure)?;
        }
        let complaints = errors.iter().map(|(_, error)| error.clone()).collect();
        Ok(Detached {
            answer: del::settle(&call, known.is_any(), errors).map(drop),
            complaints,
        })
    }

    /// GC for plugin `name`: what is on record of attachments that the
    /// configuration does not list is undone, and the components are called.
    ///
    /// # Errors
    /// As of a GC.
    pub fn collect_simulated<N>(
        &self,
        name: &str,
        environment: Environment,
        config: PluginConfig,
        network: &N,
    ) -> Result<(), CniError>
    where
        N: Network + Clone + Send + 'static,
    {
        let call = Call::new(self, name, environment, config, Instant::now())?;
        let Some(valid) = call.config.valid_attachments()? else {
            return Ok(());
        };
        let valid = gc::pairs(valid);
        let state = StateDirectory::open(&call.installation.state()).map_err(journal_failure)?;
        let mut failures = Vec::new();
        for id in gc::abandoned(&call, &state, &valid)? {
            if let Err(error) = undo_abandoned(&call, &state, &id, &mut network.clone()) {
                failures.push(format!("{id}: {error}"));
            }
        }
        let session = session(&call, Mode::Gc, &state, network)?;
        failures.extend(gc::run_members(&call, session, &valid));
        gc::conclude(&failures).map(drop)
    }

    /// STATUS for plugin `name`, as far as policies and components have a say.
    ///
    /// # Errors
    /// An ADD would not be served.
    pub fn status_simulated<N>(
        &self,
        name: &str,
        environment: Environment,
        config: PluginConfig,
        network: &N,
    ) -> Result<(), CniError>
    where
        N: Network + Clone + Send + 'static,
    {
        let call = Call::new(self, name, environment, config, Instant::now())?;
        let state = StateDirectory::open_to_look(&call.installation.state()).map_err(journal_failure)?;
        let mut session = session(&call, Mode::Status, &state, network).map_err(not_available)?;
        foresee_members(&call, &session).map_err(not_available)?;
        for member in &call.members {
            let task = call.network_task(member, &[]);
            let (returned, answer) = run(session, &member.plugin, member.config.clone(), task);
            session = returned;
            answer.map_err(|error| not_available(of_member(&call, member, error)))?;
        }
        Ok(())
    }
}

/// A session for one verb. The container's namespace is there for those of an
/// attachment.
fn session<N>(call: &Call, mode: Mode, state: &StateDirectory, network: &N) -> Result<Session, CniError>
where
    N: Network + Clone + Send + 'static,
{
    let of_attachment = matches!(mode, Mode::Check | Mode::Del);
    let namespace = of_attachment.then(|| namespace(call));
    Session::on(call, mode, state, Box::new(network.clone()), namespace)
}

fn undo_abandoned(
    call: &Call,
    state: &StateDirectory,
    id: &AttachmentId,
    network: &mut dyn Network,
) -> Result<(), CniError> {
    let locked = state.lock(id, call.deadline).map_err(journal_failure)?;
    let journal = locked.reopen().map_err(journal_failure)?;
    let report = roll_back_left(journal, network, &state.shared(), id);
    del::refuse_unclean(call, &report)
}
