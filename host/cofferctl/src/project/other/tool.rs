use std::{
    env::{self, consts::EXE_SUFFIX},
    ffi::OsStr,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

/// What a command may be besides an executable, by the end of its name.
const SCRIPTS: &[&str] = if cfg!(windows) { &[".cmd", ".bat"] } else { &[] };

/// A program that components of a language are made with.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// Where a project has one of its own, if it has.
    pub(super) own: Option<&'static str>,
    /// The command or the page that gets it.
    pub(super) source: &'static str,
}

impl Tool {
    /// One that is installed for all projects.
    pub(super) const fn new(name: &'static str, source: &'static str) -> Self {
        Self {
            name,
            own: None,
            source,
        }
    }

    /// What its executable is called.
    pub(super) fn file_name(&self) -> String {
        format!("{}{EXE_SUFFIX}", self.name)
    }

    /// The project's own, or the first on `PATH`.
    pub(super) fn find(&self, project: &Path) -> Option<PathBuf> {
        let own = self.own.map(|own| project.join(own));
        let named = || {
            SCRIPTS
                .iter()
                .find_map(|suffix| on_path(&format!("{}{suffix}", self.name)))
        };
        own.filter(|path| path.is_file())
            .or_else(|| on_path(&self.file_name()))
            .or_else(named)
    }

    /// A call of it.
    ///
    /// # Errors
    /// It is missing.
    pub(super) fn call(&self, project: &Path) -> anyhow::Result<Step> {
        let program = self.find(project).with_context(|| self.missing())?;
        Ok(Step {
            name: self.name,
            command: Command::new(program),
            is_compiler: false,
        })
    }

    /// That it is missing, and how it is to be had.
    pub(super) fn missing(&self) -> String {
        format!("{} is missing: {}", self.name, self.source)
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let directories = env::var_os("PATH")?;
    env::split_paths(&directories)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

/// A call of a tool.
#[derive(Debug)]
pub(super) struct Step {
    name: &'static str,
    command: Command,
    is_compiler: bool,
}

impl Step {
    pub(super) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(super) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(super) fn directory(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// What it says of the author's sources is passed on where it succeeds, too.
    pub(super) fn compiling(mut self) -> Self {
        self.is_compiler = true;
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// It failed; what it said is on standard error then.
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        // Standard output is for what this command says itself.
        let output = self.command.stdin(Stdio::null()).output();
        let output = output.with_context(|| format!("{} can't be run", self.name))?;
        let succeeded = output.status.success();
        if !succeeded || self.is_compiler {
            let mut stderr = std::io::stderr();
            let _ = stderr
                .write_all(&output.stdout)
                .and_then(|()| stderr.write_all(&output.stderr));
        }
        if !succeeded {
            bail!("{} ended with {}", self.name, output.status);
        }
        Ok(())
    }

    /// The first line that it prints, and whether it succeeded. What it
    /// complains of nobody sees.
    pub(super) fn ask(mut self) -> Option<String> {
        let output = self.command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        output
            .status
            .success()
            .then(|| text.lines().next().unwrap_or_default().to_owned())
    }
}
