//! The command that operators and plugin authors type.

mod attachments;
mod compiler;
mod component;
mod confine;
mod conflist;
mod diff;
mod docker_run;
mod doctor;
mod gc;
mod inspect;
mod janitor;
mod keep;
mod key;
mod metadata;
mod nearest;
mod net;
mod output;
mod plan;
mod policy;
mod project;
mod recordings;
mod repair;
mod replay;
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

use clap::{CommandFactory as _, Parser, Subcommand};
use cofferdam_broker::Installation;

/// Runs CNI plugins as sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(version, name = "cofferctl")]
struct Arguments {
    /// Where all of Cofferdam's directories are: DIR/var/lib/cofferdam,
    /// DIR/etc/cofferdam, DIR/run/cofferdam, DIR/var/lib/cni.
    #[arg(long, value_name = "DIR", default_value = "/", global = true)]
    root: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The components that plugins are made of.
    #[command(subcommand)]
    Component(component::Command),
    /// What a component says of itself, what it could ask for, and who signed
    /// it.
    Inspect(inspect::Arguments),
    /// What a newer version of a component asks for that the older did not.
    Diff(diff::Arguments),
    /// What the operator grants to plugins.
    #[command(subcommand)]
    Policy(policy::Command),
    /// The keys that components are signed with.
    #[command(subcommand)]
    Key(key::Command),
    /// Lists what is attached on this node.
    Attachments(attachments::Arguments),
    /// Shows all that is on record of one attachment.
    Show(attachments::ShowArguments),
    /// Detaches what nobody will: where the container is gone, or an ADD died.
    Gc(gc::Arguments),
    /// Tells what is wrong on this node, and how to mend it.
    Doctor(doctor::Arguments),
    /// Puts back what others took away or changed of attachments.
    Repair(repair::Arguments),
    /// Looks after what plugins keep while containers are attached: has leases
    /// renewed. Runs until it is ended.
    Keep(keep::Arguments),
    /// What a runtime does with networks, by hand.
    #[command(subcommand)]
    Net(net::Command),
    /// Says what attaching a container to a network would do on this node, and
    /// does none of it.
    Plan(plan::Arguments),
    /// Shows each call that a network's components would make to the host in an
    /// ADD, with arguments, result and time. Nothing of it is done.
    Trace(trace::Arguments),
    /// Lists the calls that were recorded on this node.
    Recordings(recordings::Arguments),
    /// Runs a recorded call again, in memory, and tells what differs.
    Replay(replay::Arguments),
    /// Configurations of networks.
    #[command(subcommand)]
    Conflist(conflist::Command),
    /// Runs a command in a new network namespace that has joined networks.
    Run(run::Arguments),
    /// Runs a container of docker or podman whose network namespace has joined
    /// networks.
    DockerRun(docker_run::Arguments),
    /// Signs components.
    Sign(sign::Arguments),
    /// Says whether components are signed with a key.
    Verify(verify::Arguments),
    /// Makes a project for a plugin of your own.
    New(project::NewArguments),
    /// Builds a plugin's component, checks it, and tells what it is.
    Build(project::BuildArguments),
    /// Runs a plugin's scenarios on a network in memory.
    Test(scenario::Arguments),
    /// Prints what makes a shell complete this command's words.
    Completions(shell::CompletionArguments),
    /// Prints this command's manual page, or writes one for each command.
    Manual(shell::ManualArguments),
    /// What this command executes itself as to compile one component.
    #[command(name = compiler::CHILD, hide = true)]
    CompileStandardInput(compiler::Limits),
    /// What this command executes itself as to run one plugin of a trace.
    #[command(name = trace::CHILD, hide = true)]
    TraceStandardInput,
    /// What this command executes itself as to remove a directory when it has
    /// come to its end.
    #[command(name = janitor::COMMAND, hide = true)]
    RemoveWhenClosed(janitor::Arguments),
}

fn main() -> ExitCode {
    if net::is_called_so() {
        return net::run_as_cnitool();
    }
    let arguments = Arguments::parse();
    let installation = Installation::below(&arguments.root);
    let outcome = match arguments.command {
        Command::Component(command) => component::run(&installation, command).map(|()| ExitCode::SUCCESS),
        Command::Inspect(arguments) => inspect::run(&installation, &arguments).map(|()| ExitCode::SUCCESS),
        Command::Diff(arguments) => Ok(diff::run(&installation, &arguments)),
        Command::Policy(command) => policy::run(&installation, command),
        Command::Key(command) => key::run(command).map(|()| ExitCode::SUCCESS),
        Command::Attachments(arguments) => attachments::list(&installation, &arguments).map(|()| ExitCode::SUCCESS),
        Command::Show(arguments) => attachments::show(&installation, &arguments).map(|()| ExitCode::SUCCESS),
        Command::Gc(arguments) => gc::run(&installation, &arguments),
        Command::Doctor(arguments) => Ok(doctor::run(&installation, &arguments)),
        Command::Repair(arguments) => repair::run(&installation, &arguments),
        Command::Keep(arguments) => keep::run(&installation, &arguments).map(|()| ExitCode::SUCCESS),
        Command::Net(command) => net::run(&installation, &command),
        Command::Plan(arguments) => plan::run(&installation, &arguments),
        Command::Trace(arguments) => trace::run(&installation, &arguments),
        Command::Recordings(arguments) => recordings::run(&installation, &arguments).map(|()| ExitCode::SUCCESS),
        Command::Replay(arguments) => replay::run(&installation, &arguments),
        Command::Conflist(command) => conflist::run(&installation, &command),
        Command::Completions(shell) => shell::completions(Arguments::command(), &shell).map(|()| ExitCode::SUCCESS),
        Command::Manual(place) => shell::manual(Arguments::command(), &place).map(|()| ExitCode::SUCCESS),
        Command::Run(arguments) => run::run(&installation, arguments),
        Command::DockerRun(arguments) => docker_run::run(&installation, &arguments),
        Command::Sign(arguments) => sign::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Verify(arguments) => verify::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::New(arguments) => project::new(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Build(arguments) => project::build(&arguments),
        Command::Test(arguments) => scenario::run(&arguments),
        Command::CompileStandardInput(limits) => compiler::run_child(limits),
        Command::TraceStandardInput => trace::run_child().map(|()| ExitCode::SUCCESS),
        Command::RemoveWhenClosed(arguments) => janitor::run(&arguments).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        output::complain(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
