//! What a component learns of the world by WASI: the time, and chance.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{
    DynPollable,
    bindings::{
        clocks::{
            monotonic_clock,
            wall_clock::{self, Datetime},
        },
        random::{insecure, insecure_seed, random},
    },
};

use super::ClosedWasi;

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

/// What the clocks tell apart.
const RESOLUTION: Duration = Duration::from_nanos(1);

fn datetime(time: Duration) -> Datetime {
    Datetime {
        seconds: time.as_secs(),
        nanoseconds: time.subsec_nanos(),
    }
}

impl wall_clock::Host for ClosedWasi {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        Ok(datetime(self.outside().wall_clock()))
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(datetime(RESOLUTION))
    }
}

/// Nobody can wait for what is subscribed to: see [`super::io`].
impl monotonic_clock::Host for ClosedWasi {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.outside().monotonic_clock())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, _when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        Ok(Resource::new_own(0))
    }

    fn subscribe_duration(&mut self, _duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        Ok(Resource::new_own(0))
    }
}

impl random::Host for ClosedWasi {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.random_number()
    }
}

impl insecure::Host for ClosedWasi {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.random_bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.random_number()
    }
}

impl insecure_seed::Host for ClosedWasi {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((self.random_number()?, self.random_number()?))
    }
}

impl ClosedWasi {
    fn random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        if length > MOST_BYTES {
            let rule = format!("it asked for more than {MOST_BYTES} random bytes at once");
            return Err(wasmtime::Error::msg(rule));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        self.outside().random(&mut bytes)?;
        Ok(bytes)
    }

    fn random_number(&mut self) -> wasmtime::Result<u64> {
        let mut bytes = [0; 8];
        self.outside().random(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
