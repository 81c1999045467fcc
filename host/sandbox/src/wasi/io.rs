use std::sync::Arc;

use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::p2::DynPollable;

use super::outside::{Outside, World};
use crate::GuestState;

/// What stands behind the WASI imports of one instance.
#[derive(Default)]
pub struct ClosedWasi {
    standard_error: Vec<u8>,
    capacity: usize,
    outside: Option<Arc<dyn Outside>>,
}

impl ClosedWasi {
    /// Keeps that many bytes of standard error.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            ..Self::default()
        }
    }

    /// What the guest wrote to standard error, as one line of printable text.
    #[must_use]
    pub fn message(&self) -> String {
        let text = String::from_utf8_lossy(&self.standard_error);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines
            .join("; ")
            .chars()
            .map(|symbol| if symbol.is_control() { ' ' } else { symbol })
            .collect()
    }

    /// Keeps a message of the guest with its standard error: if it ends by a
    /// fault, that may be the reason.
    pub fn note(&mut self, message: &str) {
        self.write(message.as_bytes());
        self.write(b"\n");
    }

    fn write(&mut self, bytes: &[u8]) {
        let left = self.capacity.saturating_sub(self.standard_error.len());
        self.standard_error.extend(bytes.iter().take(left));
    }

    /// Has somebody else than the world tell the time and chance.
    #[must_use]
    pub fn told_by(self, outside: Option<Arc<dyn Outside>>) -> Self {
        Self { outside, ..self }
    }

    pub(super) fn outside(&mut self) -> &dyn Outside {
        &**self.outside.get_or_insert_with(|| Arc::new(World::default()))
    }
}

/// An output stream; all of them lead to the same bounded text.
pub(super) struct OutputStream;

/// An input stream; it is at its end.
pub(super) struct InputStream;

/// An I/O error. There never is one.
struct IoError;

/// `wasi:io/streams.stream-error`, of which only `closed` occurs.
#[derive(wasmtime::component::ComponentType, wasmtime::component::Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[allow(dead_code)]
    LastOperationFailed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

/// Bytes that a guest may write at once.
const PERMIT: u64 = 4096;

pub(super) fn link_error<T: GuestState + 'static>(linker: &mut Linker<T>, import: &str) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    instance.resource("error", ResourceType::host::<IoError>(), |_, _| Ok(()))?;
    instance.func_wrap("[method]error.to-debug-string", |_, _: (Resource<IoError>,)| {
        Ok(("closed".to_owned(),))
    })
}

pub(super) fn link_poll<T: GuestState + 'static>(linker: &mut Linker<T>, import: &str) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    instance.resource("pollable", ResourceType::host::<DynPollable>(), |_, _| Ok(()))?;
    instance.func_wrap("[method]pollable.ready", |_, _: (Resource<DynPollable>,)| Ok((true,)))?;
    instance.func_wrap("[method]pollable.block", |_, _: (Resource<DynPollable>,)| {
        cannot_wait::<()>()
    })?;
    instance.func_wrap("poll", |_, _: (Vec<Resource<DynPollable>>,)| {
        cannot_wait::<(Vec<u32>,)>()
    })
}

fn cannot_wait<R>() -> wasmtime::Result<R> {
    Err(wasmtime::Error::msg(
        "it tried to wait, which a plugin can only do in a host operation",
    ))
}

pub(super) fn link_streams<T: GuestState + 'static>(linker: &mut Linker<T>, import: &str) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    instance.resource("input-stream", ResourceType::host::<InputStream>(), |_, _| Ok(()))?;
    instance.resource("output-stream", ResourceType::host::<OutputStream>(), |_, _| Ok(()))?;

    for name in ["read", "blocking-read"] {
        let name = format!("[method]input-stream.{name}");
        instance.func_wrap(&name, |_, _: (Resource<InputStream>, u64)| {
            Ok((Err::<Vec<u8>, _>(StreamError::Closed),))
        })?;
    }
    instance.func_wrap(
        "[method]output-stream.check-write",
        |_, _: (Resource<OutputStream>,)| Ok((Ok::<u64, StreamError>(PERMIT),)),
    )?;
    for name in ["write", "blocking-write-and-flush"] {
        let name = format!("[method]output-stream.{name}");
        instance.func_wrap(&name, |mut store, (_, bytes): (Resource<OutputStream>, Vec<u8>)| {
            let state: &mut T = store.data_mut();
            state.wasi().write(&bytes);
            Ok((Ok::<(), StreamError>(()),))
        })?;
    }
    for name in ["flush", "blocking-flush"] {
        let name = format!("[method]output-stream.{name}");
        instance.func_wrap(&name, |_, _: (Resource<OutputStream>,)| {
            Ok((Ok::<(), StreamError>(()),))
        })?;
    }
    for stream in ["input-stream", "output-stream"] {
        let name = format!("[method]{stream}.subscribe");
        if stream == "input-stream" {
            instance.func_wrap(&name, |_, _: (Resource<InputStream>,)| {
                cannot_wait::<(Resource<DynPollable>,)>()
            })?;
        } else {
            instance.func_wrap(&name, |_, _: (Resource<OutputStream>,)| {
                cannot_wait::<(Resource<DynPollable>,)>()
            })?;
        }
    }
    Ok(())
}
