//! The C library's functions through which the standard library would bring
//! WASI into every component, although no plugin has anything to do with it.
//!
//! With these in their place a component imports what its plugin uses and
//! nothing else: its import list is the truth, it is smaller, and it starts
//! with one core instance instead of four. What is printed goes to the log.

use std::ffi::{c_char, c_int, c_void};

use crate::log;

#[repr(C)]
struct IoVector {
    base: *const c_void,
    length: usize,
}

/// `write(2)`: to the log, whatever the descriptor.
#[unsafe(no_mangle)]
extern "C" fn write(_descriptor: c_int, bytes: *const c_void, length: usize) -> isize {
    if !bytes.is_null() && length > 0 {
        // SAFETY: the caller keeps to the contract of write(2): `bytes` are
        // `length` readable bytes.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), length) };
        log::warn(&String::from_utf8_lossy(bytes));
    }
    isize::try_from(length).unwrap_or(isize::MAX)
}

/// `writev(2)`: the first part; the caller sees how much and comes back.
#[unsafe(no_mangle)]
extern "C" fn writev(descriptor: c_int, parts: *const IoVector, count: c_int) -> isize {
    if parts.is_null() || count < 1 {
        return 0;
    }
    // SAFETY: the caller keeps to the contract of writev(2): `parts` are
    // `count` readable parts, and there is at least one.
    let part = unsafe { &*parts };
    write(descriptor, part.base, part.length)
}

/// `getenv(3)`: there is no environment.
#[unsafe(no_mangle)]
extern "C" fn getenv(_name: *const c_char) -> *mut c_char {
    std::ptr::null_mut()
}

/// `abort(3)`: a trap.
#[unsafe(no_mangle)]
extern "C" fn abort() -> ! {
    core::arch::wasm32::unreachable()
}
