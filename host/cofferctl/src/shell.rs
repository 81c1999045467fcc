//! What shells and readers of manuals get to know of this command.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::Args;
use clap_complete::Shell;

#[derive(Debug, Args)]
pub(crate) struct CompletionArguments {
    /// The shell that they are for.
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManualArguments {
    /// Where a page for each command is written; otherwise the first page goes
    /// to standard output.
    directory: Option<PathBuf>,
}

/// Prints what makes a shell complete this command's words.
pub(crate) fn completions(mut command: clap::Command, arguments: &CompletionArguments) -> anyhow::Result<()> {
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut text);
    Ok(io::stdout().write_all(&text)?)
}

/// Writes manual pages.
pub(crate) fn manual(command: clap::Command, arguments: &ManualArguments) -> anyhow::Result<()> {
    match &arguments.directory {
        Some(directory) => clap_mangen::generate_to(command, directory)
            .with_context(|| format!("write manual pages to {}", directory.display())),
        None => Ok(clap_mangen::Man::new(command).render(&mut io::stdout())?),
    }
}
