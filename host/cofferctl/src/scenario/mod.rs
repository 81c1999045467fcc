//! `cofferctl test`: runs the scenarios of plugins on a network in memory.

mod arrange;
mod comparison;
mod document;
mod fact;
mod file;
mod ground;
mod model;
mod picture;
mod report;
mod request;
mod run;
mod service;
mod troupe;
mod watch;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;
use cofferdam_broker::Broker;
use cofferdam_sandbox::Sandbox;

use self::{
    ground::Ground,
    model::ScenarioFile,
    report::Report,
    run::Stage,
    troupe::{Gathered, Troupe},
    watch::{BUDGET, Watch},
};
use crate::compiler;

/// Where a project has its scenarios.
const DIRECTORY: &str = "scenarios";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Files of scenarios; otherwise all of the project's: scenarios/*.toml.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The plugin's project, whose component is built and tested.
    #[arg(long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// A component to test in the place of the project's; several times for
    /// several.
    #[arg(long, value_name = "FILE.wasm")]
    component: Vec<PathBuf>,
    /// Runs only scenarios that have this in their names.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Where compiled components are kept; otherwise in the project's target
    /// directory, or in the user's cache.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// For programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    limits: compiler::Limits,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let files = files(arguments)?;
    let mut troupe = match Troupe::gather(arguments)? {
        Gathered::Troupe(troupe) => troupe,
        Gathered::BuildFailed(code) => return Ok(ExitCode::from(code)),
    };
    let ground = Ground::new(troupe.workshop().clone())?;
    let sandbox = Sandbox::new()?;
    let stage = Stage {
        ground: &ground,
        broker: &Broker::new(ground.installation().clone(), BUDGET * 2).in_sandbox(sandbox.clone()),
        watch: &Watch::new(sandbox),
    };
    let mut report = Report::new(arguments.json);
    for path in &files {
        run_file(path, arguments, &mut troupe, &stage, &mut report);
    }
    ground.clear()?;
    ground.forget_all_but(&troupe.digests());
    if report.count() == 0 {
        let filter = arguments.filter.as_deref().unwrap_or_default();
        bail!("no scenario has {filter:?} in its name");
    }
    Ok(if report.finish() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run_file(path: &Path, arguments: &Arguments, troupe: &mut Troupe, stage: &Stage<'_>, report: &mut Report) {
    let is_wanted = |name: &str| arguments.filter.as_deref().is_none_or(|filter| name.contains(filter));
    let file = match ScenarioFile::load(path) {
        Ok(file) => file,
        Err(error) => {
            report.begin(path);
            report.unreadable(&format!("{error:#}"));
            return;
        }
    };
    let wanted = file.scenarios.iter().filter(|scenario| is_wanted(&scenario.name));
    let mut wanted = wanted.peekable();
    if wanted.peek().is_none() {
        return;
    }
    report.begin(path);
    let named = troupe.cast(&file.plugins).and_then(|plugins| {
        let plugins = plugins.iter().map(|(name, digest)| (name, *digest));
        stage.ground.name(plugins)
    });
    if let Err(error) = named {
        report.unreadable(&format!("{error:#}"));
        return;
    }
    for scenario in wanted {
        match stage.run(scenario) {
            Ok(ended) => report.tell(scenario, &ended),
            Err(error) => report.unreadable(&format!("{}:{}: {error:#}", path.display(), scenario.line)),
        }
    }
}

/// The files that are named, or those of the project.
fn files(arguments: &Arguments) -> anyhow::Result<Vec<PathBuf>> {
    if !arguments.files.is_empty() {
        return Ok(arguments.files.clone());
    }
    // As somebody would type it, where it is here.
    let directory = match arguments.directory.as_path() {
        here if here == Path::new(".") => PathBuf::from(DIRECTORY),
        elsewhere => elsewhere.join(DIRECTORY),
    };
    let shown = directory.display();
    let entries = fs::read_dir(&directory).with_context(|| {
        format!("list {shown}, where a project has its scenarios; name their files, or the project with --directory")
    })?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    if files.is_empty() {
        bail!("{shown} has no files of scenarios, whose names end in .toml");
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
