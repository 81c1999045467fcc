//! The project of a plugin in Rust, as cargo sees it.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::found::Built;
use crate::files::real_path;

/// What components are built for.
const TARGET: &str = "wasm32-wasip2";
/// What they are built with; templates define it.
const PROFILE: &str = "component";

/// A directory with a plugin's sources.
#[derive(Debug)]
pub(crate) struct CargoProject {
    directory: PathBuf,
    /// Where cargo puts what it builds.
    target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

/// A line of what cargo tells of a build.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

impl CargoProject {
    /// The project in a directory. `None` where there is none.
    ///
    /// # Errors
    /// Cargo can't read it, or is missing.
    pub(super) fn find(directory: &Path) -> anyhow::Result<Option<Self>> {
        if !directory.join("Cargo.toml").is_file() {
            return Ok(None);
        }
        let directory = real_path(directory).with_context(|| format!("look at {}", directory.display()))?;
        let mut ask = cargo(&directory);
        ask.args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = ask.stderr(Stdio::inherit()).output().map_err(no_cargo)?;
        if !output.status.success() {
            bail!("cargo can't read the project in {}", directory.display());
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).context("read what cargo tells of the project")?;
        Ok(Some(Self {
            directory,
            target: metadata.target_directory,
        }))
    }

    /// Where cargo puts what it builds.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Builds its components into a target directory. What cargo has to say it
    /// says on standard error.
    ///
    /// # Errors
    /// Cargo can't be run, the target for components is missing, or none was
    /// built.
    pub(super) fn build(&self, target: &Path, quiet: bool) -> anyhow::Result<Built> {
        self.require_target()?;
        let mut build = cargo(&self.directory);
        build
            .args(["build", "--target", TARGET, "--profile", PROFILE])
            .args(["--message-format", "json-render-diagnostics"])
            .arg("--target-dir")
            .arg(target)
            .stdout(Stdio::piped());
        if quiet {
            build.arg("--quiet");
        }
        let mut child = build.spawn().map_err(no_cargo)?;
        let output = child.stdout.take().context("cargo's output is not to be had")?;
        let mut components = Vec::new();
        for line in BufReader::new(output).lines() {
            components.extend(self.component(&line.context("read what cargo tells of the build")?));
        }
        let status = child.wait().context("wait for cargo")?;
        if !status.success() {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(Built::Failed(code.unwrap_or(1)));
        }
        if components.is_empty() {
            bail!(
                "{}: nothing was built that is a component; Cargo.toml has to say crate-type = [\"cdylib\"] in [lib]",
                self.directory.display()
            );
        }
        Ok(Built::Components(components))
    }

    /// The project's own component, if a message of cargo's tells of it.
    fn component(&self, line: &str) -> Option<PathBuf> {
        let message: Message = serde_json::from_str(line).ok()?;
        let is_own = message.reason == "compiler-artifact" && message.manifest_path.parent() == Some(&self.directory);
        let is_component = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "wasm");
        message.filenames.into_iter().find(|file| is_own && is_component(file))
    }

    fn require_target(&self) -> anyhow::Result<()> {
        let mut ask = Command::new("rustc");
        ask.current_dir(&self.directory)
            .args(["--print", "target-libdir", "--target", TARGET]);
        let output = ask
            .output()
            .context("rustc can't be run; Rust comes with rustup (https://rustup.rs)")?;
        let libraries = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if output.status.success() && libraries.is_dir() {
            return Ok(());
        }
        bail!("Rust's target {TARGET} is not installed; `rustup target add {TARGET}` does that")
    }
}

fn cargo(directory: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(directory);
    command
}

fn no_cargo(error: std::io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context("cargo can't be run; it comes with rustup (https://rustup.rs)")
}
