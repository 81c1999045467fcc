use std::{
    fs,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cofferdam_confinement::{Capabilities, Confinement, ConfinementError};
use nix::sys::signal::SigSet;
use rustix::thread::set_no_new_privs;

use crate::{
    files::READ,
    scenario::{Outcome, run, tell},
    status::{confined_state, tell_of_threads},
};

tests![
    all_threads_that_were_there_are_confined,
    threads_can_confine_themselves_and_the_others_are_not_forgotten,
    no_thread_escapes_by_being_made_meanwhile,
    a_thread_that_can_not_be_reached_is_an_error,
    a_thread_with_a_filter_of_its_own_is_an_error,
];

fn confinement() -> Confinement {
    Confinement::new()
        .keep_capability(Capabilities::NET_ADMIN)
        .directory("/proc", READ)
}

/// Threads of that name, which wait in different ways.
fn start(count: usize) -> Arc<Barrier> {
    let barrier = Arc::new(Barrier::new(count + 1));
    for number in 0..count {
        let barrier = Arc::clone(&barrier);
        let body = move || {
            barrier.wait();
            if number % 2 == 0 {
                thread::park();
            }
            let mut sum = 0_u64;
            loop {
                sum = std::hint::black_box(sum.wrapping_add(1));
                if sum.is_multiple_of(1 << 20) {
                    thread::yield_now();
                }
            }
        };
        thread::Builder::new().name("other".to_owned()).spawn(body).unwrap();
    }
    barrier.wait();
    barrier
}

/// More than are asked at once.
const MANY: usize = 40;

pub(crate) fn many() {
    start(MANY);
    let report = confinement().enforce().unwrap();
    tell("threads", report.other_threads);
    tell_of_threads();
}

pub(crate) fn by_themselves() {
    let prepared = confinement().prepare().unwrap();
    let ready = Arc::new(Barrier::new(3));
    for _ in 0..2 {
        let own = prepared.thread();
        let ready = Arc::clone(&ready);
        let body = move || {
            own.confine().unwrap();
            ready.wait();
            loop {
                thread::park();
            }
        };
        thread::Builder::new().name("other".to_owned()).spawn(body).unwrap();
    }
    ready.wait();
    // One that knows nothing of it is found all the same.
    start(1);
    let report = prepared.enforce().unwrap();
    tell("threads", report.other_threads);
    tell_of_threads();
}

pub(crate) fn restless() {
    let stop = Arc::new(AtomicBool::new(false));
    let body = {
        let stop = Arc::clone(&stop);
        move || {
            while !stop.load(Ordering::SeqCst) {
                // Refused as soon as the filter is there.
                let child = thread::Builder::new().name("other".to_owned()).spawn(thread::yield_now);
                drop(child.map(thread::JoinHandle::join));
            }
            loop {
                thread::park();
            }
        }
    };
    for _ in 0..2 {
        let body = body.clone();
        thread::Builder::new().name("other".to_owned()).spawn(body).unwrap();
    }
    confinement().enforce().unwrap();
    stop.store(true, Ordering::SeqCst);
    // One that was about to end needs no filter, and gets none.
    let deadline = Instant::now() + Duration::from_secs(10);
    while fs::read_dir("/proc/self/task").unwrap().count() > 3 && Instant::now() < deadline {
        thread::yield_now();
    }
    tell_of_threads();
}

pub(crate) fn deaf() {
    let barrier = Arc::new(Barrier::new(2));
    let ready = Arc::clone(&barrier);
    thread::spawn(move || {
        SigSet::all().thread_block().unwrap();
        ready.wait();
        loop {
            thread::park();
        }
    });
    barrier.wait();
    let ended = confinement().enforce();
    tell(
        "silent",
        matches!(&ended, Err(ConfinementError::ThreadSilent { thread, .. }) if *thread > 0),
    );
}

pub(crate) fn filtered() {
    let barrier = Arc::new(Barrier::new(2));
    let ready = Arc::clone(&barrier);
    thread::spawn(move || {
        set_no_new_privs(true).unwrap();
        allow_all_calls();
        ready.wait();
        loop {
            thread::park();
        }
    });
    barrier.wait();
    let ended = confinement().enforce();
    tell(
        "named",
        matches!(ended, Err(ConfinementError::FilterOfThread(thread)) if thread > 0),
    );
}

/// A filter for the calling thread that changes nothing.
fn allow_all_calls() {
    let mut program = [libc::sock_filter {
        code: u16::try_from(libc::BPF_RET | libc::BPF_K).unwrap(),
        jt: 0,
        jf: 0,
        k: libc::SECCOMP_RET_ALLOW,
    }];
    let header = libc::sock_fprog {
        len: 1,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the header and the program, of the length it says, live through
    // the call, which reads them.
    #[allow(unsafe_code)]
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const header) };
    assert_eq!(answer, 0);
}

#[track_caller]
fn all_are_confined(outcome: &Outcome) -> usize {
    let threads: Vec<_> = outcome
        .found
        .iter()
        .filter(|(name, _)| name.starts_with("thread "))
        .collect();
    for (thread, state) in &threads {
        assert_eq!(**state, confined_state(), "{thread}");
    }
    threads.len()
}

fn all_threads_that_were_there_are_confined() {
    let outcome = run("many threads");
    assert_eq!(outcome.of("threads"), MANY.to_string());
    assert_eq!(all_are_confined(&outcome), MANY + 1);
}

fn threads_can_confine_themselves_and_the_others_are_not_forgotten() {
    let outcome = run("threads that confine themselves");
    assert_eq!(outcome.of("threads"), "3");
    assert_eq!(all_are_confined(&outcome), 4);
}

fn no_thread_escapes_by_being_made_meanwhile() {
    for _ in 0..20 {
        assert_eq!(all_are_confined(&run("threads that make threads")), 3);
    }
}

fn a_thread_that_can_not_be_reached_is_an_error() {
    assert_eq!(run("thread with signals blocked").of("silent"), "true");
}

fn a_thread_with_a_filter_of_its_own_is_an_error() {
    assert_eq!(run("thread with a filter").of("named"), "true");
}
