//! WASI with nothing behind it.
//!
//! A component that was made with an ordinary toolchain imports some of WASI
//! whether it uses it or not. Clocks and random numbers are the real thing;
//! standard error is a bounded text that ends up in the error message; the
//! environment, the arguments and standard input are empty. Files and sockets
//! are not there at all: a component that imports them is refused.

mod cli;
mod io;
mod outside;

use wasmtime::component::{HasData, Linker};
use wasmtime_wasi::p2::bindings::{clocks, random};

pub use io::ClosedWasi;
pub use outside::{Outside, World};

use crate::GuestState;

/// Where an interface's functions find what stands behind them.
struct Closed;

impl HasData for Closed {
    type Data<'a> = &'a mut ClosedWasi;
}

/// Links one WASI interface.
pub(crate) fn link<T: GuestState + 'static>(linker: &mut Linker<T>, import: &str) -> wasmtime::Result<()> {
    let interface = import.split('@').next().unwrap_or(import);
    match interface {
        "wasi:cli/environment" => cli::link_environment(linker, import),
        "wasi:cli/exit" => cli::link_exit(linker, import),
        "wasi:cli/stdin" => cli::link_stdin(linker, import),
        "wasi:cli/stdout" => cli::link_output(linker, import, "get-stdout"),
        "wasi:cli/stderr" => cli::link_output(linker, import, "get-stderr"),
        "wasi:cli/terminal-input" => cli::link_terminal(linker, import, "terminal-input"),
        "wasi:cli/terminal-output" => cli::link_terminal(linker, import, "terminal-output"),
        "wasi:cli/terminal-stdin" => cli::link_terminal_getter(linker, import, "get-terminal-stdin"),
        "wasi:cli/terminal-stdout" => cli::link_terminal_getter(linker, import, "get-terminal-stdout"),
        "wasi:cli/terminal-stderr" => cli::link_terminal_getter(linker, import, "get-terminal-stderr"),
        "wasi:io/error" => io::link_error(linker, import),
        "wasi:io/poll" => io::link_poll(linker, import),
        "wasi:io/streams" => io::link_streams(linker, import),
        "wasi:clocks/wall-clock" => clocks::wall_clock::add_to_linker::<T, Closed>(linker, T::wasi),
        "wasi:clocks/monotonic-clock" => clocks::monotonic_clock::add_to_linker::<T, Closed>(linker, T::wasi),
        "wasi:random/random" => random::random::add_to_linker::<T, Closed>(linker, T::wasi),
        "wasi:random/insecure" => random::insecure::add_to_linker::<T, Closed>(linker, T::wasi),
        "wasi:random/insecure-seed" => random::insecure_seed::add_to_linker::<T, Closed>(linker, T::wasi),
        _ => Err(wasmtime::Error::msg("no plugin gets it")),
    }
}
