//! Has the other threads of the process do what the kernel lets each thread
//! do for itself only.
//!
//! The C library does the same for `setuid`: a signal to each thread, whose
//! handler makes the calls. A process is confined once, so that what is static
//! here has one user.

use std::{
    sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use libc::c_int;
use rustix::{
    fs::{Dir, Mode, OFlags, open},
    io::Errno,
    thread::{CapabilitySet, Pid, Timespec, futex, gettid},
};

use crate::{
    ConfinementError,
    confined::{Confined, LINKS_OF_NONE},
    thread::{Done, Rest, Step, give_up},
    unsafe_calls::{SignalHandler, is_alone, keep_errno, signal_thread},
};

/// How long all threads together may take. They have some hundred
/// microseconds' work.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// How often a thread that does not answer is asked whether it still exists.
const PATIENCE: Duration = Duration::from_millis(5);

/// How often a list is read that changes all the time.
const TRIES: usize = 1000;

/// Threads that are asked at once.
const SEATS: usize = 16;
/// The seat's thread has done it.
const DONE: i32 = 0;
/// Of a failure's number, the part that is the step.
const STEP: i32 = 0x1_0000;

/// What the handlers read, and where they answer.
static CAPABILITIES: AtomicU64 = AtomicU64::new(0);
static BOUNDING_SET: AtomicBool = AtomicBool::new(false);
static RULESET: AtomicI32 = AtomicI32::new(-1);
/// The number of a thread that is asked; [`DONE`]; or a failure, negative.
static ASKED: [AtomicI32; SEATS] = [const { AtomicI32::new(DONE) }; SEATS];
/// Counts answers, for the one who waits.
static ANSWERS: AtomicU32 = AtomicU32::new(0);

/// Has all threads give up all but the rest. Returns what the calling one
/// did, and how many others there were.
pub(crate) fn confine_all(rest: Rest, confined: &Confined) -> Result<(Done, usize), ConfinementError> {
    if is_alone() || confined.are_all() {
        let others = confined.others().len();
        return Ok((confined.confine_here(rest)?, others));
    }
    CAPABILITIES.store(rest.capabilities.bits(), Ordering::SeqCst);
    BOUNDING_SET.store(rest.bounding_set, Ordering::SeqCst);
    RULESET.store(rest.ruleset.unwrap_or(-1), Ordering::SeqCst);
    // SAFETY: `on_signal` makes system calls and uses atomic numbers.
    #[allow(unsafe_code)]
    let handler = unsafe { SignalHandler::set(libc::SIGRTMAX(), on_signal) }.map_err(ConfinementError::Signal)?;
    // After a failure a signal may still be on its way, and needs its handler.
    let answer = ask_all(rest, confined)?;
    handler.restore().map_err(ConfinementError::Signal)?;
    Ok(answer)
}

/// A thread that has not been asked may make another one at any time; that
/// is over when a look at the list finds only threads that have done it, since
/// what they make inherits.
fn ask_all(rest: Rest, confined: &Confined) -> Result<(Done, usize), ConfinementError> {
    let deadline = Instant::now() + TIME_LIMIT;
    // Opened now: files may be out of sight soon.
    let mut list = ThreadList::open()?;
    let mut asked = confined.others();
    asked.push(gettid());
    loop {
        let mut new = list.read()?;
        new.retain(|thread| !asked.contains(thread));
        for group in new.chunks(SEATS) {
            ask(group)?;
            // At the same time as the first of the others.
            confined.confine_here(rest)?;
            for (seat, thread) in ASKED.iter().zip(group) {
                wait(seat, *thread, deadline)?;
            }
        }
        if new.is_empty() {
            return Ok((confined.confine_here(rest)?, asked.len() - 1));
        }
        asked.extend(new);
    }
}

/// The threads of this process, as the kernel lists them.
struct ThreadList(Dir);

impl ThreadList {
    fn open() -> Result<Self, ConfinementError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = open("/proc/self/task", flags, Mode::empty()).and_then(Dir::new);
        directory.map(Self).map_err(ConfinementError::ThreadList)
    }

    /// A thread that ends while the list is read can end the list. The number
    /// of links tells whether all were there.
    fn read(&mut self) -> Result<Vec<Pid>, ConfinementError> {
        for _ in 0..TRIES {
            let threads = self.read_once().map_err(ConfinementError::ThreadList)?;
            let status = self.0.stat().map_err(ConfinementError::ThreadList)?;
            if usize::try_from(status.st_nlink) == Ok(threads.len() + LINKS_OF_NONE) {
                return Ok(threads);
            }
        }
        Err(ConfinementError::ThreadsChange)
    }

    fn read_once(&mut self) -> Result<Vec<Pid>, Errno> {
        self.0.rewind();
        let mut threads = Vec::new();
        for entry in &mut self.0 {
            // The others are `.` and `..`.
            let number = entry?.file_name().to_str().ok().and_then(|name| name.parse().ok());
            threads.extend(number.and_then(Pid::from_raw));
        }
        Ok(threads)
    }
}

/// Sends a signal to each, with a seat for its answer.
fn ask(group: &[Pid]) -> Result<(), ConfinementError> {
    for (seat, thread) in ASKED.iter().zip(group) {
        seat.store(thread.as_raw_pid(), Ordering::SeqCst);
        match signal_thread(*thread, libc::SIGRTMAX()) {
            Ok(()) => {}
            Err(Errno::SRCH) => seat.store(DONE, Ordering::SeqCst),
            Err(errno) => return Err(ConfinementError::Signal(errno)),
        }
    }
    Ok(())
}

fn wait(seat: &AtomicI32, thread: Pid, deadline: Instant) -> Result<(), ConfinementError> {
    loop {
        // Before the seat is looked at: an answer in between is not missed.
        let answers = ANSWERS.load(Ordering::SeqCst);
        match seat.load(Ordering::SeqCst) {
            DONE => return Ok(()),
            failure if failure < 0 => return Err(failed(thread, -failure)),
            _ => {}
        }
        if signal_thread(thread, 0) == Err(Errno::SRCH) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(ConfinementError::ThreadSilent {
                thread: thread.as_raw_pid(),
                waited: TIME_LIMIT,
            });
        }
        let patience = Timespec {
            tv_sec: 0,
            tv_nsec: PATIENCE.subsec_nanos().into(),
        };
        // However it ends, the seat is looked at again.
        let _ = futex::wait(&ANSWERS, futex::Flags::PRIVATE, answers, Some(&patience));
    }
}

fn failed(thread: Pid, failure: i32) -> ConfinementError {
    ConfinementError::Thread {
        thread: thread.as_raw_pid(),
        step: Step::from_number(failure / STEP),
        errno: Errno::from_raw_os_error(failure % STEP),
    }
}

/// Runs in the thread that got the signal.
extern "C" fn on_signal(_: c_int) {
    keep_errno(|| {
        let own = gettid().as_raw_pid();
        let Some(seat) = ASKED.iter().find(|seat| seat.load(Ordering::SeqCst) == own) else {
            return;
        };
        let ruleset = RULESET.load(Ordering::SeqCst);
        let rest = Rest {
            capabilities: CapabilitySet::from_bits_retain(CAPABILITIES.load(Ordering::SeqCst)),
            ruleset: (ruleset >= 0).then_some(ruleset),
            bounding_set: BOUNDING_SET.load(Ordering::SeqCst),
        };
        let answer = match give_up(rest) {
            Ok(_) => DONE,
            Err((step, errno)) => -(step as i32 * STEP + errno.raw_os_error()),
        };
        seat.store(answer, Ordering::SeqCst);
        ANSWERS.fetch_add(1, Ordering::SeqCst);
        let _ = futex::wake(&ANSWERS, futex::Flags::PRIVATE, 1);
    });
}
