use std::{
    io, thread,
    time::{Duration, Instant},
};

use crate::Sandbox;

/// Interrupts whatever guest is running when a request's time is up.
#[derive(Debug)]
pub struct Watchdog;

impl Watchdog {
    /// Starts watching. The thread is left to itself: it ends with the
    /// process, and waiting for it would only cost time.
    ///
    /// # Errors
    /// No thread can be made.
    pub fn start(sandbox: &Sandbox, deadline: Instant) -> io::Result<()> {
        let engine = sandbox.engine().clone();
        thread::Builder::new()
            .name("watchdog".into())
            .stack_size(64 << 10)
            .spawn(move || {
                loop {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    thread::sleep(left);
                }
                // Guests that start after this moment end at once, too: each one
                // may run for one tick, and the ticks go on.
                loop {
                    engine.increment_epoch();
                    thread::sleep(Duration::from_millis(1));
                }
            })?;
        Ok(())
    }
}
