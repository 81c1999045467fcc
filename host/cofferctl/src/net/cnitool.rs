use std::{
    ffi::OsString,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use cofferdam_broker::Installation;
use cofferdam_runtime::{Runtime, SearchPath, load_network};

use super::options::{Target, cache, search_path};
use crate::request::variable;

/// Adds, checks and removes network interfaces of a network namespace.
#[derive(Debug, Parser)]
#[command(name = "cnitool")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Attaches the namespace to the network and prints the result.
    Add(Call),
    /// Asks whether it is attached as it was.
    Check(Call),
    /// Detaches it.
    Del(Call),
    /// Detaches everything from the network.
    Gc(Call),
    /// Asks whether the network can be attached to.
    Status(Call),
}

#[derive(Debug, Args)]
struct Call {
    /// The network's name, looked up in NETCONFPATH.
    network: String,
    /// The path of the network namespace.
    netns: PathBuf,
    /// The interface's name in the namespace; otherwise what CNI_IFNAME says,
    /// or eth0.
    #[arg(short, long = "ifname", value_name = "NAME")]
    interface: Option<String>,
    /// What is given besides has no meaning.
    #[arg(hide = true)]
    more: Vec<OsString>,
}

/// Whether a link that is called `cnitool` led to this executable.
pub(crate) fn is_called_so() -> bool {
    let name = std::env::args_os().next();
    name.is_some_and(|name| Path::new(&name).file_name().is_some_and(|name| name == "cnitool"))
}

/// Arguments, variables, output and exit codes are those of `cnitool`.
pub(crate) fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match carry_out(&arguments.verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(verb: &Verb) -> anyhow::Result<()> {
    let (Verb::Add(call) | Verb::Check(call) | Verb::Del(call) | Verb::Gc(call) | Verb::Status(call)) = verb;
    let target = Target {
        netns: call.netns.clone(),
        interface: call.interface.clone(),
        id: None,
        args: None,
        cap_args: None,
    };
    let directory = variable("NETCONFPATH").map_or_else(|| PathBuf::from("/etc/cni/net.d"), PathBuf::from);
    let network = load_network(&directory, &call.network)?;
    let request = target.request()?;
    let plugins = SearchPath::new(search_path().unwrap_or_default());
    let runtime = Runtime::new(plugins, cache(&Installation::below("/")));
    match verb {
        Verb::Add(_) => {
            let result = runtime.add(&network, &request)?;
            std::io::stdout().write_all(result.to_json()?.as_bytes())?;
        }
        Verb::Check(_) => runtime.check(&network, &request)?,
        Verb::Del(_) => runtime.del(&network, &request)?,
        Verb::Gc(_) => runtime.gc(&network, None)?,
        Verb::Status(_) => runtime.status(&network)?,
    }
    Ok(())
}
