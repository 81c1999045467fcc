//! A process that asks firewalld for one that must have no connection to the
//! system's D-Bus itself: whoever took its place could ask systemd for
//! anything.
//!
//! A question and an answer are a line each, of words between spaces.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use cofferdam_system::attendant::Attendant;
use thiserror::Error as ThisError;

use crate::{Error, Firewalld, Zones};

/// What the program is told that it is to be.
const ROLE: &str = "firewalld";
/// Time that it has besides a question's own, for telling that it is over.
const GRACE: Duration = Duration::from_millis(500);
/// Bytes of a line.
const LONGEST_LINE: u64 = 4096;

const HAS: &str = "has";
const ADD: &str = "add";
const REMOVE: &str = "remove";
const YES: &str = "yes";
const NO: &str = "no";
const GONE: &str = "gone";
const LATE: &str = "late";
const UNREADABLE: &str = "unreadable";
const REFUSED: &str = "refused";
const BROKEN: &str = "broken";

/// The process. It ends with this.
#[derive(Debug)]
pub struct Deputy {
    attendant: Attendant,
    time_limit: Duration,
}

/// There is no deputy.
#[derive(Debug, ThisError)]
#[error(
    "{}: {error}; install cofferdam-courier beside cofferdam, or take the grant of forwarding.zone away",
    program.display()
)]
pub struct HireError {
    program: PathBuf,
    error: io::Error,
}

impl Deputy {
    /// Executes the program, which has to [`serve`], and gives it the
    /// connection.
    ///
    /// # Errors
    /// It is not there, or can't be executed.
    pub fn hire(program: &Path, firewalld: Firewalld) -> Result<Self, HireError> {
        let time_limit = firewalld.time_limit();
        let milliseconds = time_limit.as_millis().to_string();
        let arguments = [ROLE, milliseconds.as_str()];
        let attendant = Attendant::start(program, &arguments, Some(firewalld.into_stream().into()));
        match attendant {
            Ok(attendant) => Ok(Self { attendant, time_limit }),
            Err(error) => Err(HireError {
                program: program.to_owned(),
                error,
            }),
        }
    }

    fn ask(&mut self, verb: &str, zone: &str, source: &str) -> Result<bool, Error> {
        let answer = self.exchange(&format!("{verb} {zone} {source}\n"));
        let answer = answer.map_err(|error| {
            // What comes from it now may be the answer to this question.
            self.attendant.dismiss();
            match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Error::Late,
                _ => Error::Connection(io::Error::other("cofferdam-courier has ended, or was ended before")),
            }
        })?;
        let (word, rest) = answer.split_once(' ').unwrap_or((&answer, ""));
        match word {
            YES => Ok(true),
            NO => Ok(false),
            GONE => Err(Error::Gone),
            LATE => Err(Error::Late),
            REFUSED => Err(Error::Refused(rest.to_owned())),
            BROKEN => Err(Error::Connection(io::Error::other(rest.to_owned()))),
            _ => Err(Error::Unreadable),
        }
    }

    fn exchange(&self, question: &str) -> io::Result<String> {
        let mut timed = self.attendant.until(Instant::now() + self.time_limit + GRACE)?;
        timed.write_all(question.as_bytes())?;
        let mut answer = String::new();
        BufReader::new(timed.take(LONGEST_LINE)).read_line(&mut answer)?;
        whole(answer).ok_or(io::ErrorKind::UnexpectedEof.into())
    }
}

impl Zones for Deputy {
    fn has_source(&mut self, zone: &str, source: &str) -> Result<bool, Error> {
        self.ask(HAS, zone, source)
    }

    fn add_source(&mut self, zone: &str, source: &str) -> Result<(), Error> {
        self.ask(ADD, zone, source).map(drop)
    }

    fn remove_source(&mut self, zone: &str, source: &str) -> Result<(), Error> {
        self.ask(REMOVE, zone, source).map(drop)
    }
}

/// What a deputy's program was told, if it is to be one: how long a question
/// may take.
#[must_use]
pub fn role(mut arguments: impl Iterator<Item = String>) -> Option<Duration> {
    let role = arguments.next()?;
    let milliseconds = arguments.next()?.parse().ok()?;
    (role == ROLE).then_some(Duration::from_millis(milliseconds))
}

/// Answers questions until there is nobody any more who asks.
///
/// # Errors
/// What comes is no question.
pub fn serve(employer: &UnixStream, mut firewalld: Firewalld) -> io::Result<()> {
    let mut questions = BufReader::new(employer);
    loop {
        let mut question = String::new();
        if questions.by_ref().take(LONGEST_LINE).read_line(&mut question)? == 0 {
            return Ok(());
        }
        let question = whole(question).ok_or(io::ErrorKind::InvalidData)?;
        let words: Vec<&str> = question.split(' ').collect();
        let told = match words.as_slice() {
            [HAS, zone, source] => firewalld.has_source(zone, source),
            [ADD, zone, source] => firewalld.add_source(zone, source).map(|()| true),
            [REMOVE, zone, source] => firewalld.remove_source(zone, source).map(|()| true),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let mut employer = employer;
        employer.write_all(line(&told).as_bytes())?;
    }
}

fn line(told: &Result<bool, Error>) -> String {
    let plain = |words: &dyn ToString| words.to_string().replace(['\n', '\r'], " ");
    let mut line = match told {
        Ok(true) => YES.to_owned(),
        Ok(false) => NO.to_owned(),
        Err(Error::Gone) => GONE.to_owned(),
        Err(Error::Late) => LATE.to_owned(),
        Err(Error::Unreadable) => UNREADABLE.to_owned(),
        Err(Error::Refused(words)) => format!("{REFUSED} {}", plain(words)),
        Err(Error::Connection(error)) => format!("{BROKEN} {}", plain(error)),
    };
    let most = usize::try_from(LONGEST_LINE).unwrap_or(usize::MAX) - 1;
    while line.len() > most {
        line.pop();
    }
    line + "\n"
}

/// A line without its end, which it has to have.
fn whole(mut line: String) -> Option<String> {
    (line.pop() == Some('\n')).then_some(line)
}
