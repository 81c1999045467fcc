//! The command that operators and plugin authors type.

// What only the commands about a node use of what others share.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports))]

#[cfg(target_os = "linux")]
mod attachments;
mod cache;
mod command;
mod compiler;
mod component;
mod confine;
mod conflist;
mod diff;
#[cfg(target_os = "linux")]
mod docker_run;
#[cfg(target_os = "linux")]
mod doctor;
mod files;
#[cfg(target_os = "linux")]
mod gc;
mod inspect;
mod janitor;
#[cfg(target_os = "linux")]
mod keep;
mod key;
mod main_thread;
mod metadata;
#[cfg(target_os = "linux")]
mod nearest;
#[cfg(target_os = "linux")]
mod net;
mod output;
mod own_process;
mod plan;
mod policy;
mod project;
mod recordings;
#[cfg(target_os = "linux")]
mod repair;
mod replay;
mod request;
#[cfg(target_os = "linux")]
mod run;
mod scenario;
mod scratch;
mod shell;
mod sign;
mod signature_file;
mod signers;
mod subject;
mod trace;
mod used;
mod verify;

use std::{path::PathBuf, process::ExitCode};

use clap::{CommandFactory as _, Parser};
use cofferdam_broker::Installation;

use self::command::Command;

/// Runs CNI plugins as sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(version, name = "cofferctl", after_help = command::ELSEWHERE)]
struct Arguments {
    /// Where all of Cofferdam's directories are: DIR/var/lib/cofferdam,
    /// DIR/etc/cofferdam, DIR/run/cofferdam, DIR/var/lib/cni.
    #[arg(long, value_name = "DIR", default_value = "/", global = true)]
    root: PathBuf,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    main_thread::within(run)
}

fn run() -> ExitCode {
    #[cfg(target_os = "linux")]
    if net::is_called_so() {
        return net::run_as_cnitool();
    }
    let Arguments { root, command } = Arguments::parse();
    let outcome = command.run(&Installation::below(root), Arguments::command());
    outcome.unwrap_or_else(|error| {
        output::complain(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
