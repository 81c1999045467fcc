use cofferdam_journal::StateDirectory;
use cofferdam_protocol::CniError;

use super::add::journal_failure;
use crate::{call::Call, component::run, container::record, mode::Mode, session::Session, verify::Truth};

/// Says whether the attachment is as the previous result describes it: the
/// host looks at the result, each component at what it made.
pub(crate) fn check(call: &Call) -> Result<String, CniError> {
    let previous = call.config.previous(call.version)?;
    let (mut kernel, identity) = call.kernel()?;
    let namespace = record(&mut kernel, identity, call.namespace_path());
    let state = StateDirectory::open(&call.installation.state()).map_err(journal_failure)?;
    let mut session = Session::new(call, Mode::Check, &state, kernel, Some(namespace))?;
    for member in &call.members {
        let task = call.attachment_task(member, previous.as_ref(), true)?;
        let (returned, answer) = run(session, &member.plugin, member.config.clone(), task);
        session = returned;
        answer?;
    }
    // The components know better what is wrong, and are asked first.
    if let Some(previous) = &previous {
        let mut truth = Truth::new(session.network.as_mut(), call.namespace_path());
        truth.check_interfaces_and_addresses(previous)?;
    }
    Ok(String::new())
}
