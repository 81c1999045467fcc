//! The system calls that no crate wraps safely.
#![allow(unsafe_code)]

use std::{
    ffi::{CStr, OsStr, c_char, c_int, c_long},
    mem::MaybeUninit,
    os::{
        fd::{AsRawFd, BorrowedFd},
        unix::ffi::OsStrExt as _,
    },
    ptr,
};

use libc::sock_filter;
use rustix::{io::Errno, thread::Pid};

/// Why the kernel did not take a filter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FilterFailure {
    /// It refused the filter.
    Errno(Errno),
    /// This thread has a filter that the others lack, so that all can't be
    /// given the same one.
    Thread(i32),
}

/// Gives all threads of the process a filter, and `no_new_privs` with it.
pub(crate) fn install_filter(program: &mut [sock_filter]) -> Result<(), FilterFailure> {
    let header = libc::sock_fprog {
        len: u16::try_from(program.len()).unwrap_or(u16::MAX),
        filter: program.as_mut_ptr(),
    };
    let flags = libc::SECCOMP_FILTER_FLAG_TSYNC | libc::SECCOMP_FILTER_FLAG_LOG;
    // SAFETY: the header and the program live through the call, which only
    // reads them, as many instructions as the header says.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            &raw const header,
        )
    };
    match answer {
        0 => Ok(()),
        thread if thread > 0 => Err(FilterFailure::Thread(i32::try_from(thread).unwrap_or_default())),
        _ => Err(FilterFailure::Errno(last_error())),
    }
}

/// The version of Landlock that the kernel has.
pub(crate) fn landlock_version() -> Result<u32, Errno> {
    const LANDLOCK_CREATE_RULESET_VERSION: c_int = 1;
    let none = ptr::null::<u8>();
    // SAFETY: with this flag the call takes no attributes: a null pointer and
    // no length.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            none,
            0,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    };
    u32::try_from(version).map_err(|_| last_error())
}

/// Puts the calling thread under a ruleset. Safe in a signal handler.
pub(crate) fn landlock_restrict_self(ruleset: c_int) -> Result<(), Errno> {
    // SAFETY: the call takes two numbers; one that is no ruleset's descriptor
    // is an error.
    check(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset, 0) })
}

/// Sends one thread of this process a signal; 0 asks whether it is there.
pub(crate) fn signal_thread(thread: Pid, signal: c_int) -> Result<(), Errno> {
    let process = rustix::process::getpid().as_raw_pid();
    // SAFETY: the call takes three numbers. A signal that is sent has a
    // handler: see `with_handler`.
    check(unsafe { libc::syscall(libc::SYS_tgkill, process, thread.as_raw_pid(), signal) })
}

/// A handler for a signal, until it is put back.
pub(crate) struct SignalHandler {
    signal: c_int,
    before: libc::sigaction,
}

impl SignalHandler {
    /// Sets a handler. Calls that the signal interrupts go on afterwards.
    ///
    /// # Safety
    /// The handler does only what is safe in a signal handler.
    pub(crate) unsafe fn set(signal: c_int, handler: extern "C" fn(c_int)) -> Result<Self, Errno> {
        let mut before = MaybeUninit::uninit();
        // SAFETY: all zero is a valid value of this plain structure: no flags,
        // nothing blocked.
        let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: both structures are ours, and the handler is fit for this,
        // which the caller vouches for. On success the second is filled in.
        unsafe {
            check(libc::sigaction(signal, &raw const action, before.as_mut_ptr()).into())?;
            Ok(Self {
                signal,
                before: before.assume_init(),
            })
        }
    }

    /// Puts back what was there before.
    pub(crate) fn restore(self) -> Result<(), Errno> {
        // SAFETY: the structure is as the kernel gave it.
        check(unsafe { libc::sigaction(self.signal, &raw const self.before, ptr::null_mut()) }.into())
    }
}

/// Runs something in a signal handler without the interrupted code seeing
/// another `errno`.
pub(crate) fn keep_errno(action: impl FnOnce()) {
    // SAFETY: the C library gives each thread an `errno` of its own, which
    // lives as long as the thread.
    let errno = unsafe { &mut *libc::__errno_location() };
    let before = *errno;
    action();
    *errno = before;
}

/// Whether this is the only thread, and nobody shares its memory. `false`
/// also where the kernel does not tell.
pub(crate) fn is_alone() -> bool {
    let flags = libc::CLONE_THREAD | libc::CLONE_SIGHAND | libc::CLONE_VM;
    // SAFETY: with these flags the call changes nothing: it succeeds where
    // there is nothing to part from, and fails elsewhere.
    unsafe { libc::unshare(flags) == 0 }
}

/// Closes all descriptors above standard error but these.
///
/// # Safety
/// Nothing in the process owns one of the others.
pub(crate) unsafe fn close_all_but(keep: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut keep: Vec<u32> = keep.iter().map(|kept| kept.as_raw_fd().unsigned_abs()).collect();
    keep.sort_unstable();
    let mut first = 3;
    for kept in keep.into_iter().filter(|kept| *kept > 2) {
        if first < kept {
            // SAFETY: the caller vouches for it.
            unsafe { close_range(first, kept - 1)? };
        }
        first = kept + 1;
    }
    // SAFETY: as above.
    unsafe { close_range(first, u32::MAX) }
}

/// # Safety
/// Nothing in the process owns a descriptor in the range.
unsafe fn close_range(first: u32, last: u32) -> Result<(), Errno> {
    // SAFETY: the call takes three numbers, and the caller vouches for the
    // descriptors.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) })
}

/// Overwrites the variables of the environment that are not kept, and takes
/// them out of it.
///
/// # Safety
/// There is one thread, and it holds no pointer into the environment.
pub(crate) unsafe fn wipe_variables(keep: impl Fn(&OsStr) -> bool) {
    unsafe extern "C" {
        static mut environ: *mut *mut c_char;
    }
    // SAFETY: `environ` is null or a list of strings that a null pointer ends;
    // the C library and the standard library both take it for writable. No
    // other thread reads it meanwhile, and only what was read is written.
    unsafe {
        let mut from = environ;
        let mut to = environ;
        while !from.is_null() && !(*from).is_null() {
            let variable = CStr::from_ptr(*from).to_bytes();
            let name = variable.split(|byte| *byte == b'=').next().unwrap_or_default();
            if keep(OsStr::from_bytes(name)) {
                *to = *from;
                to = to.add(1);
            } else {
                let length = variable.len();
                for place in 0..length {
                    // A plain write to memory that is not read again might be
                    // left out.
                    (*from).add(place).write_volatile(0);
                }
            }
            from = from.add(1);
        }
        if !to.is_null() {
            *to = ptr::null_mut();
        }
    }
}

fn check(answer: c_long) -> Result<(), Errno> {
    if answer == 0 { Ok(()) } else { Err(last_error()) }
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}
