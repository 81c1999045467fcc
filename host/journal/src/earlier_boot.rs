//! Attachments that outlived their boot, where the state directory is on a
//! disk.

use std::{io::ErrorKind, path::PathBuf};

use cofferdam_system::files::{self, FsType, symlink};

use crate::{AttachmentId, Error, Header, Result, StateDirectory, boot::boot_id};

/// A symbolic link that leads to the name of the boot in which somebody looked
/// for earlier ones': made whole or not at all.
pub(crate) const MARK: &str = "boot";

/// File systems that are empty after a restart: tmpfs and ramfs
/// (`linux/magic.h`).
const IN_MEMORY: [FsType; 2] = [FsType(0x0102_1994), FsType(0x8584_58f6)];

impl StateDirectory {
    /// The attachments that earlier boots left. `None` where there can be
    /// none, and where they were asked for in this boot
    /// ([`StateDirectory::set_reclaimed`]).
    ///
    /// # Errors
    /// [`Error::Io`] when a directory can't be read.
    pub fn of_earlier_boots(&self) -> Result<Option<Vec<AttachmentId>>> {
        let is_in_memory = files::file_system(self.path()).is_ok_and(|kind| IN_MEMORY.contains(&kind));
        // Where the kernel does not tell the boot, nothing is of an earlier one.
        if is_in_memory || boot_id().is_empty() || self.is_marked() {
            return Ok(None);
        }
        let headers = self.attachments(None)?.into_iter().filter_map(|summary| summary.header);
        let earlier = headers.filter(Header::is_of_earlier_boot);
        Ok(Some(earlier.map(|header| header.attachment).collect()))
    }

    /// Remembers for the rest of this boot that nothing of earlier ones is
    /// left to be reclaimed.
    ///
    /// # Errors
    /// [`Error::Io`] when it can't be written.
    pub fn set_reclaimed(&self) -> Result<()> {
        let mark = self.mark();
        let failed = |error| Error::io("write", &mark, error);
        match symlink(boot_id(), &mark) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && !self.is_marked() => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            made => return made.map_err(failed),
        }
        // Of an earlier boot. Another call may be at the same.
        match files::remove_file(&mark).and_then(|()| symlink(boot_id(), &mark)) {
            Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => Ok(()),
            made => made.map_err(failed),
        }
    }

    fn is_marked(&self) -> bool {
        files::read_link(self.mark()).is_ok_and(|boot| boot.as_os_str() == boot_id())
    }

    fn mark(&self) -> PathBuf {
        self.path().join(MARK)
    }
}
