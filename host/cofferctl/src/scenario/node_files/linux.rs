use std::{fs, path::Path};

use anyhow::Context as _;

use crate::files::write;

/// Puts a file where it is found.
///
/// # Errors
/// It can't be written.
pub(in crate::scenario) fn put(place: &Path, text: &str) -> anyhow::Result<()> {
    let above = place.parent().unwrap_or(place);
    fs::create_dir_all(above).with_context(|| format!("make {}", above.display()))?;
    write(place, text.as_bytes())
}

/// Takes away what is not on the disk: nothing.
pub(in crate::scenario) fn clear(_: &Path) {}
