use std::{
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::household::{Household, Role};
use crate::{
    output::complain,
    run::container::{self, Signals},
};

/// Time for a container to end after a signal, as engines have it.
const GRACE: Duration = Duration::from_secs(10);

/// Hands signals that are sent to this process to the program that it runs, and
/// sees to it that the container ends when one came.
pub(super) struct Warden(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    running: Option<Pid>,
    asked_to_end: Option<Signal>,
    /// Nothing is to be ended any more.
    finished: bool,
}

impl State {
    fn may_go_on(&self) -> anyhow::Result<()> {
        match self.asked_to_end {
            Some(signal) => bail!("ended by {signal}"),
            None => Ok(()),
        }
    }
}

impl Warden {
    pub(super) fn watch(signals: Signals, household: Household) -> anyhow::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let warden = Self(Arc::clone(&state));
        let watch = move || {
            while let Ok(signal) = signals.wait() {
                Self(Arc::clone(&state)).pass_on(signal, &household);
            }
        };
        thread::Builder::new().name("signals".into()).spawn(watch)?;
        Ok(warden)
    }

    /// Runs a program to its end, unless this process is to end.
    pub(super) fn run(&self, command: &mut Command) -> anyhow::Result<u8> {
        self.read(command).map(|(status, _)| status)
    }

    /// The same, with what it printed where its output is not this process's.
    pub(super) fn read(&self, command: &mut Command) -> anyhow::Result<(u8, String)> {
        let name = command.get_program().to_string_lossy().into_owned();
        container::depend(command);
        let mut child = {
            let mut state = self.state();
            state.may_go_on()?;
            let child = command.spawn().with_context(|| format!("run {name}"))?;
            state.running = i32::try_from(child.id()).ok().map(Pid::from_raw);
            child
        };
        let mut printed = String::new();
        if let Some(output) = &mut child.stdout {
            std::io::Read::read_to_string(output, &mut printed)?;
        }
        let status = child.wait();
        self.state().running = None;
        Ok((container::status(status?), printed))
    }

    pub(super) fn was_asked_to_end(&self) -> bool {
        self.state().asked_to_end.is_some()
    }

    /// An error where this process is to end.
    pub(super) fn may_go_on(&self) -> anyhow::Result<()> {
        self.state().may_go_on()
    }

    /// What is still there is removed by this process itself from now on.
    pub(super) fn finish(&self) {
        self.state().finished = true;
    }

    fn pass_on(&self, signal: Signal, household: &Household) {
        let mut state = self.state();
        if let Some(running) = state.running {
            let _ = kill(running, signal);
        }
        if state.asked_to_end.replace(signal).is_some() {
            return;
        }
        let (warden, household) = (Self(Arc::clone(&self.0)), household.clone());
        thread::spawn(move || {
            thread::sleep(GRACE);
            warden.end(&household);
        });
    }

    fn end(&self, household: &Household) {
        if self.state().finished {
            return;
        }
        if let Err(error) = household.kill(Role::Guest) {
            complain(&format!("end the container: {error:#}"));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
