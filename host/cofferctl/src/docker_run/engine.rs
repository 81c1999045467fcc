use std::{
    ffi::OsStr,
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

/// What runs containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineName {
    Docker,
    Podman,
}

/// One that is here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Engine {
    name: EngineName,
}

impl Engine {
    /// The one that is named, or else the first that answers.
    pub(super) fn choose(name: Option<EngineName>) -> anyhow::Result<Self> {
        if let Some(name) = name {
            let engine = Self { name };
            engine.answers()?;
            return Ok(engine);
        }
        let mut reasons = Vec::new();
        for name in [EngineName::Docker, EngineName::Podman] {
            let engine = Self { name };
            match engine.answers() {
                Ok(()) => return Ok(engine),
                Err(error) => reasons.push(format!("{error:#}")),
            }
        }
        bail!(
            "there is neither docker nor podman to run the container ({}); install or start one of them, and name it with \
             --engine",
            reasons.join("; ")
        )
    }

    /// What it is called.
    pub(super) fn program(self) -> &'static str {
        match self.name {
            EngineName::Docker => "docker",
            EngineName::Podman => "podman",
        }
    }

    /// A command of it, to be given more arguments.
    pub(super) fn command(self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program());
        command.args(arguments);
        command
    }

    /// What a command of it prints, without the white space around it.
    pub(super) fn ask<S: AsRef<OsStr>>(self, arguments: &[&str], more: &[S]) -> anyhow::Result<String> {
        let program = self.program();
        let what = || format!("{program} {}", arguments.join(" "));
        let mut command = self.command(arguments);
        // An impatient Ctrl-C is for who asks, and ends no removal half-way.
        command.args(more).stdin(Stdio::null()).process_group(0);
        let output = command.output().with_context(what)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{}: {}", what(), said.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The client may be here, and the daemon not.
    fn answers(self) -> anyhow::Result<()> {
        self.ask::<&str>(&["ps", "--quiet"], &[]).map(drop)
    }
}
