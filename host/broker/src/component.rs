//! Runs one plugin's component on one request.

use cofferdam_protocol::{CniError, PluginConfig};
use cofferdam_sandbox::{
    Fault, FaultKind, Guest, NotStarted, Program, Sandbox, SandboxError, Verdict,
    bindings::cofferdam::cni::types::{Attachment, Failure},
};

use crate::{
    audit::Trail,
    codes,
    convert::failure_error,
    log::printable,
    mediator::{Allowed, Mediator, Task},
    mode::Mode,
    plugins::Loaded,
    secrets::Secrets,
    session::Session,
    timing,
};

/// What a plugin gave back.
pub(crate) enum Answer {
    Attachment(Attachment),
    Nothing,
}

/// Makes an instance of a plugin and calls the function of the session's verb.
/// The session comes back in any case.
pub(crate) fn run(
    session: Session,
    plugin: &str,
    config: PluginConfig,
    task: Task,
) -> (Session, Result<Answer, CniError>) {
    let mut trail = Trail::new(&session, plugin);
    let Loaded {
        grants,
        needs,
        audit,
        limits,
        program,
        ..
    } = match session.plugins.get(plugin).cloned() {
        Ok(loaded) => loaded,
        Err(error) => {
            trail.refused(&error.message);
            return (session, Err(error));
        }
    };
    trail.identify(program.digest(), audit);
    let sandbox = session.sandbox.clone();
    let mode = session.mode;
    let allowed = Allowed {
        grants,
        needs,
        rehearsing: session.rehearsing.clone(),
    };
    let secrets = secrets_of(&config, &task);
    let rehearsing = session.rehearsing.clone();
    rehearsing.begins(plugin);
    let mut mediator = Mediator::new(session, plugin, config, allowed, limits, trail, task.clone());
    mediator.secrets.clone_from(&secrets);
    let mut guest = match Guest::new(&sandbox, &program, mediator) {
        Ok(guest) => guest,
        Err((reason, mut mediator)) => {
            rehearsing.ends();
            let error = not_started(plugin, &reason, &mut mediator.trail, &secrets);
            let mut session = mediator.into_session();
            session.close_records();
            return (session, Err(error));
        }
    };
    timing::phase("instantiate");
    let answer = call(&mut guest, mode, &task);
    timing::phase("call");
    rehearsing.ends();
    let mut mediator = guest.into_state();
    if let Err(End::Fault(fault)) = &answer {
        mediator.trail.ended(&secrets.hide(&fault.to_string()));
    }
    let mut session = mediator.into_session();
    session.close_records();
    (session, answer.map_err(|end| hidden(end.into_error(plugin), &secrets)))
}

/// Whether a component could be a plugin here: everything that it imports is
/// there, and it exports what it has to.
///
/// # Errors
/// What is missing, or has another type.
pub fn check(sandbox: &Sandbox, program: &Program) -> Result<(), SandboxError> {
    Guest::<Mediator>::fits(sandbox, program)
}

fn not_started(plugin: &str, reason: &NotStarted, trail: &mut Trail, secrets: &Secrets) -> CniError {
    match reason {
        NotStarted::Program(error) => {
            trail.refused(&error.to_string());
            CniError::new(codes::COMPONENT, printable(&format!("plugin {plugin:?}: {error}")))
        }
        NotStarted::Fault(fault) => {
            trail.ended(&secrets.hide(&fault.to_string()));
            hidden(fault_error(plugin, fault), secrets)
        }
    }
}

fn secrets_of(config: &PluginConfig, task: &Task) -> Secrets {
    let arguments = match task {
        Task::Attachment(request) => request.args.as_slice(),
        Task::Network(_) | Task::Wake(_) => &[],
    };
    let pairs = arguments
        .iter()
        .map(|argument| (argument.key.as_str(), argument.value.as_deref()));
    Secrets::new(config, pairs)
}

/// A plugin's error without what its configuration keeps secret.
fn hidden(error: CniError, secrets: &Secrets) -> CniError {
    let details = error.details.as_deref().unwrap_or_default();
    CniError::new(error.code, secrets.hide(&error.message)).with_details(secrets.hide(details))
}

/// Refuses what [`run`] would refuse before it runs the component, so that no
/// other one runs in vain.
pub(crate) fn foresee(session: &Session, plugin: &str) -> Result<(), CniError> {
    session.plugins.get(plugin).map(drop).inspect_err(|error| {
        Trail::new(session, plugin).refused(&error.message);
    })
}

/// How a component's call ended without a result.
enum End {
    Failure(Failure),
    Fault(Fault),
    WrongTask,
    NoKeeper,
}

impl End {
    fn into_error(self, plugin: &str) -> CniError {
        match self {
            Self::Failure(failure) => failure_error(failure),
            Self::Fault(fault) => fault_error(plugin, &fault),
            Self::NoKeeper => {
                let text =
                    format!("plugin {plugin:?} kept a record, and its component has nothing that looks after it");
                CniError::new(codes::COMPONENT, text)
            }
            Self::WrongTask => CniError::internal(format!("plugin {plugin:?} was called with another verb's request")),
        }
    }
}

fn call(guest: &mut Guest<Mediator>, mode: Mode, task: &Task) -> Result<Answer, End> {
    match (mode, task) {
        (Mode::Add, Task::Attachment(request)) => settle(guest.add(request)).map(Answer::Attachment),
        (Mode::Del, Task::Attachment(request)) => nothing(guest.del(request)),
        (Mode::Check, Task::Attachment(request)) => nothing(guest.check(request)),
        (Mode::Gc, Task::Network(request)) => nothing(guest.gc(request)),
        (Mode::Status, Task::Network(request)) => nothing(guest.status(request)),
        (Mode::Wake, Task::Wake(occasion)) => nothing(guest.wake(occasion).ok_or(End::NoKeeper)?),
        _ => Err(End::WrongTask),
    }
}

fn nothing(verdict: Verdict<()>) -> Result<Answer, End> {
    settle(verdict).map(|()| Answer::Nothing)
}

fn settle<T>(verdict: Verdict<T>) -> Result<T, End> {
    match verdict {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failure)) => Err(End::Failure(failure)),
        Err(fault) => Err(End::Fault(fault)),
    }
}

/// The specification's "try again later", for what time may cure.
const TRY_AGAIN: u32 = 11;

fn fault_error(plugin: &str, fault: &Fault) -> CniError {
    let code = if fault.kind == FaultKind::Deadline {
        TRY_AGAIN
    } else {
        codes::FAULT
    };
    let error = CniError::new(
        code,
        format!("plugin {plugin:?} was ended: {}", printable(&fault.to_string())),
    );
    if fault.backtrace.is_empty() {
        return error;
    }
    let backtrace: Vec<String> = fault.backtrace.iter().map(|frame| printable(frame)).collect();
    error.with_details(format!("backtrace, innermost first: {}", backtrace.join(", ")))
}
