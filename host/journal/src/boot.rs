//! Which boot of the machine this is.

use std::sync::OnceLock;

use cofferdam_system::boot;

static BOOT_ID: OnceLock<String> = OnceLock::new();

/// The kernel's name for this boot; empty where it does not tell. Elsewhere than
/// on Linux this process's.
#[must_use]
pub fn boot_id() -> &'static str {
    BOOT_ID.get_or_init(boot::id)
}

/// Takes this boot for another one, for a process that looks at what a node
/// had on record in it. To be called before anything is looked at.
pub fn assume_boot(id: &str) {
    let _ = BOOT_ID.set(id.to_owned());
}

/// Whether something was written in another boot than this one. Where either
/// is not known, it was not: nothing may be taken for gone by mistake.
pub(crate) fn is_earlier(recorded: &str) -> bool {
    !recorded.is_empty() && !boot_id().is_empty() && recorded != boot_id()
}

/// The beginning of the boot's name, for where there is little room.
pub(crate) fn boot_tag() -> &'static str {
    boot_id().get(..8).unwrap_or_default()
}

/// The same as [`is_earlier`], for the beginning of a name.
pub(crate) fn is_earlier_tag(recorded: &str) -> bool {
    !recorded.is_empty() && !boot_tag().is_empty() && recorded != boot_tag()
}
