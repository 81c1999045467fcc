//! What a runtime does with networks, by hand: `cofferctl net`, and the
//! reference project's `cnitool` where this executable is called so.

mod attach;
mod cnitool;
mod gc;
mod identity;
mod list;
mod options;
mod status;

use std::process::ExitCode;

use clap::Subcommand;
use cofferdam_broker::Installation;

pub(crate) use cnitool::{is_called_so, run as run_as_cnitool};
pub(crate) use options::Place;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Attaches a network namespace to a network (ADD).
    Add(attach::Arguments),
    /// Detaches it (DEL). Where the network is configured no more, as it was
    /// when it was attached.
    Del(attach::Arguments),
    /// Asks whether it is attached as it was (CHECK).
    Check(attach::Arguments),
    /// Detaches what is attached to a network and not listed (GC).
    Gc(gc::Arguments),
    /// Asks whether networks can be attached to (VERSION and STATUS).
    Status(status::Arguments),
    /// Lists networks, or what is attached to one.
    List(list::Arguments),
}

pub(crate) fn run(installation: &Installation, command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Add(arguments) => attach::add(installation, arguments),
        Command::Del(arguments) => attach::del(installation, arguments),
        Command::Check(arguments) => attach::check(installation, arguments),
        Command::Gc(arguments) => gc::run(installation, arguments),
        Command::Status(arguments) => status::run(installation, arguments),
        Command::List(arguments) => list::run(installation, arguments),
    }
}
