use cofferdam_journal::StateDirectory;
use cofferdam_protocol::CniError;

use super::add::journal_failure;
use crate::{call::Call, codes, component::run, mode::Mode, session::Session};

/// The specification's "plugin not available".
const NOT_AVAILABLE: u32 = 50;

/// Says whether an ADD would be served: the state directory, each member's
/// policy and component, and what the components say themselves.
pub(crate) fn status(call: &Call) -> Result<String, CniError> {
    let state =
        StateDirectory::open(&call.installation.state()).map_err(|error| not_available(journal_failure(error)))?;
    let mut session = Session::new(call, Mode::Status, &state, call.host_kernel(), None).map_err(not_available)?;
    for member in &call.members {
        let task = call.network_task(member, &[]);
        let (returned, answer) = run(session, &member.plugin, member.config.clone(), task);
        session = returned;
        answer.map_err(not_available)?;
    }
    Ok(String::new())
}

/// What the host finds wrong has a code of the host; for STATUS the
/// specification has its own. A plugin's 50 or 51 stays.
fn not_available(error: CniError) -> CniError {
    let host_side = [
        codes::DENIED,
        codes::COMPONENT,
        codes::FAULT,
        codes::JOURNAL,
        codes::CONFINEMENT,
    ]
    .contains(&error.code);
    if host_side {
        CniError {
            code: NOT_AVAILABLE,
            ..error
        }
    } else {
        error
    }
}
