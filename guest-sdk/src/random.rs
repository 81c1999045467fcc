//! Numbers that nobody else can guess.

use std::hash::{BuildHasher as _, RandomState};

/// Any number of 64 bits.
///
/// ```
/// # use cofferdam_guest_sdk::random;
/// let transaction = random::number();
/// assert_ne!(transaction, random::number());
/// ```
#[must_use]
pub fn number() -> u64 {
    // The keys of the hasher are the host's random numbers.
    RandomState::new().hash_one(())
}
