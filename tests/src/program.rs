use std::{
    io::{BufRead as _, BufReader, Read, Write as _},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

/// How long any program of a test may take. Every call has a budget of its own
/// that is shorter; this only keeps a broken one from stopping the test run.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A program that goes on while the test does. It is killed when this value
/// goes.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
    // Whoever shares this value does not read lines; it can be shared nevertheless.
    lines: Mutex<Receiver<String>>,
}

impl Running {
    /// Starts it; its standard input stays open.
    pub fn start(command: &mut Command) -> Self {
        let name = name(command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let lines = Mutex::new(lines);
        Self { child, name, lines }
    }

    /// The next line that it writes to standard output.
    #[must_use]
    pub fn line(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.recv_timeout(PATIENCE);
        line.unwrap_or_else(|error| panic!("no line of {}: {error}", self.name))
    }

    /// Its process number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends its standard input.
    pub fn end_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for its end. Its standard input stays as it is.
    pub fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child, &self.name)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait(child: &mut Child, name: &str) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("waiting for a child of our own") {
            return status;
        }
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{name} did not end within {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// How a program ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Ended {
    /// What it printed; fails the test, in the name of what was run, when it
    /// did not end well.
    #[track_caller]
    #[must_use]
    pub fn printed(self, what: impl std::fmt::Display) -> String {
        assert_eq!(self.code, Some(0), "{what}: {}{}", self.stdout, self.stderr);
        self.stdout
    }
}

/// Runs a program to its end with this standard input.
pub fn finish(command: &mut Command, stdin: &[u8]) -> Ended {
    let name = name(command);
    let (code, stdout, stderr) = talk(command, stdin, |child| wait(child, &name).code());
    Ended { code, stdout, stderr }
}

/// Starts a program, writes its standard input, reads what it writes, and has
/// somebody wait for its end; what comes of that, and what it wrote.
pub(crate) fn talk<T>(command: &mut Command, stdin: &[u8], wait: impl FnOnce(&mut Child) -> T) -> (T, String, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; ./test.sh installs and builds what tests need",
                name(command)
            )
        });
    let mut input = child.stdin.take().expect("stdin is piped");
    let stdout = reader(child.stdout.take().expect("stdout is piped"));
    let stderr = reader(child.stderr.take().expect("stderr is piped"));
    let stdin = stdin.to_owned();
    // A program that does not read its input closes the pipe; that is its right.
    let writer = thread::spawn(move || drop(input.write_all(&stdin)));

    let ended = wait(&mut child);
    writer.join().expect("the writer does not panic");
    (
        ended,
        stdout.join().expect("the reader does not panic"),
        stderr.join().expect("the reader does not panic"),
    )
}

fn reader(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}
