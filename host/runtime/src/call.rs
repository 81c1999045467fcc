//! One call of one plugin.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    os::unix::process::ExitStatusExt as _,
    process::ExitStatus,
    time::Duration,
};

use cofferdam_protocol::{CniError, Injection, ListedPlugin, Verb};
use nix::sys::signal::Signal;

use crate::{AttachmentRequest, PluginFailure, PluginResolver, process};

/// A call, but for the plugin that it goes to.
pub(crate) struct Call<'a> {
    pub(crate) verb: Verb,
    /// `None` for verbs that are about the network as a whole.
    pub(crate) request: Option<&'a AttachmentRequest>,
    pub(crate) injection: Injection<'a>,
    /// How long the plugin may take.
    pub(crate) allowed: Duration,
    /// More variables for the plugin.
    pub(crate) environment: &'a [(OsString, OsString)],
}

impl Call<'_> {
    /// Calls the plugin and gives what it printed. What it wrote to standard
    /// error goes on to ours when it succeeded, and into the error when not.
    pub(crate) fn make(&self, resolver: &impl PluginResolver, plugin: &ListedPlugin) -> Result<String, PluginFailure> {
        let command = resolver.resolve(&plugin.plugin_type)?;
        let config = self.injection.apply(&plugin.config).map_err(PluginFailure::Config)?;
        let environment = self.variables(resolver.path());
        let finished = process::run(
            &command,
            self.environment,
            &environment,
            config.text().as_bytes(),
            self.allowed,
        )?;
        outcome(finished).map_err(PluginFailure::Failed)
    }

    fn variables(&self, path: OsString) -> [(&'static str, OsString); 6] {
        let none = AttachmentRequest::default();
        let request = self.request.unwrap_or(&none);
        [
            ("CNI_COMMAND", self.verb.as_str().into()),
            ("CNI_CONTAINERID", request.container_id.as_str().into()),
            ("CNI_NETNS", request.netns.as_str().into()),
            ("CNI_IFNAME", request.interface_name.as_str().into()),
            ("CNI_ARGS", request.args_text().into()),
            ("CNI_PATH", path),
        ]
    }
}

/// Asks a plugin for its versions. Plugins of old want the other variables
/// set, whatever to.
pub(crate) fn version(
    resolver: &impl PluginResolver,
    plugin_type: &str,
    additional: &[(OsString, OsString)],
    allowed: Duration,
) -> Result<Vec<String>, PluginFailure> {
    let command = resolver.resolve(plugin_type)?;
    let environment = [
        ("CNI_COMMAND", OsString::from(Verb::Version.as_str())),
        ("CNI_CONTAINERID", OsString::new()),
        ("CNI_NETNS", "dummy".into()),
        ("CNI_IFNAME", "dummy".into()),
        ("CNI_ARGS", OsString::new()),
        ("CNI_PATH", "dummy".into()),
    ];
    let stdin = br#"{"cniVersion":"1.1.0"}"#;
    let finished = process::run(&command, additional, &environment, stdin, allowed)?;
    let answer = outcome(finished);
    Ok(cofferdam_protocol::supported_versions(
        answer.as_deref().map_err(Clone::clone),
    )?)
}

fn outcome(finished: process::Finished) -> Result<String, CniError> {
    if !finished.status.success() {
        return Err(CniError::from_output(
            &finished.stdout,
            &finished.stderr,
            &in_words(finished.status),
        ));
    }
    let _ = io::stderr().write_all(&finished.stderr);
    Ok(String::from_utf8_lossy(&finished.stdout).into_owned())
}

fn in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(number)) => match Signal::try_from(number) {
            Ok(signal) => format!("signal: {signal}"),
            Err(_) => format!("signal: {number}"),
        },
        (None, None) => status.to_string(),
    }
}
