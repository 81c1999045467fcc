use std::{fs, time::Duration};

use nix::time::{ClockId, clock_gettime};

/// The kernel's name for this boot; empty where it does not tell.
#[must_use]
pub fn id() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

/// Time since the boot, suspension included (`CLOCK_BOOTTIME`).
#[must_use]
pub fn elapsed() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}
