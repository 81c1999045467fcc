use std::{
    ffi::OsString,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{Child, Command, ExitStatus},
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use anyhow::{Context as _, bail};
use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
    sched::{CloneFlags, unshare},
    sys::{
        prctl::set_pdeathsig,
        signal::{SigSet, Signal, kill},
    },
    unistd::{Pid, getppid, gettid},
};

use super::cover;

/// The signals that end this command; they go to the one that it runs.
pub(crate) struct Signals(SigSet);

impl Signals {
    /// Waits for the next one that is sent to this process.
    pub(crate) fn wait(&self) -> nix::Result<Signal> {
        self.0.wait()
    }
}

/// What is to be run in a container.
pub(crate) struct Task {
    /// The program and its arguments.
    pub(crate) command: Vec<OsString>,
    /// What the command sees as the resolver's file; otherwise the node's.
    pub(crate) resolver_file: Option<String>,
}

/// Keeps signals from ending this process before everything is undone.
pub(crate) fn hold_signals() -> anyhow::Result<Signals> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGHUP);
    signals.thread_block().context("hold signals")?;
    Ok(Signals(signals))
}

/// A thread in network and mount namespaces of its own. They live as long as
/// it does, or as a process that it started.
pub(crate) struct Container {
    path: String,
    tasks: Sender<Task>,
    started: Receiver<anyhow::Result<Child>>,
}

impl Container {
    pub(crate) fn create() -> anyhow::Result<Self> {
        let (tasks, to_run) = mpsc::channel::<Task>();
        let (report, started) = mpsc::channel();
        let (ready, path) = mpsc::channel();
        thread::Builder::new().name("container".into()).spawn(move || {
            let entered =
                enter_own_namespaces().map(|()| format!("/proc/{}/task/{}/ns/net", std::process::id(), gettid()));
            let _ = ready.send(entered);
            for task in to_run {
                let _ = report.send(start(&task));
            }
        })?;
        let path = path.recv()??;
        Ok(Self { path, tasks, started })
    }

    /// The path of its network namespace.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Runs a command in it and waits. The result is the command's exit
    /// status, or 128 and the signal that ended it.
    pub(crate) fn run(&self, task: Task, signals: Signals) -> anyhow::Result<u8> {
        self.tasks.send(task).ok().context("the namespace's thread has ended")?;
        let mut child = self.started.recv()??;
        forward(signals, &child)?;
        Ok(status(child.wait()?))
    }
}

/// Puts this thread, and those that it starts, into network and mount
/// namespaces of their own.
pub(crate) fn enter_own_namespaces() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)?;
    show_own_devices();
    Ok(())
}

/// `/sys` shows the devices of the namespace in which it was mounted. Where it
/// can't be mounted anew the old one stays, as with `ip netns exec`.
fn show_own_devices() {
    let none: Option<&str> = None;
    let _ = mount(none, "/", none, MsFlags::MS_SLAVE | MsFlags::MS_REC, none);
    if umount2("/sys", MntFlags::MNT_DETACH).is_ok() {
        let _ = mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::empty(), none);
    }
}

fn start(task: &Task) -> anyhow::Result<Child> {
    let (program, arguments) = task.command.split_first().context("there is no command")?;
    if let Some(text) = &task.resolver_file {
        cover::cover_resolver_file(text)?;
    }
    let mut command = Command::new(program);
    command.args(arguments);
    depend(&mut command);
    command.spawn().with_context(|| format!("run {program:?}"))
}

/// The command gets the signals that this process holds back (what is blocked
/// stays so across an exec), and does not outlive this process.
#[allow(unsafe_code)]
pub(crate) fn depend(command: &mut Command) {
    let this = Pid::this();
    let prepare = move || {
        SigSet::empty().thread_set_mask()?;
        set_pdeathsig(Signal::SIGKILL)?;
        // This process may have ended before that was said.
        if getppid() != this {
            return Err(Errno::ESRCH.into());
        }
        Ok(())
    };
    // SAFETY: between fork and exec only async-signal-safe functions may be
    // called; these three are system calls, and nothing is allocated.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// Hands on what was sent to this process.
fn forward(signals: Signals, child: &Child) -> anyhow::Result<()> {
    let Ok(pid) = i32::try_from(child.id()) else {
        bail!("process number {} is out of range", child.id())
    };
    thread::Builder::new().name("signals".into()).spawn(move || {
        while let Ok(signal) = signals.0.wait() {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    })?;
    Ok(())
}

/// An exit status as a shell has it: the command's own, or 128 and the signal
/// that ended it.
pub(crate) fn status(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
