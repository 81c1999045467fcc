use cofferdam_journal::{Comparison, Difference, History, LockedAttachment, NamespaceRecord, State, StateDirectory};
use cofferdam_network::{Kernel, Network};
use cofferdam_protocol::{Attachment, CniError};

use super::add::journal_failure;
use crate::{
    call::Call,
    codes,
    component::run,
    container::{kernel_where_made, record},
    log::{emit, printable},
    mode::Mode,
    recording::Recorder,
    session::{Resources, Session},
    timing,
    verify::Truth,
};

/// Differences that an error lists; it tells how many there are besides.
const MOST_TOLD: usize = 50;

/// Says whether the attachment is as it was made: each component looks at what
/// it made, the host at the previous result, and at all that the journal has.
pub(crate) fn check(call: &Call) -> Result<String, CniError> {
    let previous = call.config.previous(call.version)?;
    let (mut kernel, identity) = call.kernel()?;
    let namespace = record(&mut kernel, identity, call.namespace_path());
    let state = StateDirectory::open_to_look(&call.installation.state()).map_err(journal_failure)?;
    let resources = Resources::open(call, Mode::Check);
    // Before the process gives up what the components have no need of.
    let differences = compare(call, &state, &resources, (&mut kernel, &namespace))?;
    timing::phase("compare");
    let told = resources
        .and_then(|resources| Session::reaching(call, &state, kernel, Some(namespace), resources, |reach| reach))
        .and_then(|session| ask(call, session, previous.as_ref()));
    conclude(call, told, &differences)
}

/// Looks how the kernel differs from the journal; not at all from none. The
/// lock is held for that long, and nothing is written.
fn compare(
    call: &Call,
    state: &StateDirectory,
    resources: &Result<Resources, CniError>,
    (kernel, namespace): (&mut Kernel, &NamespaceRecord),
) -> Result<Vec<Difference>, CniError> {
    let locked = on_record(call, state)?;
    let history = locked.as_ref().map(LockedAttachment::history);
    if let Ok(resources) = resources {
        Recorder::begin(call, resources, kernel, Some(namespace), history);
    }
    let Some(history) = history else {
        return Ok(Vec::new());
    };
    let mut where_made = kernel_where_made(|| call.host_kernel(), call.namespace_path(), history);
    call.recorder
        .hear(&mut where_made, |network| differences(call, state, history, network))
}

/// The attachment with its lock, if something is on record of it.
pub(super) fn on_record(call: &Call, state: &StateDirectory) -> Result<Option<LockedAttachment>, CniError> {
    let locked = state
        .lock_existing(&call.attachment, call.deadline)
        .map_err(journal_failure)?;
    Ok(locked.filter(|locked| !locked.history().is_empty()))
}

/// How a network differs from the journal.
pub(super) fn differences(
    call: &Call,
    state: &StateDirectory,
    history: &History,
    network: &mut dyn Network,
) -> Result<Vec<Difference>, CniError> {
    refuse_incomplete(call, history)?;
    if history.damaged_lines() > 0 {
        emit(&format!(
            "cofferdam: warn: CHECK of {}: {} lines of the journal can't be read, and what they say is not compared",
            call.attachment,
            history.damaged_lines()
        ));
    }
    let mut comparison = Comparison {
        network,
        shared: &state.shared(),
        id: &call.attachment,
    };
    comparison
        .differences(history)
        .map_err(|error| CniError::internal(format!("the journal can't be compared with the kernel: {error}")))
}

fn refuse_incomplete(call: &Call, history: &History) -> Result<(), CniError> {
    let why = match history.state() {
        State::None | State::Committed => return Ok(()),
        State::Uncommitted => "its ADD did not end",
        State::Torn => "its ADD did not end, and a part of its journal can't be read",
        State::RollingBack => "its DEL did not end",
    };
    let text = format!(
        "{} is not wholly attached: {why}; call DEL, and then ADD to attach it anew",
        call.attachment
    );
    Err(CniError::new(codes::DRIFT, text))
}

/// Asks the components, and looks at the result.
pub(super) fn ask(call: &Call, mut session: Session, previous: Option<&Attachment>) -> Result<(), CniError> {
    call.members
        .iter()
        .try_for_each(|member| session.plugins.check_config(member))?;
    for member in &call.members {
        let task = call.attachment_task(member, previous, true)?;
        let (returned, answer) = run(session, &member.plugin, member.config.clone(), task);
        session = returned;
        answer?;
    }
    // The components know better what is wrong, and are asked first.
    if let Some(previous) = previous {
        let mut truth = Truth::new(session.network.as_mut(), call.namespace_path());
        truth.check_interfaces_and_addresses(previous)?;
    }
    Ok(())
}

/// What a component says comes first; what differs from the journal is told in
/// any case.
pub(super) fn conclude(
    call: &Call,
    told: Result<(), CniError>,
    differences: &[Difference],
) -> Result<String, CniError> {
    let Some(first) = differences.first() else {
        return told.map(|()| String::new());
    };
    let error = match told {
        Err(error) => error,
        Ok(()) => {
            let others = match differences.len() {
                1 => String::new(),
                number => format!(", and {} more", number - 1),
            };
            let text = format!("{} is not as it was made: {first}{others}", call.attachment);
            CniError::new(codes::DRIFT, printable(&text))
        }
    };
    let told: Vec<String> = error.details.clone().into_iter().chain([listed(differences)]).collect();
    Err(error.with_details(told.join("; ")))
}

fn listed(differences: &[Difference]) -> String {
    let shown: Vec<String> = differences
        .iter()
        .take(MOST_TOLD)
        .map(|difference| printable(&difference.to_string()))
        .collect();
    let more = match differences.len().saturating_sub(MOST_TOLD) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("by the journal: {}{more}", shown.join("; "))
}
