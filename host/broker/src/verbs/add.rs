use std::time::{SystemTime, UNIX_EPOCH};

use cofferdam_journal::{Header, LockedAttachment, NamespaceRecord, PluginRecord, Shared, StateDirectory};
use cofferdam_network::Kernel;
use cofferdam_protocol::{Attachment, CniError, args, result};

use super::formerly;
use crate::{
    call::{Call, Member},
    codes,
    component::{Answer, foresee, run},
    container::{is_where_made, record},
    convert::attachment,
    earlier_boot,
    mode::Mode,
    plugins::Plugins,
    session::Session,
    timing,
    undo::{describe, roll_back, roll_back_left, undo},
    verify::{Given, Request, Truth},
};

/// Attaches the container: all members of the chain, or nothing.
pub(crate) fn add(call: &Call) -> Result<String, CniError> {
    let previous = call.config.previous(call.version)?;
    let (mut kernel, namespace) = call.kernel()?;
    timing::phase("namespace");
    let state = StateDirectory::open(&call.installation.state()).map_err(journal_failure)?;
    earlier_boot::reclaim(call, Mode::Add, &state);
    let locked = state.lock(&call.attachment, call.deadline).map_err(journal_failure)?;
    let namespace = record(&mut kernel, namespace, call.namespace_path());
    let locked = clear_leftovers(call, &state, locked, &mut kernel, &namespace)?;
    let mut session = Session::new(call, Mode::Add, &state, kernel, Some(namespace.clone()))?;
    let header = header(call, namespace, &session.plugins);
    session.journal = Some(locked.begin(header).map_err(journal_failure)?);
    timing::phase("journal");
    let (session, outcome) = run_members(call, session, previous);
    conclude(call, &state, session, outcome)
}

/// Commits what the members made, or undoes it.
pub(super) fn conclude(
    call: &Call,
    state: &StateDirectory,
    mut session: Session,
    outcome: Result<Attachment, CniError>,
) -> Result<String, CniError> {
    let outcome = outcome.and_then(|result| {
        let text = result::to_json(&result, call.version).map_err(CniError::from)?;
        commit(&mut session, &text)?;
        Ok(text)
    });
    timing::phase("commit");
    match outcome {
        Ok(text) => Ok(text),
        Err(error) => Err(undo_all(state, session, error)),
    }
}

pub(super) fn run_members(
    call: &Call,
    mut session: Session,
    mut previous: Option<Attachment>,
) -> (Session, Result<Attachment, CniError>) {
    if let Err(error) = foresee_members(call, &session) {
        return (session, Err(error));
    }
    for member in &call.members {
        let task = match call.attachment_task(member, previous.as_ref(), true) {
            Ok(task) => task,
            Err(error) => return (session, Err(error)),
        };
        let (returned, answer) = run(session, &member.plugin, member.config.clone(), task);
        session = returned;
        let result = answer.and_then(|answer| match answer {
            Answer::Attachment(given) => attachment(given, call.namespace_path()),
            Answer::Nothing => Ok(Attachment::default()),
        });
        let checked = result.and_then(|result| {
            check_result(call, &mut session, member, previous.as_ref(), &result)?;
            Ok(result)
        });
        timing::phase("verify");
        match checked {
            Ok(result) => previous = Some(result),
            Err(error) => return (session, Err(of_member(call, member, error))),
        }
    }
    (session, Ok(previous.unwrap_or_default()))
}

/// Finds what keeps a member, or the address management plugin that it may
/// call, from running before the first one runs.
pub(super) fn foresee_members(call: &Call, session: &Session) -> Result<(), CniError> {
    call.members.iter().try_for_each(|member| {
        let foreseen = foresee(session, &member.plugin).and_then(|()| match session.plugins.delegate_of(member) {
            Some(delegate) => foresee(session, &delegate),
            None => Ok(()),
        });
        let foreseen = foreseen.and_then(|()| session.plugins.check_config(member));
        foreseen.map_err(|error| of_member(call, member, error))
    })
}

/// An error of a chain tells whose it is.
pub(super) fn of_member(call: &Call, member: &Member, error: CniError) -> CniError {
    if call.members.len() < 2 {
        return error;
    }
    let verb = call.verb.as_str().to_ascii_lowercase();
    let message = format!("plugin type={:?} failed ({verb}): {}", member.plugin, error.message);
    CniError { message, ..error }
}

fn check_result(
    call: &Call,
    session: &mut Session,
    member: &Member,
    previous: Option<&Attachment>,
    result: &Attachment,
) -> Result<(), CniError> {
    let given = Given::new(&member.config, args::parse(&call.environment.args), &session.deeds.read)
        .and_received(&session.deeds.received)
        .and_answered(&session.deeds.answered);
    let request = Request {
        links: &session.links,
        deeds: &session.deeds,
        claimed: &session.claimed,
        given: &given,
    };
    Truth::new(session.network.as_mut(), call.namespace_path())
        .of_request(previous, request)
        .check_result(result)
}

fn commit(session: &mut Session, text: &str) -> Result<(), CniError> {
    match session.journal.as_mut() {
        Some(journal) => journal.commit(text).map_err(journal_failure),
        None => Ok(()),
    }
}

fn undo_all(state: &StateDirectory, mut session: Session, error: CniError) -> CniError {
    // A lock that is held would keep the undoing waiting.
    session.close_records();
    let Some(mut journal) = session.journal.take() else {
        return error;
    };
    let network = session.network.as_mut();
    let (shared, id) = (&session.shared, &session.attachment);
    let namespace = session.namespace.as_ref();
    // Its DEL has to find that it was this network's.
    let report = if namespace.is_some_and(|namespace| formerly::is_anothers(state, id, namespace)) {
        undo(&mut journal, network, shared, id)
    } else {
        roll_back(journal, network, shared, id)
    };
    describe(error, &report)
}

/// What an ADD that did not end, or an attachment whose container is gone,
/// left behind is undone first. A live attachment stays, and the ADD fails.
fn clear_leftovers(
    call: &Call,
    state: &StateDirectory,
    locked: LockedAttachment,
    kernel: &mut Kernel,
    namespace: &NamespaceRecord,
) -> Result<LockedAttachment, CniError> {
    let history = locked.history();
    if history.is_empty() {
        return Ok(locked);
    }
    // Numbers of namespaces are counted anew in each boot.
    let same = !history.is_of_earlier_boot() && is_where_made(history, namespace);
    if history.is_committed() && same {
        let text = format!("{} is attached already; a DEL has to come first", call.attachment);
        return Err(CniError::new(codes::ALREADY_ATTACHED, text));
    }
    let shared: Shared = state.shared();
    let journal = locked.reopen().map_err(journal_failure)?;
    let report = if same {
        roll_back_left(journal, kernel, &shared, &call.attachment)
    } else {
        // The old container's links went with its namespace; the new one's
        // must not be touched.
        roll_back_left(journal, &mut call.host_kernel(), &shared, &call.attachment)
    };
    if !report.items.is_empty() || report.has_remarks() {
        let text = format!(
            "cofferdam: warn: cleared what an earlier ADD of {} left: {report}",
            call.attachment
        );
        crate::log::emit(&text);
    }
    if !report.is_clean() {
        return Err(CniError::new(
            codes::JOURNAL,
            format!("what an earlier ADD left can't be cleared: {report}"),
        ));
    }
    state.lock(&call.attachment, call.deadline).map_err(journal_failure)
}

pub(super) fn header(call: &Call, namespace: NamespaceRecord, plugins: &Plugins) -> Header {
    let members = call
        .members
        .iter()
        .map(|member| PluginRecord {
            name: member.plugin.clone(),
            digest: plugins.digest(&member.plugin).map(str::to_owned),
        })
        .collect();
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Header::new(
        call.attachment.clone(),
        Some(namespace),
        members,
        u64::try_from(started.as_millis()).unwrap_or(u64::MAX),
        cofferdam_journal::digest_of_text(call.config.text()),
    )
}

/// The journal can't be used: nothing was done.
pub(crate) fn journal_failure(error: cofferdam_journal::Error) -> CniError {
    match error {
        cofferdam_journal::Error::Busy { .. } => CniError::try_again_later(error.to_string()),
        error => CniError::new(codes::JOURNAL, error.to_string()),
    }
}
