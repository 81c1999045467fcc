use std::{io, time::Duration, time::Instant};

use crate::{Sandbox, timer};

/// From one tick to the next once the time is up.
const TICK: Duration = Duration::from_millis(5);

/// Interrupts whatever guest is running when a request's time is up.
#[derive(Debug)]
pub struct Watchdog;

impl Watchdog {
    /// Starts watching until the end of the process. On Linux that is by a
    /// timer that raises `SIGALRM`: a thread that sleeps, as there is elsewhere,
    /// would cost more than the engine.
    ///
    /// The ticks go on after the deadline, and each guest may run for one, so
    /// that guests which start later end at once, too.
    ///
    /// # Errors
    /// The system gives no timer, or no thread.
    pub fn start(sandbox: &Sandbox, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        // Zero would be no timer at all.
        let first = left.max(Duration::from_micros(1));
        timer::start(sandbox.engine().clone(), first, TICK)
    }
}

#[cfg(all(test, feature = "compiler"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        thread,
        time::{Duration, Instant},
    };

    use wasmtime::{Instance, Module, Store, Trap};

    use super::Watchdog;
    use crate::{Sandbox, timer};

    /// `(module (func (export "run") (loop (br 0))))`.
    const LOOP: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x04\x01\x60\0\0\
        \x03\x02\x01\0\
        \x07\x07\x01\x03run\0\0\
        \x0a\x09\x01\x07\0\x03\x40\x0c\0\x0b\x0b";

    fn run_for_ever(sandbox: &Sandbox) -> Trap {
        let module = Module::new(sandbox.engine(), LOOP).unwrap();
        let mut store = Store::new(sandbox.engine(), ());
        store.set_epoch_deadline(1);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        *run.call(&mut store, ()).unwrap_err().downcast_ref::<Trap>().unwrap()
    }

    #[test]
    fn a_guest_is_interrupted_at_the_deadline_and_each_later_one_at_once() {
        let sandbox = Sandbox::new().unwrap();
        let begin = Instant::now();
        Watchdog::start(&sandbox, begin + Duration::from_millis(200)).unwrap();
        assert_eq!(run_for_ever(&sandbox), Trap::Interrupt);
        assert!(begin.elapsed() >= Duration::from_millis(200));
        assert_eq!(run_for_ever(&sandbox), Trap::Interrupt);
    }

    /// As on other systems than Linux.
    #[test]
    fn a_thread_interrupts_as_the_signal_does_and_ends_with_the_engine() {
        let sandbox = Sandbox::new().unwrap();
        let begin = Instant::now();
        timer::start_thread(sandbox.engine().clone(), Duration::from_millis(200), super::TICK).unwrap();
        assert_eq!(run_for_ever(&sandbox), Trap::Interrupt);
        assert!(begin.elapsed() >= Duration::from_millis(200));
        assert_eq!(run_for_ever(&sandbox), Trap::Interrupt);
        let engine = sandbox.engine().weak();
        drop(sandbox);
        let deadline = Instant::now() + Duration::from_secs(10);
        while engine.upgrade().is_some() && Instant::now() < deadline {
            thread::sleep(super::TICK);
        }
        assert!(engine.upgrade().is_none());
    }

    #[test]
    fn a_deadline_that_is_past_interrupts() {
        let sandbox = Sandbox::new().unwrap();
        Watchdog::start(&sandbox, Instant::now()).unwrap();
        assert_eq!(run_for_ever(&sandbox), Trap::Interrupt);
    }

    #[test]
    fn each_sandbox_has_its_own() {
        let (early, late) = (Sandbox::new().unwrap(), Sandbox::new().unwrap());
        let begin = Instant::now();
        Watchdog::start(&early, begin + Duration::from_millis(50)).unwrap();
        Watchdog::start(&late, begin + Duration::from_millis(400)).unwrap();
        let other = thread::spawn(move || run_for_ever(&early));
        assert_eq!(run_for_ever(&late), Trap::Interrupt);
        assert!(begin.elapsed() >= Duration::from_millis(400));
        assert_eq!(other.join().unwrap(), Trap::Interrupt);
    }
}
