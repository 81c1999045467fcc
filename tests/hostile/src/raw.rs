//! Calls of the host below the types of the bindings: pointers, lengths and
//! numbers as the canonical ABI has them.

use cofferdam_guest_sdk::Failure;

/// An address that is aligned, and beyond all memory that a component gets.
const BEYOND: usize = 0x7fff_fff0;

/// False when there is no such attack.
pub(crate) fn tried(attack: &str) -> Result<bool, Failure> {
    let place = Box::leak(Box::new([0_u64; 16])).as_mut_ptr() as usize;
    match attack {
        "text-beyond-memory" => write(2, BEYOND, 100),
        "text-across-the-end" => write(2, end_of_memory() - 8, 100),
        "text-of-all-lengths" => write(2, place, usize::MAX),
        "level-that-is-none" => write(99, place, 0),
        "key-of-all-lengths" => setting(place, usize::MAX, place),
        "key-at-an-odd-address" => setting(place + 1, 2, place),
        "answer-beyond-memory" => host(BEYOND),
        "answer-at-an-odd-address" => host(place + 1),
        _ => return Ok(false),
    }
    Ok(true)
}

fn setting(key: usize, parts: usize, answer: usize) {
    host(answer);
    // SAFETY: `answer` is 128 bytes of our own, of which the host wrote eight.
    let handle = unsafe { *(answer as *const u32).add(1) };
    get(handle, key, parts, answer);
}

#[cfg(target_family = "wasm")]
use imports::{end_of_memory, get, host, write};

#[cfg(target_family = "wasm")]
mod imports {
    mod log {
        #[link(wasm_import_module = "cofferdam:cni/log@0.1.0")]
        unsafe extern "C" {
            pub(super) fn write(level: u32, text: usize, length: usize);
        }
    }

    mod namespaces {
        #[link(wasm_import_module = "cofferdam:cni/namespaces@0.1.0")]
        unsafe extern "C" {
            pub(super) fn host(answer: usize);
        }
    }

    mod sysctl {
        #[link(wasm_import_module = "cofferdam:cni/sysctl@0.1.0")]
        unsafe extern "C" {
            pub(super) fn get(namespace: u32, key: usize, parts: usize, answer: usize);
        }
    }

    pub(super) fn write(level: u32, text: usize, length: usize) {
        // SAFETY: the host reads of the memory what there is; that it does not
        // take more is what is tried.
        unsafe { log::write(level, text, length) }
    }

    pub(super) fn host(answer: usize) {
        // SAFETY: as above; what it writes to is nobody else's, or does not exist.
        unsafe { namespaces::host(answer) }
    }

    pub(super) fn get(namespace: u32, key: usize, parts: usize, answer: usize) {
        // SAFETY: as above.
        unsafe { sysctl::get(namespace, key, parts, answer) }
    }

    pub(super) fn end_of_memory() -> usize {
        core::arch::wasm32::memory_size(0) << 16
    }
}

#[cfg(not(target_family = "wasm"))]
fn write(_: u32, _: usize, _: usize) {}

#[cfg(not(target_family = "wasm"))]
fn host(_: usize) {}

#[cfg(not(target_family = "wasm"))]
fn get(_: u32, _: usize, _: usize, _: usize) {}

#[cfg(not(target_family = "wasm"))]
fn end_of_memory() -> usize {
    usize::MAX
}
