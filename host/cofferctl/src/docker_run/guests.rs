use std::{ffi::OsString, process::Stdio};

use anyhow::Context as _;

use super::{
    household::{Household, Role},
    warden::Warden,
};
use crate::run::RESOLVER_FILE;

impl Household {
    /// Runs the user's container in the namespace of the one that is called so,
    /// and waits for its end; its exit status.
    pub(super) fn run_guest(&self, warden: &Warden, pause: &str, arguments: &[OsString]) -> anyhow::Result<u8> {
        let label = self.label(Role::Guest);
        let net = format!("--net=container:{pause}");
        let mut command = self.engine.command(&["run", &net, "--label", &label]);
        let mut volume = self.resolver_file.as_os_str().to_owned();
        volume.push(format!(":{RESOLVER_FILE}:ro,z"));
        command.arg("--volume").arg(volume).args(arguments);
        let status = warden.run(&mut command)?;
        let running = self.containers(Role::Guest, false)?;
        if running.is_empty() || warden.was_asked_to_end() {
            return Ok(status);
        }
        self.wait(warden, &running)
    }

    /// Waits for a container that goes on without its client (--detach).
    fn wait(&self, warden: &Warden, containers: &[String]) -> anyhow::Result<u8> {
        let mut command = self.engine.command(&["wait"]);
        command.args(containers).stdin(Stdio::null()).stdout(Stdio::piped());
        let (ended, printed) = warden.read(&mut command)?;
        if ended != 0 {
            return Ok(ended);
        }
        let status = printed.lines().next().unwrap_or_default().trim();
        let status: i64 = status
            .parse()
            .with_context(|| format!("{} wait printed {status:?}", self.engine.program()))?;
        Ok(u8::try_from(status).unwrap_or(u8::MAX))
    }
}
