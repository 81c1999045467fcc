//! The CNI plugin that container runtimes execute.
//!
//! A runtime passes the request in variables and on standard input and gives
//! no arguments. Whoever runs it by hand may name another root for all of its
//! directories, and a file for timings.

mod arguments;
mod courier;
mod environment;
mod inheritance;
mod reach;

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use arguments::Arguments;
use cofferdam_broker::{Answer, Broker, Installation, printable, timing};
use cofferdam_protocol::CniError;
use environment::Environment;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// Bytes of a request on standard input.
const INPUT_LIMIT: u64 = 4 << 20;

/// Serves one request, and nothing else in the life of this process: what the
/// request does not need the process gives up.
#[must_use]
pub fn main() -> ExitCode {
    print_panics_as_errors();
    match run() {
        Ok(answer) => print(&answer),
        Err(error) => {
            let error = CniError::internal(format!("{error:#}"));
            print(&Answer {
                stdout: error.to_json(None),
                stderr: String::new(),
                exit: 1,
            })
        }
    }
}

fn run() -> anyhow::Result<Answer> {
    let environment = Environment::take();
    inheritance::give_up()?;
    let arguments = Arguments::parse(std::env::args_os())?;
    // Opened now: it is not within the reach of a request.
    let timings = arguments.timing.as_deref().map(append_to).transpose()?;
    if timings.is_some() {
        timing::start();
    }
    let installation = arguments.root.map_or_else(Installation::default, Installation::below);
    let broker = Broker::new(installation, arguments.budget.unwrap_or(BUDGET));
    let broker = reach::confine(
        broker.carried_by(courier::start).zoned_by(courier::program),
        &environment,
    );
    let answer = match &arguments.wake {
        Some(file) => wake(&broker, file),
        None => broker.answer(&arguments.name, |name| environment.get(name), read_input),
    };
    if let Some(file) = timings {
        timing::phase("end");
        timing::finish(&file).context("write timings")?;
    }
    Ok(answer)
}

/// The keeper executes this for a record that is due. What went wrong is for
/// the keeper to tell.
fn wake(broker: &Broker, file: &Path) -> Answer {
    let (stderr, exit) = match broker.wake(file) {
        Ok(_) => (String::new(), 0),
        Err(error) => (format!("{}\n", printable(&error.to_string())), 1),
    };
    Answer {
        stdout: String::new(),
        stderr,
        exit,
    }
}

fn append_to(path: &Path) -> anyhow::Result<File> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.with_context(|| format!("open {} for timings", path.display()))
}

/// Time for a whole call, well below what runtimes give theirs.
const BUDGET: Duration = Duration::from_secs(30);

fn read_input() -> std::io::Result<Vec<u8>> {
    let mut input = Vec::with_capacity(4096);
    std::io::stdin().lock().take(INPUT_LIMIT + 1).read_to_end(&mut input)?;
    if input.len() as u64 > INPUT_LIMIT {
        return Err(std::io::Error::other(format!(
            "the configuration has more than {INPUT_LIMIT} bytes"
        )));
    }
    Ok(input)
}

/// Exactly one document, whole: a caller that has gone is nobody to tell.
fn print(answer: &Answer) -> ExitCode {
    let _ = std::io::stderr().write_all(answer.stderr.as_bytes());
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(answer.stdout.as_bytes()).and_then(|()| stdout.flush());
    ExitCode::from(answer.exit)
}

/// A fault of the host is still an answer. What was done so far is undone by
/// the next call for this attachment.
fn print_panics_as_errors() {
    std::panic::set_hook(Box::new(|panic| {
        let error = CniError::internal(format!("cofferdam has a fault, please report it: {panic}"))
            .with_details("call DEL: what was done so far is in the journal and will be undone");
        let _ = std::io::stdout().write_all(error.to_json(None).as_bytes());
        std::process::exit(1);
    }));
}
