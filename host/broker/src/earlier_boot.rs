//! What attachments of an earlier boot left: the kernel forgot them, files did
//! not. The first call of a boot reclaims it, and tells of each.

use std::time::Instant;

use cofferdam_journal::{AttachmentId, StateDirectory};

use crate::{
    audit::{AuditLog, Trail},
    call::Call,
    log::emit,
    mode::Mode,
    undo::roll_back_left,
};

/// Takes away the journals of earlier boots, where the state directory is on a
/// disk, with the addresses that they hold. The attachment that the call is
/// about is left to it. What can't be reclaimed is told of, and does not stop
/// the call.
pub(crate) fn reclaim(call: &Call, mode: Mode, state: &StateDirectory) {
    let earlier = match state.of_earlier_boots() {
        Ok(None) => return,
        Ok(Some(earlier)) => earlier,
        Err(error) => return warn(&format!("attachments of an earlier boot can't be looked for: {error}")),
    };
    // The call has work of its own.
    let end = Instant::now() + call.time_left() / 2;
    for id in earlier.iter().filter(|id| **id != call.attachment) {
        if Instant::now() >= end {
            return warn("not all attachments of an earlier boot are reclaimed; the next call goes on");
        }
        if let Err(why) = reclaim_one(call, mode, state, id, end) {
            warn(&format!(
                "{id} was attached in an earlier boot and can't be reclaimed; a DEL or GC tries again: {why}"
            ));
        }
    }
    if let Err(error) = state.set_reclaimed() {
        warn(&format!(
            "the next call looks for attachments of an earlier boot again: {error}"
        ));
    }
}

fn reclaim_one(call: &Call, mode: Mode, state: &StateDirectory, id: &AttachmentId, end: Instant) -> Result<(), String> {
    let locked = state.lock_existing(id, end).map_err(|error| error.to_string())?;
    // Somebody else was faster, and may have attached it again.
    let Some(locked) = locked.filter(|locked| locked.history().is_of_earlier_boot()) else {
        return Ok(());
    };
    let journal = locked.reopen().map_err(|error| error.to_string())?;
    let report = roll_back_left(journal, &mut call.host_kernel(), &state.shared(), id);
    if !report.is_clean() {
        return Err(report.to_string());
    }
    emit(&format!(
        "cofferdam: info: reclaimed {id}, attached in an earlier boot: {report}"
    ));
    Trail::of_host(AuditLog::open(call.installation.audit_log()), mode, id).reclaimed("attachment of an earlier boot");
    Ok(())
}

fn warn(text: &str) {
    emit(&format!("cofferdam: warn: {text}"));
}
