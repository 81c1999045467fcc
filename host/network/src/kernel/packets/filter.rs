use nix::libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_B, BPF_H, BPF_IND, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_LDX, BPF_MSH,
    BPF_RET, sock_filter,
};

use crate::Ports;

/// `IPPROTO_UDP`.
const UDP: u32 = 17;
/// More than any packet has: all of it passes.
const WHOLE: u32 = 0x4_0000;

/// A program of the classic packet filter for packets that begin with their
/// IPv4 header: unfragmented UDP of these ports passes, and nothing else.
pub(super) fn program(ports: Ports) -> [sock_filter; 12] {
    [
        load(BPF_B, 0),
        statement(BPF_ALU | BPF_AND | BPF_K, 0xf0),
        require(0x40, 8),
        load(BPF_B, 9),
        require(UDP, 6),
        load(BPF_H, 6),
        // Fragments: more to come, or not the first.
        jump(BPF_JSET, 0x3fff, 4, 0),
        // Where the header ends.
        statement(BPF_LDX | BPF_MSH | BPF_B, 0),
        // Both ports at once.
        statement(BPF_LD | nix::libc::BPF_W | BPF_IND, 0),
        require(u32::from(ports.remote) << 16 | u32::from(ports.local), 1),
        statement(BPF_RET | BPF_K, WHOLE),
        statement(BPF_RET | BPF_K, 0),
    ]
}

fn load(size: u32, offset: u32) -> sock_filter {
    statement(BPF_LD | size | BPF_ABS, offset)
}

/// Goes on where what was loaded is this, and skips so many otherwise.
fn require(value: u32, otherwise: u8) -> sock_filter {
    jump(BPF_JEQ, value, 0, otherwise)
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter {
        code: u16::try_from(code).unwrap_or(0),
        jt: 0,
        jf: 0,
        k,
    }
}

fn jump(test: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter {
        jt,
        jf,
        ..statement(BPF_JMP | test | BPF_K, k)
    }
}
