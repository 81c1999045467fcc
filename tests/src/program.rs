use std::{
    io::{Read, Write as _},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long any program of a test may take. Every call has a budget of its own
/// that is shorter; this only keeps a broken one from stopping the test run.
const PATIENCE: Duration = Duration::from_secs(90);

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

/// Runs a program to its end with this standard input.
pub fn finish(command: &mut Command, stdin: &[u8]) -> Ended {
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

    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("waiting for a child of our own") {
            break status;
        }
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{} did not end within {PATIENCE:?}", name(command));
        }
        thread::sleep(Duration::from_millis(1));
    };
    writer.join().expect("the writer does not panic");
    Ended {
        code: status.code(),
        stdout: stdout.join().expect("the reader does not panic"),
        stderr: stderr.join().expect("the reader does not panic"),
    }
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
