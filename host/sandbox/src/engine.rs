use std::fmt;

use wasmtime::{Config, Engine};

use crate::SandboxError;

/// Bytes of stack that a guest may use; deeper recursion is a trap.
const GUEST_STACK: usize = 512 << 10;

/// The engine that every component of this process runs in.
#[derive(Clone)]
pub struct Sandbox {
    engine: Engine,
}

impl Sandbox {
    /// Sets up the engine. Cheap: about ten microseconds.
    ///
    /// # Errors
    /// The machine lacks what the engine needs.
    pub fn new() -> Result<Self, SandboxError> {
        Engine::new(&config())
            .map(|engine| Self { engine })
            .map_err(|error| SandboxError::Engine(format!("{error:#}")))
    }

    /// Interrupts the guest that runs in this sandbox now. For a process that
    /// runs many and watches them itself; see [`Watchdog`](crate::Watchdog) for
    /// one that ends with its request.
    pub fn interrupt(&self) {
        self.engine.increment_epoch();
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}

/// The settings of compiled code. `cofferctl` compiles and `cofferdam` loads
/// with these very settings; the engine refuses code that was made with
/// others. Whoever changes one raises the number in the name of compiled forms
/// (`store/components.rs`).
fn config() -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.max_wasm_stack(GUEST_STACK);
    // Offsets of instructions would nearly double the compiled form; names of
    // functions in a backtrace come without them.
    config.generate_address_map(false);
    // Nothing unwinds through compiled code: traps and backtraces follow frame
    // pointers. Tables for that are a part of the size, and of the time to map.
    // Windows' own exceptions, which traps are there, need them.
    config.native_unwind_info(cfg!(windows));
    // A memory that can't grow past its reservation never moves, and growth
    // is bounded by the limiter anyhow.
    config.memory_may_move(false);
    config.memory_reservation(1 << 32);
    config.memory_reservation_for_growth(0);
    // What no plugin needs has no faults here either. Threads, exceptions and
    // garbage collection are not even built in.
    config.wasm_memory64(false);
    config.wasm_multi_memory(false);
    config.wasm_tail_call(false);
    config.wasm_relaxed_simd(false);
    config
}
