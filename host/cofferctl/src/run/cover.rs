use std::{fs, os::fd::AsRawFd as _, path::Path};

use anyhow::Context as _;
use nix::{
    fcntl::{OFlag, open},
    mount::{MntFlags, MsFlags, mount, umount2},
    sys::stat::Mode,
};

use super::name_resolution::FILE;

/// Where the file that covers the other one is written: a file system in
/// memory is put here for that moment, in this thread's sight only.
const PLACE: &str = "/etc";

/// Has this thread, which has mounts of its own, and what it starts see this
/// text as the resolver's file. Nothing is written to the node's files, and
/// nothing is left when the mounts go.
pub(super) fn cover_resolver_file(text: &str) -> anyhow::Result<()> {
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_SLAVE | MsFlags::MS_REC, none).context("make mounts private")?;
    let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
    let covered = open(FILE, flags, Mode::empty()).with_context(|| {
        format!(
            "the node's {FILE} can't be opened, so that none can be shown to the command in its place; make one, empty if \
             there are no name servers"
        )
    })?;
    let memory = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("tmpfs"), PLACE, Some("tmpfs"), memory, Some("mode=0755")).context("mount a tmpfs")?;
    let covered = format!("/proc/thread-self/fd/{}", covered.as_raw_fd());
    let shown = show(text, Path::new(&covered));
    umount2(PLACE, MntFlags::MNT_DETACH).context("unmount a tmpfs")?;
    shown
}

fn show(text: &str, covered: &Path) -> anyhow::Result<()> {
    let none: Option<&str> = None;
    fs::write(FILE, text).with_context(|| format!("write a {FILE} for the command"))?;
    mount(Some(FILE), covered, none, MsFlags::MS_BIND, none).with_context(|| format!("cover {FILE}"))
}
