//! What a component learns of the world by WASI: the time, and chance.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource};

use super::io::Pollable;
use crate::GuestState;

/// Random bytes that a guest may have at once.
const MOST_BYTES: u64 = 1 << 20;

/// Who answers WASI's questions about the time and chance.
pub trait Outside: Send + Sync {
    /// Bytes that nobody can foresee.
    ///
    /// # Errors
    /// There are none.
    fn random(&self, bytes: &mut [u8]) -> std::io::Result<()>;
    /// Time since the beginning of 1970.
    fn wall_clock(&self) -> Duration;
    /// Nanoseconds since some time before the guest was made.
    fn monotonic_clock(&self) -> u64;
}

/// The world as it is.
#[derive(Debug)]
pub struct World(Instant);

impl Default for World {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Outside for World {
    fn random(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        getrandom::fill(bytes).map_err(std::io::Error::other)
    }

    fn wall_clock(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn monotonic_clock(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// `wasi:clocks/wall-clock.datetime`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

impl From<Duration> for Datetime {
    fn from(time: Duration) -> Self {
        Self {
            seconds: time.as_secs(),
            nanoseconds: time.subsec_nanos(),
        }
    }
}

/// What the clocks tell apart.
const RESOLUTION: Duration = Duration::from_nanos(1);

pub(super) fn link_wall_clock<T: GuestState + 'static>(linker: &mut Linker<T>, import: &str) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    instance.func_wrap("now", |mut store, ()| {
        let state: &mut T = store.data_mut();
        Ok((Datetime::from(state.wasi().outside().wall_clock()),))
    })?;
    instance.func_wrap("resolution", |_, ()| Ok((Datetime::from(RESOLUTION),)))
}

/// Nobody can wait for what is subscribed to: see [`super::io`].
pub(super) fn link_monotonic_clock<T: GuestState + 'static>(
    linker: &mut Linker<T>,
    import: &str,
) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    instance.func_wrap("now", |mut store, ()| {
        let state: &mut T = store.data_mut();
        Ok((state.wasi().outside().monotonic_clock(),))
    })?;
    instance.func_wrap("resolution", |_, ()| Ok((1_u64,)))?;
    for name in ["subscribe-instant", "subscribe-duration"] {
        instance.func_wrap(name, |_, (_when,): (u64,)| Ok((Resource::<Pollable>::new_own(0),)))?;
    }
    Ok(())
}

pub(super) fn link_random<T: GuestState + 'static>(
    linker: &mut Linker<T>,
    import: &str,
    [bytes, number]: [&str; 2],
) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    instance.func_wrap(bytes, |mut store, (length,): (u64,)| {
        if length > MOST_BYTES {
            let rule = format!("it asked for more than {MOST_BYTES} random bytes at once");
            return Err(wasmtime::Error::msg(rule));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        let state: &mut T = store.data_mut();
        state.wasi().outside().random(&mut bytes)?;
        Ok((bytes,))
    })?;
    instance.func_wrap(number, |mut store, ()| {
        let state: &mut T = store.data_mut();
        Ok((random_number(state)?,))
    })
}

pub(super) fn link_insecure_seed<T: GuestState + 'static>(
    linker: &mut Linker<T>,
    import: &str,
) -> wasmtime::Result<()> {
    linker.instance(import)?.func_wrap("insecure-seed", |mut store, ()| {
        let state: &mut T = store.data_mut();
        Ok(((random_number(state)?, random_number(state)?),))
    })
}

fn random_number<T: GuestState>(state: &mut T) -> wasmtime::Result<u64> {
    let mut bytes = [0; 8];
    state.wasi().outside().random(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
