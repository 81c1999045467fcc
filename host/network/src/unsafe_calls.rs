//! The system calls that no crate wraps safely.

use std::{
    mem::{self, zeroed},
    os::fd::{AsFd, AsRawFd, BorrowedFd},
    ptr,
};

use nix::{
    errno::Errno,
    libc::{self, SOL_SOCKET, c_char, c_int, c_short, ifreq, sock_filter, sock_fprog, sockaddr_ll, socklen_t},
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

/// Has a socket receive nothing but what a program of the packet filter lets
/// pass (`SO_ATTACH_FILTER`).
pub(crate) fn attach_filter(socket: impl AsFd, program: &mut [sock_filter]) -> nix::Result<()> {
    let program = sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the kernel reads a `sock_fprog` of this size, and as many
    // instructions at its pointer as it says, which are borrowed here.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            ptr::from_ref(&program).cast(),
            length_of::<sock_fprog>(),
        )
    };
    Errno::result(result).map(drop)
}

/// Binds a packet socket.
pub(crate) fn bind_packets(socket: impl AsFd, address: &sockaddr_ll) -> nix::Result<()> {
    // SAFETY: the kernel reads an address of this size, which is borrowed here.
    let result = unsafe {
        libc::bind(
            socket.as_fd().as_raw_fd(),
            ptr::from_ref(address).cast(),
            length_of::<sockaddr_ll>(),
        )
    };
    Errno::result(result).map(drop)
}

/// Sends a packet, as a whole or not at all.
pub(crate) fn send_packet(socket: impl AsFd, packet: &[u8], address: &sockaddr_ll) -> nix::Result<()> {
    // SAFETY: the kernel reads as many bytes of the packet as there are, and an
    // address of this size; both are borrowed here.
    let result = unsafe {
        libc::sendto(
            socket.as_fd().as_raw_fd(),
            packet.as_ptr().cast(),
            packet.len(),
            0,
            ptr::from_ref(address).cast(),
            length_of::<sockaddr_ll>(),
        )
    };
    Errno::result(result).map(drop)
}

/// Receives a packet that is there: its length, which is more than the
/// buffer's where it did not fit, and where it is from.
///
/// # Errors
/// `EAGAIN` when there is none.
pub(crate) fn receive_packet(socket: impl AsFd, buffer: &mut [u8]) -> nix::Result<(usize, sockaddr_ll)> {
    let mut address = no_address();
    let mut length = length_of::<sockaddr_ll>();
    // SAFETY: the kernel writes no more bytes of a packet than the buffer has,
    // and no more of an address than `length` says; both are borrowed here for
    // writing, and any bytes are a `sockaddr_ll`.
    let result = unsafe {
        libc::recvfrom(
            socket.as_fd().as_raw_fd(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            libc::MSG_DONTWAIT | libc::MSG_TRUNC,
            ptr::from_mut(&mut address).cast(),
            &raw mut length,
        )
    };
    let received = Errno::result(result)?;
    Ok((usize::try_from(received).map_err(|_| Errno::EIO)?, address))
}

/// The address of packets that says nothing.
pub(crate) fn no_address() -> sockaddr_ll {
    sockaddr_ll {
        sll_family: 0,
        sll_protocol: 0,
        sll_ifindex: 0,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    }
}

fn length_of<T>() -> socklen_t {
    socklen_t::try_from(mem::size_of::<T>()).unwrap_or(0)
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
