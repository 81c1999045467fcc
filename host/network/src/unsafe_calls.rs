//! The system calls that no crate wraps safely.

use std::os::fd::{AsFd, AsRawFd};

use nix::{
    errno::Errno,
    libc::{self, SOL_SOCKET, c_int},
    sys::socket::{getsockopt, sockopt::GetStruct},
};

/// `SO_NETNS_COOKIE` in `asm-generic/socket.h`.
const SO_NETNS_COOKIE: c_int = 71;

#[derive(Clone, Copy, Debug)]
struct NamespaceCookie;

// The unsafe call is nix's; it holds for any plain number as the value.
nix::getsockopt_impl!(NamespaceCookie, SOL_SOCKET, SO_NETNS_COOKIE, u64, GetStruct<u64>);

mod generated {
    #![allow(missing_docs, unreachable_pub)]
    // `NS_GET_NSTYPE` in `linux/nsfs.h`: `_IO(0xb7, 0x3)`.
    nix::ioctl_none!(ns_get_nstype, 0xb7, 0x3);
}

/// The number of a socket's network namespace. `None` where the kernel
/// (before 5.14) gives none.
pub(crate) fn namespace_cookie(socket: impl AsFd) -> nix::Result<Option<u64>> {
    match getsockopt(&socket, NamespaceCookie) {
        Ok(cookie) => Ok(Some(cookie)),
        Err(Errno::ENOPROTOOPT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// The kind of a namespace: one of `CLONE_NEW*`.
///
/// # Errors
/// `ENOTTY` when the descriptor is no namespace.
pub(crate) fn namespace_type(namespace: impl AsFd) -> nix::Result<c_int> {
    // SAFETY: the descriptor is open while it is borrowed, and this request
    // takes no argument: it reads and writes no memory of ours.
    unsafe { generated::ns_get_nstype(namespace.as_fd().as_raw_fd()) }
}
