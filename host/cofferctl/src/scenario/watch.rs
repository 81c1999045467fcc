//! Ends a component that does not come to its end: a timer for the guest that
//! runs now.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use cofferdam_sandbox::Sandbox;

/// How long a call may take.
pub(super) const BUDGET: Duration = Duration::from_secs(10);
/// From one interruption to the next: a guest that calls another is ended after
/// that one.
const AGAIN: Duration = Duration::from_millis(5);

/// Watches as long as it lives.
pub(super) struct Watch {
    calls: Sender<()>,
}

impl Watch {
    pub(super) fn new(sandbox: Sandbox) -> Self {
        let (calls, told) = channel();
        // It ends when nobody can tell it anything any more.
        thread::spawn(move || watch(&sandbox, &told));
        Self { calls }
    }

    /// Has a call made that is ended when it takes too long.
    pub(super) fn during<T>(&self, call: impl FnOnce() -> T) -> T {
        let _ = self.calls.send(());
        let value = call();
        let _ = self.calls.send(());
        value
    }
}

fn watch(sandbox: &Sandbox, told: &Receiver<()>) {
    // One message begins a call, and the next ends it.
    while told.recv().is_ok() {
        let mut patience = BUDGET;
        while told.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            sandbox.interrupt();
            patience = AGAIN;
        }
    }
}
