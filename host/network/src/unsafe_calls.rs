//! The system calls that no crate wraps safely.

use std::{
    mem::zeroed,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
};

use nix::{
    errno::Errno,
    libc::{self, SOL_SOCKET, c_char, c_int, c_short, ifreq},
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
    // `TUNSETIFF` and the like in `linux/if_tun.h`. The first takes a pointer,
    // whatever its number says.
    nix::ioctl_write_ptr_bad!(
        tun_set_iff,
        nix::request_code_write!(b'T', 202, size_of::<nix::libc::c_int>()),
        nix::libc::ifreq
    );
    nix::ioctl_write_int!(tun_set_persist, b'T', 203);
    nix::ioctl_write_int!(tun_set_owner, b'T', 204);
    nix::ioctl_write_int!(tun_set_group, b'T', 206);
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

/// Makes a device of a descriptor of `/dev/net/tun`; `flags` are `IFF_*`. A
/// longer name than the kernel takes is cut, so it has to be checked before.
pub(crate) fn tun_attach(device: BorrowedFd<'_>, name: &str, flags: c_int) -> nix::Result<()> {
    // SAFETY: all zeroes is a value of the structure: it has numbers, and a
    // union of numbers and a pointer that is not followed here.
    let mut request: ifreq = unsafe { zeroed() };
    let places = request.ifr_name.iter_mut().take(libc::IFNAMSIZ - 1);
    for (place, byte) in places.zip(name.bytes()) {
        *place = c_char::from_ne_bytes([byte]);
    }
    request.ifr_ifru.ifru_flags = c_short::from_ne_bytes(low_bytes(flags));
    // SAFETY: the descriptor is open while it is borrowed; the kernel reads
    // and writes one `ifreq`, which is ours and lives until it returns.
    unsafe { generated::tun_set_iff(device.as_raw_fd(), &raw const request) }.map(drop)
}

/// Keeps a device when its descriptor is closed.
pub(crate) fn tun_persist(device: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: the descriptor is open while it is borrowed, and the argument is
    // a number.
    unsafe { generated::tun_set_persist(device.as_raw_fd(), 1) }.map(drop)
}

/// Lets a user use a device.
pub(crate) fn tun_set_owner(device: BorrowedFd<'_>, user: u32) -> nix::Result<()> {
    // SAFETY: as for `tun_persist`.
    unsafe { generated::tun_set_owner(device.as_raw_fd(), user.into()) }.map(drop)
}

/// Lets a group use a device.
pub(crate) fn tun_set_group(device: BorrowedFd<'_>, group: u32) -> nix::Result<()> {
    // SAFETY: as for `tun_persist`.
    unsafe { generated::tun_set_group(device.as_raw_fd(), group.into()) }.map(drop)
}

/// Flags are 16 bits wide in the structure.
fn low_bytes(flags: c_int) -> [u8; 2] {
    let [.., high, low] = flags.to_be_bytes();
    c_short::from_be_bytes([high, low]).to_ne_bytes()
}
