use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::{AsRawFd as _, OwnedFd},
    process,
};

use anyhow::Context as _;
use nix::{
    fcntl::OFlag,
    sys::wait::waitpid,
    unistd::{ForkResult, Pid, fork, pipe2, setpgid},
};

/// What is said last to an heir who has nothing left to do.
const DISCHARGE: u8 = 0;

/// A process that waits for this one's end, and where that comes before all is
/// undone does it in its place.
pub(crate) struct Heir {
    /// Ends when this process does.
    will: File,
    process: Pid,
}

impl Heir {
    /// Appoints one that does `inherit` with what was bequeathed: the path of
    /// the container's namespace, empty where it is gone. To be called while
    /// this process has one thread.
    pub(crate) fn appoint(inherit: impl FnOnce(Option<&str>)) -> anyhow::Result<Self> {
        let (read, write) = pipe2(OFlag::O_CLOEXEC).context("make a pipe")?;
        match in_two().context("start a process")? {
            ForkResult::Parent { child } => Ok(Self {
                will: write.into(),
                process: child,
            }),
            ForkResult::Child => {
                drop(write);
                // What a terminal or a shell does to the other's group is not
                // done to this one.
                let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
                wait_and(read, inherit);
                process::exit(0);
            }
        }
    }

    /// Tells it what is to be undone.
    pub(crate) fn bequeath(&mut self, namespace: &str) -> anyhow::Result<()> {
        self.will
            .write_all(namespace.as_bytes())
            .context("tell the process that tidies up")
    }

    /// All is undone.
    pub(crate) fn discharge(mut self) {
        let _ = self.will.write_all(&[DISCHARGE]);
        drop(self.will);
        let _ = waitpid(self.process, None);
    }
}

/// Two processes of this one.
#[allow(unsafe_code)]
fn in_two() -> nix::Result<ForkResult> {
    // SAFETY: the process has one thread, so that no lock of another one stays
    // locked in the child, and the child may do whatever the parent might.
    unsafe { fork() }
}

fn wait_and(will: OwnedFd, inherit: impl FnOnce(Option<&str>)) {
    let mut will = File::from(will);
    let mut read = Vec::new();
    let mut namespace = None;
    let mut some = [0; 512];
    loop {
        match will.read(&mut some) {
            Ok(0) => break,
            Ok(count) => read.extend_from_slice(some.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        if read.last() == Some(&DISCHARGE) {
            return;
        }
        // Held open, it outlives the other process and can still be visited.
        namespace = namespace.or_else(|| File::open(str::from_utf8(&read).ok()?).ok());
    }
    match &namespace {
        Some(held) => inherit(Some(&format!("/proc/{}/fd/{}", process::id(), held.as_raw_fd()))),
        None => inherit((!read.is_empty()).then_some("")),
    }
}
