use wasmtime::component::{Linker, Resource, ResourceType};

use super::io::{InputStream, OutputStream};
use crate::GuestState;

/// A terminal. There never is one.
struct Terminal;

pub(super) fn link_environment<T: GuestState + 'static>(linker: &mut Linker<T>, import: &str) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    instance.func_wrap("get-environment", |_, ()| Ok((Vec::<(String, String)>::new(),)))?;
    instance.func_wrap("get-arguments", |_, ()| Ok((Vec::<String>::new(),)))?;
    instance.func_wrap("initial-cwd", |_, ()| Ok((None::<String>,)))
}

pub(super) fn link_exit<T: GuestState + 'static>(linker: &mut Linker<T>, import: &str) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    instance.func_wrap("exit", |_, (_status,): (Result<(), ()>,)| exits::<()>())?;
    instance.func_wrap("exit-with-code", |_, (_code,): (u8,)| exits::<()>())
}

fn exits<R>() -> wasmtime::Result<R> {
    Err(wasmtime::Error::msg("it exited instead of returning"))
}

pub(super) fn link_stdin<T: GuestState + 'static>(linker: &mut Linker<T>, import: &str) -> wasmtime::Result<()> {
    linker
        .instance(import)?
        .func_wrap("get-stdin", |_, ()| Ok((Resource::<InputStream>::new_own(0),)))
}

pub(super) fn link_output<T: GuestState + 'static>(
    linker: &mut Linker<T>,
    import: &str,
    getter: &str,
) -> wasmtime::Result<()> {
    linker
        .instance(import)?
        .func_wrap(getter, |_, ()| Ok((Resource::<OutputStream>::new_own(0),)))
}

pub(super) fn link_terminal<T: GuestState + 'static>(
    linker: &mut Linker<T>,
    import: &str,
    resource: &str,
) -> wasmtime::Result<()> {
    linker
        .instance(import)?
        .resource(resource, ResourceType::host::<Terminal>(), |_, _| Ok(()))
}

pub(super) fn link_terminal_getter<T: GuestState + 'static>(
    linker: &mut Linker<T>,
    import: &str,
    getter: &str,
) -> wasmtime::Result<()> {
    linker
        .instance(import)?
        .func_wrap(getter, |_, ()| Ok((None::<Resource<Terminal>>,)))
}
