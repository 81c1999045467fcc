use cofferdam_journal::{Journal, LockedAttachment, NamespaceRecord, Report, StateDirectory};
use cofferdam_network::Network;
use cofferdam_protocol::CniError;

use super::{add::journal_failure, formerly, reference_leftovers};
use crate::{
    Reach,
    call::{Call, Member},
    codes,
    component::run,
    container::{is_where_made, kernel_where_made, record},
    earlier_boot,
    log::{emit, printable},
    mode::Mode,
    recording::Recorder,
    session::{Resources, Session},
    timing,
    undo::{TIME, leave_unrecorded, undo},
};

/// Detaches the container. The journal says what was made; the components'
/// own `del` comes after, for what a journal can't know.
pub(crate) fn del(call: &Call) -> Result<String, CniError> {
    let (mut kernel, identity) = call.kernel_if_exists()?;
    let told = identity.map(|identity| record(&mut kernel, identity, call.namespace_path()));
    let state = StateDirectory::open(&call.installation.state()).map_err(journal_failure)?;
    earlier_boot::reclaim(call, Mode::Del, &state);
    // An ADD that is under way ends when its time is up, and is undone then: a
    // DEL that began after it waits for both.
    let locked = state
        .lock(&call.attachment, call.deadline + TIME)
        .map_err(journal_failure)?;
    let known = Known::of(&state, &locked);
    let whole = known.is_any() && locked.history().damaged_lines() == 0;
    // What keeps components from being run keeps nothing from being undone.
    let resources = Resources::open(call, Mode::Del);
    if !known.is_any() {
        formerly::undo(call, &state, &mut kernel, told.as_ref())?;
        reference_leftovers::remove(call, &state, &mut kernel);
    }
    let namespace = known.namespace(&locked, told.clone());
    let mut elsewhere = None;
    if known == Known::Attached && namespace.is_none() {
        // The path leads to somebody else's by now, or was not told. What is
        // in the container can be brought home by the one on record.
        kernel = call.host_kernel();
        let history = locked.history();
        let path = history.namespace().map(|record| record.path.as_str());
        elsewhere = Some(kernel_where_made(|| call.host_kernel(), path, history));
    }
    let undoing = elsewhere.as_mut().unwrap_or(&mut kernel);
    if let Ok(resources) = &resources {
        Recorder::begin(call, resources, undoing, told.as_ref(), Some(locked.history()));
    }
    let held = call
        .recorder
        .hear(undoing, |network| undo_known(call, &state, known, locked, network))?;
    // A connection that it made, as to D-Bus, is nothing for who is confined.
    drop(elsewhere);
    // The lock is held to the end: what the components take away by its name
    // must not be what an ADD that comes meanwhile has made.
    let exists = namespace.is_some();
    let leaves_lost = !whole && held.is_some();
    let reach = |reach: Reach| {
        if leaves_lost { reach.and_undoing() } else { reach }
    };
    let session = resources.and_then(|resources| Session::reaching(call, &state, kernel, namespace, resources, reach));
    let errors = run_members(call, session, exists);
    call.recorder.note(|| complaints(&errors));
    if leaves_lost {
        leave_lost(call, &state);
    }
    if let Some(Err(error)) = held.map(LockedAttachment::release) {
        emit(&format!("cofferdam: warn: DEL of {}: {error}", call.attachment));
    }
    settle(call, known.is_any(), errors)
}

/// What is on record of an attachment when its DEL begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    /// That its interface is another network's still, and nothing else.
    Mark,
    Attached,
}

impl Known {
    pub(super) fn of(state: &StateDirectory, locked: &LockedAttachment) -> Self {
        if locked.history().is_empty() {
            Self::Nothing
        } else if formerly::is_mark(state, locked) {
            Self::Mark
        } else {
            Self::Attached
        }
    }

    pub(super) fn is_any(self) -> bool {
        self != Self::Nothing
    }

    /// The container's namespace, unless the attachment was made in another
    /// one.
    pub(super) fn namespace(self, locked: &LockedAttachment, told: Option<NamespaceRecord>) -> Option<NamespaceRecord> {
        told.filter(|told| self != Self::Attached || is_where_made(locked.history(), told))
    }
}

/// Undoes what is on record, and keeps the attachment's lock, where that can
/// be.
pub(super) fn undo_known(
    call: &Call,
    state: &StateDirectory,
    known: Known,
    locked: LockedAttachment,
    network: &mut dyn Network,
) -> Result<Option<LockedAttachment>, CniError> {
    if known != Known::Attached {
        return Ok(Some(locked));
    }
    let mut journal = locked.reopen().map_err(journal_failure)?;
    let report = undo(&mut journal, network, &state.shared(), &call.attachment);
    timing::phase("roll back");
    tell_remarks(call, &report);
    refuse_unclean(call, &report)?;
    Ok(finish(call, journal))
}

/// What the components failed with, for who wants to know of it although the
/// runtime may not be told.
pub(super) fn complaints(errors: &[(String, CniError)]) -> Vec<String> {
    let told = errors.iter();
    told.map(|(plugin, error)| format!("plugin {plugin}: {}", printable(&error.to_string())))
        .collect()
}

/// Ends the journal and keeps the attachment's lock, where that can be.
fn finish(call: &Call, journal: Journal) -> Option<LockedAttachment> {
    journal
        .finish_locked()
        .inspect_err(|error| {
            emit(&format!(
                "cofferdam: warn: the journal of {} can't be removed: {error}",
                call.attachment
            ));
        })
        .ok()
}

/// After all that is known of the attachment is gone: what it uses that no
/// record tells of. A registry that can't be read keeps no DEL from ending.
fn leave_lost(call: &Call, state: &StateDirectory) {
    let id = &call.attachment;
    match leave_unrecorded(&mut call.host_kernel(), &state.shared(), id) {
        Ok(report) if report.items.is_empty() => {}
        Ok(report) => emit(&format!(
            "cofferdam: warn: DEL of {id}: of what its journal does not tell, {report}"
        )),
        Err(error) => emit(&format!("cofferdam: warn: DEL of {id}: {error}")),
    }
}

fn tell_remarks(call: &Call, report: &Report) {
    if report.has_remarks() {
        emit(&format!("cofferdam: warn: DEL of {}: {report}", call.attachment));
    }
}

pub(super) fn refuse_unclean(call: &Call, report: &Report) -> Result<(), CniError> {
    if report.is_clean() {
        return Ok(());
    }
    let text = format!(
        "{} is not wholly detached; DEL can be called again: {report}",
        call.attachment
    );
    Err(CniError::new(codes::JOURNAL, text))
}

/// Calls each member's `del`, last first, whatever the others say.
pub(super) fn run_members(call: &Call, session: Result<Session, CniError>, exists: bool) -> Vec<(String, CniError)> {
    let mut errors = Vec::new();
    // A result that can't be read does not stop a DEL.
    let previous = call.config.previous(call.version).unwrap_or_default();
    let mut session = match session {
        Ok(session) => session,
        Err(error) => return vec![(String::new(), error)],
    };
    for Member { plugin, config } in call.members.iter().rev() {
        let member = Member {
            plugin: plugin.clone(),
            config: config.clone(),
        };
        let task = match call.attachment_task(&member, previous.as_ref(), exists) {
            Ok(task) => task,
            Err(error) => {
                errors.push((plugin.clone(), error));
                continue;
            }
        };
        let (returned, answer) = run(session, plugin, config.clone(), task);
        session = returned;
        if let Err(error) = answer {
            errors.push((plugin.clone(), error));
        }
    }
    errors
}

/// An attachment that the journal knew is gone, whatever the components say:
/// their complaints are for the operator. Of one that it did not know, only
/// the components can tell; but one that is missing, not granted or broken
/// must not keep the runtime calling for ever.
pub(super) fn settle(call: &Call, known: bool, errors: Vec<(String, CniError)>) -> Result<String, CniError> {
    let mut failures = Vec::new();
    for (plugin, error) in errors {
        let host_side = [codes::DENIED, codes::COMPONENT, codes::FAULT, codes::CONFINEMENT].contains(&error.code)
            || error.code == 11;
        if known || host_side {
            emit(&format!(
                "cofferdam: warn: DEL of {}: plugin {plugin}: {}",
                call.attachment,
                printable(&error.to_string())
            ));
        } else {
            failures.push((plugin, error));
        }
    }
    let mut failures = failures.into_iter();
    let Some((_, first)) = failures.next() else {
        return Ok(String::new());
    };
    let others: Vec<String> = failures
        .map(|(plugin, error)| format!("plugin {plugin}: {error}"))
        .collect();
    if others.is_empty() {
        return Err(first);
    }
    let details = first
        .details
        .clone()
        .into_iter()
        .chain(others)
        .collect::<Vec<_>>()
        .join("; ");
    Err(first.with_details(details))
}
