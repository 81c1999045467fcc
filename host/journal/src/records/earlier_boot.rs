//! Claims that went with an earlier boot: the kernel forgot the container, the
//! file on disk did not. Each claim of ours carries the boot that it was made
//! in as an attribute of its file; the reference plugin's carry none, and are
//! left alone.

use cofferdam_system::files::{self, File, FsType, OpenFlags, open_at};

use crate::boot::{boot_id, is_earlier};

/// Holds the boot's name, as text.
const ATTRIBUTE: &str = "user.cofferdam.boot";

/// Longer than the name of a boot.
const LONGEST: usize = 64;

/// File systems that only one machine can have mounted (`linux/magic.h`, and
/// those of ZFS, F2FS and bcachefs).
const OF_ONE_MACHINE: [FsType; 8] = [
    FsType(0xef53),
    FsType(0x5846_5342),
    FsType(0x9123_683e),
    FsType(0x794c_7630),
    FsType(0x0102_1994),
    FsType(0x2fc1_2fc1),
    FsType(0xf2f5_2010),
    FsType(0xca45_1a4e),
];

/// Notes on a claim's file in which boot it was made. A file system that has
/// no such attributes, or no room for one, keeps claims until they are
/// released.
pub(super) fn mark(file: &File) {
    let _ = files::set_attribute(file, ATTRIBUTE, boot_id().as_bytes());
}

/// Whether a claim was made in another boot of this machine. What can't be
/// told was not.
pub(super) fn is_of_earlier_boot(directory: &File, name: &str) -> bool {
    let Ok(file) = open_at(directory, name, OpenFlags::O_RDONLY | OpenFlags::O_NONBLOCK, 0) else {
        return false;
    };
    let mut value = [0; LONGEST];
    let length = files::attribute(&file, ATTRIBUTE, &mut value).unwrap_or(0);
    let recorded = value.get(..length).unwrap_or_default();
    std::str::from_utf8(recorded).is_ok_and(is_earlier)
}

/// Whether a directory is on a file system that only this machine can have
/// mounted: on others another boot may be another machine's, which runs.
pub(super) fn is_of_this_machine(directory: &File) -> bool {
    files::file_system_of(directory).is_ok_and(|kind| OF_ONE_MACHINE.contains(&kind))
}
