use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What a link may send, as a token bucket (`tc-tbf(8)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Bytes a second.
    pub rate: u64,
    /// Bytes that are sent at once after a pause.
    pub burst: u32,
    /// The longest that a packet waits, in microseconds.
    pub latency: u32,
}

impl RateLimit {
    /// The kernel's numbers for it, as the reference plugin `bandwidth` has
    /// them: time in whole microseconds, then in ticks.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a number is zero, or more than the kernel's
    /// numbers can hold.
    pub fn token_bucket(&self) -> Result<TokenBucket> {
        let invalid = |why: &str| Error::Invalid(format!("{self}: {why}"));
        if self.rate == 0 || self.burst == 0 {
            return Err(invalid("rate and burst are at least 1 byte"));
        }
        let too_large = |_| invalid("that is more than the kernel can count");
        let burst = u128::from(self.burst);
        let microseconds = burst * MICROSECONDS / u128::from(self.rate);
        let ticks = microseconds * NANOSECONDS_IN_MICROSECOND / NANOSECONDS_IN_TICK;
        let queue = u128::from(self.rate) * u128::from(self.latency) / MICROSECONDS + burst;
        Ok(TokenBucket {
            rate: self.rate,
            buffer: u32::try_from(ticks).map_err(too_large)?,
            limit: u32::try_from(queue).map_err(too_large)?,
        })
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate, burst, latency } = self;
        write!(f, "rate {rate} bytes/s burst {burst} bytes latency {latency} us")
    }
}

/// In a second.
const MICROSECONDS: u128 = 1_000_000;
const NANOSECONDS_IN_MICROSECOND: u128 = 1000;
/// `PSCHED_TICKS2NS` of `include/net/pkt_sched.h`, which `/proc/net/psched`
/// tells, too.
const NANOSECONDS_IN_TICK: u128 = 64;

/// A token bucket in the kernel's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBucket {
    /// Bytes a second.
    pub rate: u64,
    /// The time that the burst takes at that rate, in ticks of 64 ns.
    pub buffer: u32,
    /// Bytes that wait at most.
    pub limit: u32,
}

impl fmt::Display for TokenBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate, buffer, limit } = self;
        write!(f, "a rate of {rate} bytes/s (buffer {buffer}, limit {limit})")
    }
}

/// The queueing discipline that a link sends through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outgoing {
    /// The kernel's own choice.
    Default,
    /// A token bucket.
    Limited(TokenBucket),
    /// Any other, by its kind.
    Other(String),
}

impl fmt::Display for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("no limit"),
            Self::Limited(bucket) => bucket.fmt(f),
            Self::Other(kind) => write!(f, "queueing discipline {kind}"),
        }
    }
}

/// What is done with all that comes in on a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Incoming {
    /// Nothing special.
    Default,
    /// There is a place for filters, and none in it.
    Empty,
    /// The link of that number sends it.
    Redirected(u32),
    /// Anything else.
    Other,
}

impl fmt::Display for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("not redirected"),
            Self::Empty => f.write_str("not redirected, with an empty ingress"),
            Self::Redirected(index) => write!(f, "redirected to link {index}"),
            Self::Other => f.write_str("filtered otherwise"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_are_those_of_the_reference_plugin() {
        let limit = |rate, burst| RateLimit {
            rate,
            burst,
            latency: 25_000,
        };
        for (asked, buffer, queue) in [
            (limit(1_000_000, 100_000), 1_562_500, 125_000),
            (limit(3, 7), 36_458_328, 7),
            (limit(125_000_000, 1_000_000), 125_000, 4_125_000),
        ] {
            let expected = TokenBucket {
                rate: asked.rate,
                buffer,
                limit: queue,
            };
            assert_eq!(asked.token_bucket().unwrap(), expected);
        }
    }

    #[test]
    fn what_the_kernel_can_not_count_is_refused() {
        for (rate, burst, latency) in [(0, 1, 1), (1, 0, 1), (1, 1000, 1), (u64::MAX, 1, 1_000_000)] {
            let limit = RateLimit { rate, burst, latency };
            assert!(matches!(limit.token_bucket(), Err(Error::Invalid(_))), "{limit}");
        }
    }
}
