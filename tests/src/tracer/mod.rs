//! Stops a program where it changes something outside of itself: files, kernel
//! objects, standard output. There it can be killed, the kernel be made to
//! refuse, or somebody else do something. Nothing is compiled into the program for that: it is the executable
//! that ships. A system call of which it is not known whether it changes
//! something ends the trace with a panic, so that none is forgotten.

mod filter;
mod point;
mod registers;

use std::{convert::Infallible, ops::Range, process::Child, time::Instant};

use nix::{
    errno::Errno,
    libc,
    sys::{
        ptrace::{self, Options},
        signal::Signal,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

pub use filter::stop_at_changes;
pub use point::{Kind, Point};
use registers::Call;

use crate::program::PATIENCE;

/// What is to happen at the points that a program comes by, counted from 0.
pub enum Plan<'a> {
    /// The program is killed before it does what it is about to do.
    Kill(usize),
    /// The kernel refuses what these points are about, where there is an error
    /// for their kind.
    Refuse(Range<usize>, fn(&Point) -> Option<Errno>),
    /// Something else is done before the program does what it is about to do,
    /// on a thread that is in the program's network namespace.
    Meanwhile(usize, &'a (dyn Fn() + Sync)),
}

/// How a traced program went.
#[derive(Debug)]
pub struct Trace {
    /// The points that it came by.
    pub points: Vec<Point>,
    /// The exit code; `None` when it was killed.
    pub code: Option<i32>,
}

/// Traces a child that `traced` became, to its end. Only the thread that
/// started the child can.
pub(crate) fn trace(child: &Child, plan: Plan<'_>) -> Trace {
    let mut tracer = Tracer {
        pid: Pid::from_raw(i32::try_from(child.id()).expect("a process number is an int")),
        plan,
        points: Vec::new(),
        started: Instant::now(),
    };
    let code = tracer.run();
    Trace {
        points: tracer.points,
        code,
    }
}

struct Tracer<'a> {
    pid: Pid,
    plan: Plan<'a>,
    points: Vec<Point>,
    started: Instant,
}

/// The program has come to its end; the exit code, if it was not killed.
struct Ended(Option<i32>);

/// Where a stopped process is.
enum Stop {
    Call,
    Signal(Signal),
}

impl Tracer<'_> {
    fn run(&mut self) -> Option<i32> {
        match self.follow() {
            Ok(never) => match never {},
            Err(Ended(code)) => code,
        }
    }

    /// The first stop is that of the program's start; after it they are the
    /// beginnings of system calls.
    fn follow(&mut self) -> Result<Infallible, Ended> {
        self.wait()?;
        let options = Options::PTRACE_O_TRACESECCOMP | Options::PTRACE_O_EXITKILL;
        ptrace::setoptions(self.pid, options).expect("the child is traced");
        loop {
            self.go_on()?;
            self.meet(&Call::of(self.pid))?;
        }
    }

    /// At the beginning of a system call.
    fn meet(&mut self, call: &Call) -> Result<(), Ended> {
        let Some(point) = Point::of(self.pid, call) else {
            return Ok(());
        };
        let number = self.points.len();
        self.points.push(point.clone());
        match &self.plan {
            Plan::Kill(at) if *at == number => {
                ptrace::kill(self.pid).expect("the child is stopped");
                return Err(self.wait_for_end());
            }
            Plan::Refuse(points, error_of) if points.contains(&number) => {
                if let Some(errno) = error_of(&point) {
                    call.refuse(self.pid, errno);
                }
            }
            Plan::Meanwhile(at, act) if *at == number => act(),
            _ => {}
        }
        Ok(())
    }

    /// Lets the program go on to where its next system call begins that may
    /// change something.
    fn go_on(&self) -> Result<(), Ended> {
        let mut forwarded = None;
        loop {
            ptrace::cont(self.pid, forwarded).expect("the child is stopped");
            match self.wait()? {
                Stop::Call => return Ok(()),
                Stop::Signal(signal) => forwarded = Some(signal),
            }
        }
    }

    fn wait_for_end(&self) -> Ended {
        loop {
            match self.wait() {
                Ok(_) => ptrace::cont(self.pid, None).unwrap_or_default(),
                Err(ended) => return ended,
            }
        }
    }

    fn wait(&self) -> Result<Stop, Ended> {
        loop {
            match waitpid(self.pid, Some(WaitPidFlag::__WALL)) {
                Ok(WaitStatus::Exited(_, code)) => return Err(Ended(Some(code))),
                Ok(WaitStatus::Signaled(..)) => return Err(Ended(None)),
                Ok(WaitStatus::PtraceEvent(_, _, libc::PTRACE_EVENT_SECCOMP)) => {
                    assert!(self.started.elapsed() < PATIENCE, "a traced program did not end");
                    return Ok(Stop::Call);
                }
                // The stop at the program's start is no signal of anybody's.
                Ok(WaitStatus::Stopped(_, Signal::SIGTRAP)) => return Ok(Stop::Call),
                Ok(WaitStatus::Stopped(_, signal)) => return Ok(Stop::Signal(signal)),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => panic!("waiting for a traced child: {errno}"),
            }
        }
    }
}
