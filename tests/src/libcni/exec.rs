use std::{
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::os::unix::process::ExitStatusExt as _;

/// How often an executable that is being written is tried.
const TRIES: u32 = 6;

/// A plugin failed, and this is what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginError {
    /// The specification's or the plugin's number; 0 where it told nothing.
    pub code: u64,
    /// The sentence.
    pub message: String,
    /// More of it.
    pub details: String,
}

impl std::fmt::Display for PluginError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.details.as_str() {
            "" => f.write_str(&self.message),
            details => write!(f, "{}; {details}", self.message),
        }
    }
}

impl std::error::Error for PluginError {}

/// The first regular file of that name in the directories.
pub(super) fn find_in_path(plugin: &str, directories: &[PathBuf]) -> anyhow::Result<PathBuf> {
    ensure!(!plugin.is_empty(), "no plugin name provided");
    ensure!(!plugin.contains('/'), "invalid plugin name: {plugin}");
    ensure!(!directories.is_empty(), "no paths provided");
    let found = directories
        .iter()
        .map(|directory| directory.join(plugin))
        .find(|path| path.is_file());
    found.with_context(|| {
        let names: Vec<_> = directories
            .iter()
            .map(|directory| directory.display().to_string())
            .collect();
        format!("failed to find plugin {plugin:?} in path [{}]", names.join(" "))
    })
}

/// Executes a plugin with the caller's environment and these variables over it; what it printed.
pub(super) fn exec_plugin(path: &Path, stdin: &[u8], variables: &[(&str, String)]) -> anyhow::Result<Vec<u8>> {
    let mut child = start(path, variables)?;
    let mut input = child.stdin.take().expect("stdin is piped");
    let bytes = stdin.to_owned();
    // A plugin may leave its input unread.
    let writer = thread::spawn(move || drop(input.write_all(&bytes)));
    let output = child.wait_with_output()?;
    writer.join().expect("the writer does not panic");
    if !output.status.success() {
        bail!(plugin_error(&output.stdout, &output.stderr, output.status));
    }
    std::io::stderr().write_all(&output.stderr)?;
    Ok(output.stdout)
}

fn start(path: &Path, variables: &[(&str, String)]) -> anyhow::Result<Child> {
    let mut command = Command::new(path);
    command
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for _ in 1..TRIES {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::sleep(Duration::from_secs(1)),
            outcome => return outcome.with_context(|| path.display().to_string()),
        }
    }
    command.spawn().with_context(|| path.display().to_string())
}

fn plugin_error(stdout: &[u8], stderr: &[u8], status: ExitStatus) -> PluginError {
    let ended = match (status.code(), status.signal().map(Signal::try_from)) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(Ok(Signal::SIGKILL))) => "signal: killed".to_owned(),
        (None, signal) => format!("signal: {signal:?}"),
    };
    let text = String::from_utf8_lossy(stdout);
    let told = |message: String| PluginError {
        message,
        ..PluginError::default()
    };
    if text.is_empty() {
        return match String::from_utf8_lossy(stderr) {
            empty if empty.is_empty() => told(format!("netplugin failed with no error message: {ended}")),
            stderr => told(format!("netplugin failed: {stderr:?}: {ended}")),
        };
    }
    match serde_json::from_str::<Value>(&text) {
        Ok(error) => PluginError {
            code: error["code"].as_u64().unwrap_or_default(),
            message: error["msg"].as_str().unwrap_or_default().to_owned(),
            details: error["details"].as_str().unwrap_or_default().to_owned(),
        },
        Err(error) => told(format!(
            "netplugin failed but error parsing its diagnostic message {text:?}: {error}"
        )),
    }
}
