//! The one place of this crate that handles a signal.
#![allow(unsafe_code)]

use std::{io, ptr, sync::OnceLock, time::Duration};

use nix::{
    libc::{self, c_int, c_void, siginfo_t},
    sys::{
        signal::{SaFlags, SigAction, SigEvent, SigHandler, SigSet, SigevNotify, Signal, sigaction},
        timer::{Expiration, Timer, TimerSetTimeFlags},
    },
    time::ClockId,
};
use wasmtime::Engine;

/// Raises the engine's epoch by one after `first`, and then every `interval`,
/// as long as the process lives, which must have no other timer for `SIGALRM`.
pub(crate) fn start(engine: Engine, first: Duration, interval: Duration) -> io::Result<()> {
    static INSTALLED: OnceLock<nix::Result<()>> = OnceLock::new();
    (*INSTALLED.get_or_init(install))?;
    // The handler may need it until the very end.
    let engine: &'static Engine = Box::leak(Box::new(engine));
    let event = SigEvent::new(SigevNotify::SigevSignal {
        signal: Signal::SIGALRM,
        si_value: ptr::from_ref(engine).expose_provenance().cast_signed(),
    });
    let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, event)?;
    timer.set(
        Expiration::IntervalDelayed(first.into(), interval.into()),
        TimerSetTimeFlags::empty(),
    )?;
    // Dropped, it would be deleted.
    std::mem::forget(timer);
    Ok(())
}

fn install() -> nix::Result<()> {
    let action = SigAction::new(SigHandler::SigAction(tick), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: `tick` does nothing but an atomic addition, which a signal
    // handler may do at any moment.
    unsafe { sigaction(Signal::SIGALRM, &action) }.map(drop)
}

extern "C" fn tick(_: c_int, info: *mut siginfo_t, _: *mut c_void) {
    // SAFETY: with SA_SIGINFO, which nix sets for a handler of this kind, the
    // kernel passes a valid siginfo.
    let info = unsafe { &*info };
    // A signal that somebody sent carries no engine.
    if info.si_code != libc::SI_TIMER {
        return;
    }
    // SAFETY: a timer's siginfo has the value that the timer was made with,
    // and all timers for this signal are made by `start`, with the address of
    // an engine that is never freed.
    let engine: &Engine = unsafe { &*ptr::with_exposed_provenance(info.si_value().sival_ptr.addr()) };
    engine.increment_epoch();
}
