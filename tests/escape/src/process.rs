//! What takes more than one system call, or arguments in memory.

use std::{env, io, process::Command, ptr};

use rustix::{
    process::{Pid, getppid, test_kill_process},
    thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities},
};

use crate::{Attempt, DESCRIPTOR, VARIABLE};

pub(crate) fn attempts() -> Vec<Attempt> {
    vec![
        Attempt::new("execute /bin/true", Command::new("/bin/true").status()),
        Attempt::new("signal the parent", signal_parent()),
        Attempt::new("gain another capability", gain_capability()),
        Attempt::new("run code that it wrote", write_code()),
        Attempt::new("read an inherited variable", inherited_variable()),
        Attempt::new("use an inherited descriptor", inherited_descriptor()),
    ]
}

fn inherited_variable() -> io::Result<()> {
    env::var_os(VARIABLE).map(drop).ok_or_else(gone)
}

fn inherited_descriptor() -> io::Result<()> {
    // SAFETY: it asks whether a number is that of a descriptor.
    #[allow(unsafe_code)]
    let there = unsafe { libc::fcntl(DESCRIPTOR, libc::F_GETFD) } != -1;
    if there { Ok(()) } else { Err(gone()) }
}

/// Out of reach, as what is refused.
fn gone() -> io::Error {
    io::Error::from_raw_os_error(libc::EACCES)
}

fn signal_parent() -> io::Result<()> {
    let parent = getppid().unwrap_or(Pid::INIT);
    Ok(test_kill_process(parent)?)
}

/// One that it does not have, or had: only where it still can be had is this
/// no error.
fn gain_capability() -> io::Result<()> {
    let held = capabilities(None)?;
    let more = held.permitted | CapabilitySet::SYS_ADMIN;
    set_capabilities(
        None,
        CapabilitySets {
            effective: more,
            permitted: more,
            ..held
        },
    )?;
    Ok(())
}

/// Makes a page that holds data executable.
fn write_code() -> io::Result<()> {
    const PAGE: usize = 4096;
    // SAFETY: a new page at a place of the kernel's choice, which nothing else
    // uses, is written to, given other rights, and taken away.
    #[allow(unsafe_code)]
    unsafe {
        let rights = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let page = libc::mmap(ptr::null_mut(), PAGE, rights, flags, -1, 0);
        if page == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        page.cast::<u8>().write(0xc3);
        let made = libc::mprotect(page, PAGE, libc::PROT_READ | libc::PROT_EXEC);
        let outcome = if made == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        };
        libc::munmap(page, PAGE);
        outcome
    }
}
