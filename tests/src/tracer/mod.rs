//! Stops a program where it changes something outside of itself: files, kernel
//! objects, standard output. There it can be killed, or the kernel be made to
//! refuse. Nothing is compiled into the program for that: it is the executable
//! that ships, and no place where it changes something can be forgotten.

mod point;
mod registers;

use std::{process::Child, time::Instant};

use nix::{
    errno::Errno,
    sys::{
        ptrace::{self, Options},
        signal::Signal,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

pub use point::{Kind, Point};
use registers::Call;

use crate::program::PATIENCE;

/// What is to happen at the points that a program comes by, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: they are only listed.
    Watch,
    /// It is killed before it does what it is about to do.
    KillAt(usize),
    /// The kernel refuses one thing.
    RefuseAt(usize, Errno),
    /// From here on the kernel refuses all things of a kind, such as all that
    /// writes files.
    RefuseFrom(usize, Kind, Errno),
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
pub(crate) fn trace(child: &Child, plan: Plan) -> Trace {
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

struct Tracer {
    pid: Pid,
    plan: Plan,
    points: Vec<Point>,
    started: Instant,
}

/// Where a stopped process is.
enum Stop {
    Call,
    Signal(Signal),
    Ended(Option<i32>),
}

impl Tracer {
    /// The first stop is that of the program's start.
    fn run(&mut self) -> Option<i32> {
        if let Stop::Ended(code) = self.wait() {
            return code;
        }
        let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL;
        ptrace::setoptions(self.pid, options).expect("the child is traced");
        let mut forwarded = None;
        loop {
            ptrace::syscall(self.pid, forwarded.take()).expect("the child is stopped");
            match self.wait() {
                Stop::Ended(code) => return code,
                Stop::Signal(signal) => forwarded = Some(signal),
                Stop::Call => {
                    if let Some(code) = self.enter() {
                        return code;
                    }
                }
            }
        }
    }

    /// At the beginning of a system call. Its end, and what is made of it, is
    /// seen to here, too. `Some` when the program has ended.
    fn enter(&mut self) -> Option<Option<i32>> {
        let call = Call::of(self.pid);
        let refused = match Point::of(self.pid, &call) {
            Some(point) => {
                let number = self.points.len();
                let refused = self.refused(number, point.kind);
                self.points.push(point);
                if self.plan == Plan::KillAt(number) {
                    ptrace::kill(self.pid).expect("the child is stopped");
                    return Some(self.wait_for_end());
                }
                refused
            }
            None => None,
        };
        if refused.is_some() {
            call.replace_by_nothing(self.pid);
        }
        let mut forwarded = None;
        loop {
            ptrace::syscall(self.pid, forwarded.take()).expect("the child is stopped");
            match self.wait() {
                Stop::Ended(code) => return Some(code),
                Stop::Signal(signal) => forwarded = Some(signal),
                Stop::Call => break,
            }
        }
        if let Some(errno) = refused {
            Call::fail(self.pid, errno);
        }
        None
    }

    fn refused(&self, number: usize, kind: Kind) -> Option<Errno> {
        match self.plan {
            Plan::RefuseAt(at, errno) if at == number => Some(errno),
            Plan::RefuseFrom(from, of, errno) if number >= from && kind == of => Some(errno),
            _ => None,
        }
    }

    fn wait_for_end(&self) -> Option<i32> {
        loop {
            if let Stop::Ended(code) = self.wait() {
                return code;
            }
            let _ = ptrace::cont(self.pid, None);
        }
    }

    fn wait(&self) -> Stop {
        loop {
            match waitpid(self.pid, Some(WaitPidFlag::__WALL)) {
                Ok(WaitStatus::Exited(_, code)) => return Stop::Ended(Some(code)),
                Ok(WaitStatus::Signaled(..)) => return Stop::Ended(None),
                Ok(WaitStatus::PtraceSyscall(_)) => {
                    assert!(self.started.elapsed() < PATIENCE, "a traced program did not end");
                    return Stop::Call;
                }
                // The stop at the program's start is no signal of anybody's.
                Ok(WaitStatus::Stopped(_, Signal::SIGTRAP)) => return Stop::Call,
                Ok(WaitStatus::Stopped(_, signal)) => return Stop::Signal(signal),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => panic!("waiting for a traced child: {errno}"),
            }
        }
    }
}
