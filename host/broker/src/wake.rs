//! The keeper's call: a plugin looks after an attachment.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use cofferdam_journal::{History, NamespaceRecord, State, StateDirectory, UpkeepRecord, since_boot};
use cofferdam_network::{
    Kernel,
    namespace::{identity, open_namespace},
};
use cofferdam_protocol::{CniError, PluginConfig, args};
use cofferdam_sandbox::bindings::keeping::exports::cofferdam::cni::keeper::Occasion;

use crate::{
    Broker,
    call::Call,
    component::run,
    container::{is_where_made, record as namespace_record},
    mediator::Task,
    mode::Mode,
    session::Session,
    verbs::journal_failure,
};

/// When a plugin that failed, and said nothing of the next time, is called
/// again.
const AGAIN: Duration = Duration::from_secs(60);

/// What came of a keeper's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// The plugin did what was due.
    Done,
    /// Nothing is due any more, or not yet.
    NotDue,
    /// The attachment or its namespace is gone, and so is the record.
    Forgotten,
}

impl Broker {
    /// Calls a plugin for an attachment whose record is due, under the
    /// attachment's lock. `file` is the record's.
    ///
    /// # Errors
    /// The plugin failed or could not be run; it is called again later.
    pub fn wake(&self, file: &Path) -> Result<Woken, CniError> {
        let started = Instant::now();
        let Some(state) = StateDirectory::open_existing(&self.installation().state()).map_err(journal_failure)? else {
            return Ok(Woken::NotDue);
        };
        let Some(found) = record_in(&state, file)? else {
            return Ok(Woken::NotDue);
        };
        let call = Call::of_record(self, &found, PluginConfig::parse(&found.config)?, started);
        let locked = state
            .lock_existing(&found.attachment, call.deadline)
            .map_err(journal_failure)?;
        // It may have changed before the lock was had.
        let upkeep = state.upkeep();
        let due = upkeep
            .read(&found.attachment, &found.plugin)
            .map_err(journal_failure)?
            .filter(|record| record.due.is_some_and(|due| due <= since_boot()));
        let Some(record) = due else { return Ok(Woken::NotDue) };
        let forget = || {
            upkeep
                .remove(&record.attachment, &record.plugin)
                .map_err(journal_failure)?;
            Ok(Woken::Forgotten)
        };
        let Some(locked) = locked.filter(|locked| !locked.history().is_empty()) else {
            return forget();
        };
        match locked.history().state() {
            State::Committed => {}
            // Whoever is at it, or comes next, undoes it.
            _ => return Ok(Woken::NotDue),
        }
        let Some((kernel, namespace)) = container(&call, locked.history()) else {
            return forget();
        };
        let woken = look_after(&call, &state, &record, (kernel, namespace));
        // Nobody else is at the attachment until now.
        drop(locked);
        woken
    }
}

fn record_in(state: &StateDirectory, file: &Path) -> Result<Option<UpkeepRecord>, CniError> {
    let all = state.upkeep().all().map_err(journal_failure)?;
    match all.into_iter().find(|(path, _)| path.file_name() == file.file_name()) {
        Some((_, record)) => record.map(Some).map_err(journal_failure),
        None => Ok(None),
    }
}

/// The container's namespace, if the path still leads to the one in which the
/// attachment was made.
fn container(call: &Call, history: &History) -> Option<(Kernel, NamespaceRecord)> {
    let path = call.namespace_path();
    let namespace = open_namespace(Path::new(path?)).ok()?;
    let identity = identity(&namespace).ok()?;
    let mut kernel = call.host_kernel().with_container(namespace);
    let namespace = namespace_record(&mut kernel, identity, path);
    is_where_made(history, &namespace).then_some((kernel, namespace))
}

fn look_after(
    call: &Call,
    state: &StateDirectory,
    record: &UpkeepRecord,
    (kernel, namespace): (Kernel, NamespaceRecord),
) -> Result<Woken, CniError> {
    let mut session = Session::new(call, Mode::Wake, state, kernel, Some(namespace))?;
    let occasion = Occasion {
        container_id: record.attachment.container_id.clone(),
        interface_name: record.attachment.interface_name.clone(),
        network: record.attachment.network.clone(),
        args: args::parse(&record.args)
            .into_iter()
            .map(|argument| (argument.key, argument.value))
            .collect(),
        config: record.config.clone(),
        state: record.state.clone(),
        elapsed: record.elapsed(),
    };
    session.kept = Some(record.clone());
    let (_, answer) = run(
        session,
        &record.plugin,
        call.config.clone(),
        Task::Wake(Box::new(occasion)),
    );
    put_off(state, record, answer.is_ok())?;
    answer.map(|_| Woken::Done)
}

/// What the plugin did not keep anew is not due any more, or later where it
/// failed.
fn put_off(state: &StateDirectory, record: &UpkeepRecord, went_well: bool) -> Result<(), CniError> {
    let upkeep = state.upkeep();
    let now = upkeep
        .read(&record.attachment, &record.plugin)
        .map_err(journal_failure)?;
    if now.as_ref() != Some(record) {
        return Ok(());
    }
    let later = UpkeepRecord {
        due: (!went_well).then(|| since_boot() + AGAIN),
        ..record.clone()
    };
    upkeep.keep(&later).map_err(journal_failure)
}
