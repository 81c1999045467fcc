//! What a container's interface was attached as before the configuration
//! changed: on a network that was renamed, or as a list that became a chain.
//!
//! A runtime that has forgotten the former name calls DEL with the new one, and
//! nobody will ever call it with the old.

use cofferdam_journal::{
    AttachmentId, AttachmentSummary, Header, LockedAttachment, NamespaceRecord, State, StateDirectory,
};
use cofferdam_network::Kernel;
use cofferdam_protocol::CniError;

use super::{add::journal_failure, del::refuse_unclean};
use crate::{
    call::Call,
    collect::{Inhabited, NamespaceNow},
    container::kernel_where_made,
    log::emit,
    undo::{TIME, roll_back_left},
};

/// Undoes what the plugins that are called attached the interface as, where
/// nothing is on record of it by the names that are told.
///
/// On another network only what is in the namespace that is told, or in none
/// any more: another container of that name has its own. And only where the
/// network that is told has nothing on record of the interface, since an ADD
/// that failed there has a DEL of its own ([`is_anothers`]).
pub(super) fn undo(
    call: &Call,
    state: &StateDirectory,
    kernel: &mut Kernel,
    namespace: Option<&NamespaceRecord>,
) -> Result<(), CniError> {
    let id = &call.attachment;
    let on_record = match state.of_interface(&id.container_id, &id.interface_name) {
        Ok(on_record) => on_record,
        // Nothing of it is known to be there.
        Err(error) => {
            emit(&format!("cofferdam: warn: DEL of {id}: {error}"));
            return Ok(());
        }
    };
    let is_new_here = !on_record.iter().any(|summary| is_of_network(summary, id));
    let inhabited = Inhabited::default();
    for summary in &on_record {
        let Some(header) = summary.header.as_ref().filter(|header| is_former(call, header)) else {
            continue;
        };
        let is_here = |namespace| is_same(header, namespace);
        let is_to_go = is_of_network(summary, id)
            || is_new_here && (namespace.is_some_and(is_here) || is_without_namespace(header, &inhabited));
        if is_to_go {
            let kernel = namespace.filter(|namespace| is_here(namespace)).map(|_| &mut *kernel);
            undo_one(call, state, &header.attachment, kernel)?;
        }
    }
    Ok(())
}

/// Whether the interface is attached in this namespace on another network. An
/// ADD that fails then leaves its journal, empty as it is: the DEL that follows
/// is about that, and not about the other network by a new name.
pub(super) fn is_anothers(state: &StateDirectory, id: &AttachmentId, namespace: &NamespaceRecord) -> bool {
    let on_record = state.of_interface(&id.container_id, &id.interface_name);
    let is_it = |summary: &AttachmentSummary| {
        let header = summary.header.as_ref();
        !is_of_network(summary, id) && header.is_some_and(|header| is_same(header, namespace))
    };
    on_record.is_ok_and(|on_record| on_record.iter().any(is_it))
}

/// Whether a journal is there for that only: nothing is left to undo, and the
/// interface is another network's still.
pub(super) fn is_mark(state: &StateDirectory, locked: &LockedAttachment) -> bool {
    let history = locked.history();
    let is_undone = history.state() == State::RollingBack && history.pending().next().is_none();
    let namespace = history.namespace().filter(|_| is_undone);
    namespace.is_some_and(|namespace| is_anothers(state, locked.id(), namespace))
}

fn is_of_network(summary: &AttachmentSummary, id: &AttachmentId) -> bool {
    let header = summary.header.as_ref();
    header.is_some_and(|header| header.attachment.network == id.network)
}

/// Whether it was made by one of the plugins that are called, in this boot.
fn is_former(call: &Call, header: &Header) -> bool {
    let is_called = |name: &str| call.members.iter().any(|member| member.plugin == name);
    header.attachment != call.attachment
        && !header.is_of_earlier_boot()
        && header.plugins.iter().any(|plugin| is_called(&plugin.name))
}

fn is_same(header: &Header, namespace: &NamespaceRecord) -> bool {
    let record = header.namespace.as_ref();
    record.is_some_and(|record| record.is_same(namespace))
}

fn is_without_namespace(header: &Header, inhabited: &Inhabited) -> bool {
    let now = header
        .namespace
        .as_ref()
        .map(|record| NamespaceNow::of(record, inhabited));
    matches!(now, Some(NamespaceNow::Gone | NamespaceNow::Another))
}

fn undo_one(
    call: &Call,
    state: &StateDirectory,
    former: &AttachmentId,
    kernel: Option<&mut Kernel>,
) -> Result<(), CniError> {
    let locked = state
        .lock_existing(former, call.deadline + TIME)
        .map_err(journal_failure)?;
    let Some(locked) = locked else {
        return Ok(());
    };
    let mut elsewhere;
    let kernel = match kernel {
        Some(kernel) => kernel,
        None => {
            let path = locked.history().namespace().map(|record| record.path.as_str());
            elsewhere = kernel_where_made(|| call.host_kernel(), path, locked.history());
            &mut elsewhere
        }
    };
    let journal = locked.reopen().map_err(journal_failure)?;
    let report = roll_back_left(journal, kernel, &state.shared(), former);
    emit(&format!(
        "cofferdam: info: DEL of {} undid {former}, as which it was attached: {report}",
        call.attachment
    ));
    refuse_unclean(call, &report)
}
