use std::fmt;

use wasmtime::{Trap, WasmBacktrace};

use crate::MemoryGuard;

/// Frames of a backtrace that are kept.
const FRAMES: usize = 16;

/// How a guest came to its end without returning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The time of the request is up.
    Deadline,
    /// More memory was wanted than there may be.
    Memory,
    /// The component is made of more core instances than it may.
    Instances,
    /// The recursion was too deep.
    StackOverflow,
    /// A panic, a failed assertion, `abort`.
    Abort,
    /// A rule of the sandbox was broken; the text says which.
    Rule(String),
    /// Any other trap of WebAssembly; the text names it.
    Trap(String),
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline => f.write_str("it did not return within the time of the request"),
            Self::Memory => f.write_str("it used up the memory that it may have"),
            Self::Instances => f.write_str(
                "it is made of more core instances than it may; core-instances in the policy of a plugin that you trust \
                 allows more",
            ),
            Self::StackOverflow => f.write_str("its recursion was too deep for its stack"),
            Self::Abort => f.write_str("it aborted"),
            Self::Rule(rule) => f.write_str(rule),
            Self::Trap(trap) => write!(f, "it trapped: {trap}"),
        }
    }
}

/// The end of a guest that did not return, with what is known of the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// What the guest wrote to standard error (a panic's message), bounded
    /// and without control characters.
    pub message: String,
    /// The guest's functions, innermost first, as far as names are known.
    pub backtrace: Vec<String>,
}

impl Fault {
    pub(crate) fn new(error: &wasmtime::Error, memory: &MemoryGuard, message: String) -> Self {
        let backtrace = error.downcast_ref::<WasmBacktrace>().map(frames).unwrap_or_default();
        Self {
            kind: kind(error, memory),
            message,
            backtrace,
        }
    }
}

fn kind(error: &wasmtime::Error, memory: &MemoryGuard) -> FaultKind {
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => FaultKind::Deadline,
        Some(Trap::StackOverflow) => FaultKind::StackOverflow,
        Some(Trap::UnreachableCodeReached) if memory.refused() => FaultKind::Memory,
        Some(Trap::UnreachableCodeReached) => FaultKind::Abort,
        Some(trap) => FaultKind::Trap(trap.to_string()),
        None => rule(error.root_cause().to_string()),
    }
}

/// The engine has no type of its own for this one.
fn rule(text: String) -> FaultKind {
    if text.contains("instance count too high") {
        FaultKind::Instances
    } else {
        FaultKind::Rule(text)
    }
}

fn frames(backtrace: &WasmBacktrace) -> Vec<String> {
    backtrace
        .frames()
        .iter()
        .take(FRAMES)
        .map(|frame| match frame.func_name() {
            Some(name) => name.to_owned(),
            None => format!("function {}", frame.func_index()),
        })
        .collect()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if !self.message.is_empty() {
            write!(f, " ({})", self.message)?;
        }
        Ok(())
    }
}
