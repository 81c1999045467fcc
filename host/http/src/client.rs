use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use cofferdam_system::attendant::Attendant;
use thiserror::Error;

use crate::{
    Carrier, CarryError, Request, Response,
    wire::{Orders, read_outcome, write_orders, write_request},
};

/// Time that the courier has besides a request's own, for telling that it is
/// over.
const GRACE: Duration = Duration::from_millis(500);
/// Time in which it takes its orders.
const HIRING: Duration = Duration::from_secs(5);

/// The process that sends requests; it ends with this, or with the process
/// that started it.
#[derive(Debug)]
pub struct Courier(Attendant);

/// There is no courier.
#[derive(Debug, Error)]
pub enum CourierError {
    /// It is not installed, or can't be executed.
    #[error(
        "{}: {error}; install cofferdam-courier beside cofferdam, or take the grant of http.request away",
        program.display()
    )]
    Program {
        /// What was to be executed.
        program: PathBuf,
        /// Why it was not.
        error: io::Error,
    },
    /// It does not take its orders.
    #[error("cofferdam-courier does not take its orders: {0}")]
    Orders(io::Error),
}

impl Courier {
    /// Executes the courier in this process's namespaces, and gives it its
    /// orders. It makes itself ready meanwhile: only its first answer is waited
    /// for.
    ///
    /// The kernel ends it with the calling thread, if nothing else did before.
    ///
    /// # Errors
    /// It is not there, or does not take them.
    pub fn start(program: &Path, orders: &Orders) -> Result<Self, CourierError> {
        let attendant = Attendant::start(program, &[], None).map_err(|error| CourierError::Program {
            program: program.to_owned(),
            error,
        })?;
        let told = attendant.until(Instant::now() + HIRING);
        told.and_then(|mut socket| write_orders(&mut socket, orders))
            .map_err(CourierError::Orders)?;
        Ok(Self(attendant))
    }

    fn exchange(
        &mut self,
        plugin: &str,
        request: &Request,
        time: Duration,
    ) -> io::Result<Result<Response, CarryError>> {
        let mut timed = self.0.until(Instant::now() + time + GRACE)?;
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        write_request(&mut timed, plugin, request, milliseconds)?;
        read_outcome(&mut timed)
    }
}

impl Carrier for Courier {
    fn carry(&mut self, plugin: &str, request: &Request, time: Duration) -> Result<Response, CarryError> {
        self.exchange(plugin, request, time).unwrap_or_else(|error| {
            // What comes from it now may be the answer to this request.
            self.0.dismiss();
            let what = format!("{} to {}", request.method(), request.url().origin());
            Err(match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    CarryError::Deadline(format!("{what}: there was no answer in the time of this call"))
                }
                _ => CarryError::Os {
                    errno: cofferdam_system::Errno::EPIPE as i32,
                    context: format!("{what}: cofferdam-courier has ended, or was ended before: {error}"),
                },
            })
        })
    }
}
