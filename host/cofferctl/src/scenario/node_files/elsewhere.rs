use std::{fs, path::Path};

use anyhow::Context as _;
use cofferdam_system::files as held;

use crate::files::write;

/// Puts a file where it is found: what is on record of addresses is held in
/// memory, and what a configuration names besides is on the disk. Where it
/// belongs is for whoever looks for it to say.
///
/// # Errors
/// It can't be written.
pub(in crate::scenario) fn put(place: &Path, text: &str) -> anyhow::Result<()> {
    let above = place.parent().unwrap_or(place);
    let failed = || format!("make {}", place.display());
    held::create_dir_all(above).with_context(failed)?;
    held::write(place, text).with_context(failed)?;
    fs::create_dir_all(above).with_context(failed)?;
    write(place, text.as_bytes())
}

/// Takes away what is held in memory.
pub(in crate::scenario) fn clear(root: &Path) {
    // Before the first scenario there is nothing.
    let _ = held::remove_dir_all(root);
}
