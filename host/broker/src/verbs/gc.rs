use cofferdam_journal::{AttachmentId, StateDirectory};
use cofferdam_protocol::CniError;

use super::add::journal_failure;
use crate::{
    call::Call,
    codes,
    component::run,
    container::kernel_where_made,
    log::{emit, printable},
    mode::Mode,
    session::Session,
    undo::roll_back,
};

/// Removes what belongs to this network's attachments that are not in the
/// valid list. Without a list nothing is removed.
pub(crate) fn gc(call: &Call) -> Result<String, CniError> {
    let Some(valid) = call.config.valid_attachments()? else {
        return Ok(String::new());
    };
    let valid: Vec<(String, String)> = valid
        .into_iter()
        .map(|attachment| (attachment.container_id, attachment.interface_name))
        .collect();
    let state = StateDirectory::open(&call.installation.state()).map_err(journal_failure)?;
    let mut failures = Vec::new();
    for summary in state
        .attachments(Some(&call.attachment.network))
        .map_err(journal_failure)?
    {
        let Some(header) = summary.header else {
            let why = summary.problem.unwrap_or_default();
            emit(&format!(
                "cofferdam: warn: GC passes over {}: {why}",
                summary.path.display()
            ));
            continue;
        };
        let id = header.attachment.clone();
        let in_use = valid
            .iter()
            .any(|(container, interface)| *container == id.container_id && *interface == id.interface_name);
        // Other plugins of the list collect their own.
        if in_use || id.unit != call.attachment.unit {
            continue;
        }
        if let Err(error) = collect(
            call,
            &state,
            &id,
            header.namespace.as_ref().map(|record| record.path.as_str()),
        ) {
            failures.push(format!("{id}: {error}"));
        }
    }
    if let Err(error) = state.clear_empty(&call.attachment.network) {
        failures.push(error.to_string());
    }
    failures.extend(run_members(call, &state, valid)?);
    if failures.is_empty() {
        return Ok(String::new());
    }
    Err(CniError::new(codes::JOURNAL, "not everything could be collected").with_details(failures.join("; ")))
}

fn collect(call: &Call, state: &StateDirectory, id: &AttachmentId, path: Option<&str>) -> Result<(), CniError> {
    let locked = state.lock(id, call.deadline).map_err(journal_failure)?;
    let mut kernel = kernel_where_made(|| call.host_kernel(), path, locked.history());
    let journal = locked.reopen().map_err(journal_failure)?;
    let report = roll_back(journal, &mut kernel, &state.shared(), id);
    emit(&format!("cofferdam: info: collected {id}: {report}"));
    if report.is_clean() {
        Ok(())
    } else {
        Err(CniError::new(codes::JOURNAL, report.to_string()))
    }
}

fn run_members(call: &Call, state: &StateDirectory, valid: Vec<(String, String)>) -> Result<Vec<String>, CniError> {
    let mut session = Session::new(call, Mode::Gc, state, call.host_kernel(), None)?;
    session.valid.clone_from(&valid);
    let mut failures = Vec::new();
    for member in &call.members {
        let task = call.network_task(member, &valid);
        let (returned, answer) = run(session, &member.plugin, member.config.clone(), task);
        session = returned;
        if let Err(error) = answer {
            failures.push(format!("plugin {}: {}", member.plugin, printable(&error.to_string())));
        }
    }
    Ok(failures)
}
