//! `cofferctl test`: runs the scenarios of plugins on a network in memory.

mod comparison;
mod ground;
mod node_files;
mod policies;
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
use cofferdam_broker::{Broker, Workplace};
use cofferdam_sandbox::Sandbox;
use cofferdam_scenario::{Scenario, ScenarioFile};

pub(crate) use self::service::is_answer_to;
use self::{
    ground::Ground,
    policies::{keys_beside, policy_files},
    report::Report,
    run::Stage,
    troupe::{Cast, Gathered, Troupe},
    watch::{BUDGET, Watch},
};
use crate::{compiler, confine};

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
        broker: &Broker::new(ground.installation().clone(), BUDGET * 2)
            .in_sandbox(sandbox.clone())
            .at(Workplace::Scenario),
        watch: &Watch::new(sandbox),
    };
    let files: Vec<Ready<'_>> = files
        .iter()
        .map(|path| Ready::of(path, arguments, &mut troupe))
        .collect();
    confine::to(ground.installation().root(), &policies(&files))?;
    let mut report = Report::new(arguments.json);
    for file in &files {
        file.run(&stage, &mut report);
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

/// A file, with all that takes more than running its scenarios does.
struct Ready<'f> {
    path: &'f Path,
    /// Those that are wanted, and who takes part in them.
    content: anyhow::Result<(Vec<Scenario>, Cast)>,
}

impl<'f> Ready<'f> {
    fn of(path: &'f Path, arguments: &Arguments, troupe: &mut Troupe) -> Self {
        Self {
            path,
            content: Self::read(path, arguments, troupe),
        }
    }

    fn read(path: &Path, arguments: &Arguments, troupe: &mut Troupe) -> anyhow::Result<(Vec<Scenario>, Cast)> {
        let ScenarioFile { plugins, mut scenarios } = ScenarioFile::load(path)?;
        let filter = arguments.filter.as_deref().unwrap_or_default();
        scenarios.retain(|scenario| scenario.name.contains(filter));
        let cast = match scenarios.as_slice() {
            [] => Cast::new(),
            _ => troupe.cast(&plugins)?,
        };
        Ok((scenarios, cast))
    }

    fn run(&self, stage: &Stage<'_>, report: &mut Report) {
        let named = match &self.content {
            Ok((scenarios, _)) if scenarios.is_empty() => return,
            Ok((scenarios, cast)) => stage.ground.name(cast).map(|()| scenarios),
            Err(error) => Err(anyhow::anyhow!("{error:#}")),
        };
        report.begin(self.path);
        match named {
            Ok(scenarios) => scenarios
                .iter()
                .for_each(|scenario| self.run_one(scenario, stage, report)),
            Err(error) => report.unreadable(&format!("{error:#}")),
        }
    }

    fn run_one(&self, scenario: &Scenario, stage: &Stage<'_>, report: &mut Report) {
        match stage.run(scenario) {
            Ok(ended) => report.tell(scenario, &ended),
            Err(error) => report.unreadable(&format!("{}:{}: {error:#}", self.path.display(), scenario.line)),
        }
    }
}

/// What scenarios have read while they run: files of policies, the directories
/// that these are in, and the keys beside them.
fn policies(files: &[Ready<'_>]) -> Vec<PathBuf> {
    let scenarios = files.iter().filter_map(|file| file.content.as_ref().ok());
    let named = scenarios
        .flat_map(|(scenarios, _)| scenarios)
        .flat_map(|scenario| &scenario.given.policies);
    let mut paths: Vec<PathBuf> = named.cloned().collect();
    paths.sort();
    paths.dedup();
    // A file may be a link to elsewhere.
    let files: Vec<PathBuf> = paths
        .iter()
        .flat_map(|path| policy_files(path).unwrap_or_default())
        .collect();
    let keys: Vec<PathBuf> = paths.iter().map(|path| keys_beside(path)).collect();
    paths.extend(files.into_iter().chain(keys));
    paths
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
