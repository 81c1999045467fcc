//! Where the time of a call goes, for the benchmark. Off unless the caller
//! asks for it; then one clock reading a phase.

use std::{
    fs::File,
    io::Write as _,
    sync::Mutex,
    time::{Duration, Instant},
};

/// What is no phase, but a part of several.
const WAIT: &str = "longest wait for a lock";

static PHASES: Mutex<Option<Phases>> = Mutex::new(None);

struct Phases {
    last: Instant,
    spent: Vec<(&'static str, Duration)>,
}

/// Starts taking times.
pub fn start() {
    if let Ok(mut phases) = PHASES.lock() {
        *phases = Some(Phases {
            last: Instant::now(),
            spent: Vec::new(),
        });
    }
}

/// Ends a phase: the time since the end of the one before is its.
pub fn phase(name: &'static str) {
    let Ok(mut phases) = PHASES.lock() else { return };
    let Some(phases) = phases.as_mut() else { return };
    let now = Instant::now();
    let spent = now - phases.last;
    phases.last = now;
    match phases.spent.iter_mut().find(|(known, _)| *known == name) {
        Some((_, total)) => *total += spent,
        None => phases.spent.push((name, spent)),
    }
}

/// Writes the phases to a file, one JSON object a line, in microseconds, and
/// with them, where a lock was waited for, the longest such wait.
///
/// # Errors
/// The file can't be written.
pub fn finish(mut file: &File) -> std::io::Result<()> {
    let Ok(mut phases) = PHASES.lock() else { return Ok(()) };
    let Some(phases) = phases.take() else { return Ok(()) };
    let waited = cofferdam_journal::longest_wait();
    let waited = (!waited.is_zero()).then_some((WAIT, waited));
    let fields: Vec<String> = phases
        .spent
        .iter()
        .chain(&waited)
        .map(|(name, spent)| format!("\"{name}\":{}.{:03}", spent.as_micros(), spent.subsec_nanos() % 1000))
        .collect();
    writeln!(file, "{{{}}}", fields.join(","))
}
