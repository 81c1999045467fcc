//! Files that a scenario finds as if on a node, and what is on record there.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

use std::path::Path;

use cofferdam_system::files as held;

#[cfg(not(target_os = "linux"))]
pub(super) use self::elsewhere::{clear, put};
#[cfg(target_os = "linux")]
pub(super) use self::linux::{clear, put};

/// The names of what a directory of records has; none where there is no such.
pub(super) fn names(directory: &Path) -> Vec<String> {
    let entries = held::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}
