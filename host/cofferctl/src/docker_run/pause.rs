use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use super::{
    household::{Household, Role},
    warden::Warden,
};

/// Sleeps by a command that it has, unlike images that are made to be pause
/// containers, and is on many machines.
const IMAGE: &str = "docker.io/library/busybox:latest";
/// In seconds: as long as it can be.
const FOREVER: &str = "2147483647";

impl Household {
    /// Starts the container that holds the network namespace; the path of that.
    pub(super) fn start_pause(&self, warden: &Warden, name: &str, image: Option<&str>) -> anyhow::Result<String> {
        let engine = self.engine.program();
        let label = self.label(Role::Pause);
        let mut command = self
            .engine
            .command(&["run", "--detach", "--net=none", "--name", name, "--label", &label]);
        match image {
            Some(image) => command.arg(image),
            None => command.args(["--entrypoint", "sleep", IMAGE, FOREVER]),
        };
        // Its id is of no use to anybody; of what goes wrong the engine tells.
        command.stdout(std::process::Stdio::null());
        let status = warden.run(&mut command)?;
        warden.may_go_on()?;
        ensure!(
            status == 0,
            "{engine} could not start a container of {} that holds the network namespace (exit status {status}); name an \
             image that is here with --pause-image",
            image.unwrap_or(IMAGE)
        );
        self.namespace(image.unwrap_or(IMAGE))
    }

    fn namespace(&self, image: &str) -> anyhow::Result<String> {
        let engine = self.engine.program();
        let ids = self.containers(Role::Pause, true)?;
        let format = ["inspect", "--type", "container", "--format", "{{.State.Pid}}"];
        let pid = self.engine.ask(&format, &ids)?;
        let number: u32 = pid.parse().with_context(|| format!("{engine} says process {pid:?}"))?;
        if number == 0 {
            bail!(
                "the container of {image} that holds the network namespace has ended by itself; name an image that does \
                 not with --pause-image"
            );
        }
        let path = format!("/proc/{number}/ns/net");
        ensure!(
            Path::new(&path).exists(),
            "there is no {path}: {engine} runs its containers on another machine, where networks can't be joined from here"
        );
        Ok(path)
    }
}
