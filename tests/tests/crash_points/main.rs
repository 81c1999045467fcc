//! Whatever happens at whichever point of an attachment, nothing is left
//! behind. The points are all system calls with which the executable changes
//! something outside of itself; each of them is tried, for each scenario.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[cfg(target_arch = "x86_64")]
mod faults;
#[cfg(target_arch = "x86_64")]
mod killed;
#[cfg(target_arch = "x86_64")]
mod meanwhile;
#[cfg(target_arch = "x86_64")]
mod points;
#[cfg(target_arch = "x86_64")]
mod refused;
#[cfg(target_arch = "x86_64")]
#[cfg(target_arch = "x86_64")]
mod stage;

#[cfg(not(target_arch = "x86_64"))]
#[test]
fn attachments_are_interrupted_at_every_change() {
    cofferdam_tests::skip("the registers of a traced program can be read on x86_64 only");
}
