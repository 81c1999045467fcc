use std::{io, thread, time::Duration};

use wasmtime::Engine;

/// Raises the engine's epoch by one after `first`, and then every `interval`,
/// as long as there is the engine.
pub(crate) fn start(engine: Engine, first: Duration, interval: Duration) -> io::Result<()> {
    let engine = engine.weak();
    let tick = move || {
        thread::sleep(first);
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(interval);
        }
    };
    thread::Builder::new().name("watchdog".to_owned()).spawn(tick).map(drop)
}
