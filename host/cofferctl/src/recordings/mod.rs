//! The calls that were recorded on a node.

#[cfg(target_os = "linux")]
mod list;

use std::{fs::File, io::Read as _, path::Path};

use anyhow::{Context as _, bail};
use cofferdam_broker::recording::{MOST_BYTES, Outcome, Recording};
use cofferdam_protocol::CniError;
#[cfg(target_os = "linux")]
pub(crate) use list::{Arguments, run};
use serde_json::Value;

/// Reads a recording, whoever made it, and tells its size.
pub(crate) fn read(path: &Path) -> anyhow::Result<(Recording, usize)> {
    let shown = || path.display().to_string();
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("read {}", shown()))?;
    file.take(MOST_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("read {}", shown()))?;
    let recording = Recording::parse(&bytes).with_context(shown)?;
    if !matches!(recording.outcome.exit, 0 | 1) {
        bail!(
            "{}: outcome.exit: no call ends with {}",
            shown(),
            recording.outcome.exit
        );
    }
    Ok((recording, bytes.len()))
}

pub(crate) fn variable<'r>(recording: &'r Recording, name: &str) -> &'r str {
    recording.variables.get(name).map(String::as_str).unwrap_or_default()
}

/// `NETWORK/CONTAINER/INTERFACE`
pub(crate) fn attachment(recording: &Recording) -> String {
    let config: Option<Value> = serde_json::from_str(&recording.configuration).ok();
    let network = config.as_ref().and_then(|config| config.get("name")?.as_str());
    let [container, interface] = ["CNI_CONTAINERID", "CNI_IFNAME"].map(|name| variable(recording, name));
    format!("{}/{container}/{interface}", network.unwrap_or_default())
}

/// How a call ended, in words. What components failed with in a DEL is all
/// that there is to say of one that the runtime was told nothing else of.
pub(crate) fn outcome(outcome: &Outcome) -> String {
    if outcome.exit != 0 {
        let CniError { code, message, .. } = CniError::from_output(outcome.stdout.as_bytes(), b"", "");
        return format!("error {code}: {message}");
    }
    match outcome.complaints.first() {
        Some(complaint) => format!("success, and in the log: {complaint}"),
        None => "success".to_owned(),
    }
}
