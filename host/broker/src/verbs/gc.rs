use std::cmp::Reverse;

use cofferdam_journal::{AttachmentId, StateDirectory};
use cofferdam_protocol::{AttachmentKey, CniError};

use super::{add::journal_failure, reference_leftovers};
use crate::{
    call::Call,
    codes, collect,
    component::run,
    earlier_boot,
    log::{emit, printable},
    mode::Mode,
    session::Session,
};

/// Removes what belongs to this network's attachments that are not in the
/// valid list. Without a list nothing is removed.
pub(crate) fn gc(call: &Call) -> Result<String, CniError> {
    let Some(valid) = call.config.valid_attachments()? else {
        return Ok(String::new());
    };
    let valid = pairs(valid);
    let state = StateDirectory::open(&call.installation.state()).map_err(journal_failure)?;
    earlier_boot::reclaim(call, Mode::Gc, &state);
    let mut failures = Vec::new();
    for id in abandoned(call, &state, &valid)? {
        if let Err(error) = collect(call, &state, &id) {
            failures.push(format!("{id}: {error}"));
        }
    }
    if let Err(error) = state.clear_empty(Some(&call.attachment.network)) {
        failures.push(error.to_string());
    }
    reference_leftovers::remove_all_but(call, &mut call.host_kernel(), &valid);
    let session = Session::new(call, Mode::Gc, &state, call.host_kernel(), None)?;
    failures.extend(run_members(call, session, &valid));
    conclude(&failures)
}

/// Container id and interface name of each.
pub(super) fn pairs(valid: Vec<AttachmentKey>) -> Vec<(String, String)> {
    let pair = |attachment: AttachmentKey| (attachment.container_id, attachment.interface_name);
    valid.into_iter().map(pair).collect()
}

pub(super) fn conclude(failures: &[String]) -> Result<String, CniError> {
    if failures.is_empty() {
        return Ok(String::new());
    }
    Err(CniError::new(codes::JOURNAL, "not everything could be collected").with_details(failures.join("; ")))
}

/// What is on record of the network and not in the list, the youngest first,
/// since it may rest on others. The list is the network's, whoever is called:
/// what was attached as another plugin, or as a chain, before a change of the
/// configuration is nobody else's to collect.
pub(super) fn abandoned(
    call: &Call,
    state: &StateDirectory,
    valid: &[(String, String)],
) -> Result<Vec<AttachmentId>, CniError> {
    let network = &call.attachment.network;
    let mut headers = Vec::new();
    for summary in state.attachments(Some(network)).map_err(journal_failure)? {
        match summary.header {
            Some(header) => headers.push(header),
            None => {
                let (path, why) = (summary.path.display(), summary.problem.unwrap_or_default());
                emit(&format!("cofferdam: warn: GC passes over {path}: {why}"));
            }
        }
    }
    headers.sort_by_key(|header| Reverse(header.started));
    let ids = headers.into_iter().map(|header| header.attachment);
    let is_abandoned = |id: &AttachmentId| {
        let is_it = |(container, interface): &(String, String)| {
            *container == id.container_id && *interface == id.interface_name
        };
        id.network == *network && !valid.iter().any(is_it)
    };
    Ok(ids.filter(is_abandoned).collect())
}

fn collect(call: &Call, state: &StateDirectory, id: &AttachmentId) -> Result<(), CniError> {
    let locked = state.lock(id, call.deadline).map_err(journal_failure)?;
    let report = collect::undo(state, locked, || call.host_kernel()).map_err(journal_failure)?;
    emit(&format!("cofferdam: info: collected {id}: {report}"));
    if report.is_clean() {
        Ok(())
    } else {
        Err(CniError::new(codes::JOURNAL, report.to_string()))
    }
}

/// What the members say that could not be removed.
pub(super) fn run_members(call: &Call, mut session: Session, valid: &[(String, String)]) -> Vec<String> {
    session.valid = valid.to_vec();
    let mut failures = Vec::new();
    for member in &call.members {
        let task = call.network_task(member, valid);
        let (returned, answer) = run(session, &member.plugin, member.config.clone(), task);
        session = returned;
        if let Err(error) = answer {
            failures.push(format!("plugin {}: {}", member.plugin, printable(&error.to_string())));
        }
    }
    failures
}
