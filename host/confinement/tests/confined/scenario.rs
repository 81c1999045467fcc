use std::{
    collections::BTreeMap,
    env,
    process::{Command, ExitStatus},
};

/// A name, and what is done in a process of its own.
pub(crate) type Scenario = (&'static str, fn());

const NAME: &str = "COFFERDAM_SCENARIO";

/// What a scenario found, and how it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) found: BTreeMap<String, String>,
    pub(crate) status: ExitStatus,
    output: String,
}

impl Outcome {
    /// What is known under this name.
    #[track_caller]
    pub(crate) fn of(&self, name: &str) -> &str {
        self.found
            .get(name)
            .unwrap_or_else(|| panic!("nothing is known of {name}: {}", self.output))
    }
}

/// Runs a scenario to its end, which has to be a good one.
#[track_caller]
pub(crate) fn run(name: &str) -> Outcome {
    let outcome = run_to_any_end(&mut command(name));
    assert!(outcome.status.success(), "{name}: {}", outcome.output);
    outcome
}

/// The process for a scenario, to be completed.
pub(crate) fn command(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(NAME, name);
    command
}

pub(crate) fn run_to_any_end(command: &mut Command) -> Outcome {
    let ended = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&ended.stdout);
    let found = stdout
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Outcome {
        found,
        status: ended.status,
        output: format!("{stdout}{}", String::from_utf8_lossy(&ended.stderr)),
    }
}

/// In a started process: what it is to do.
pub(crate) fn name() -> Option<String> {
    env::var(NAME).ok()
}

/// In a started process: does what its name says.
pub(crate) fn run_named(name: &str, scenarios: &[Scenario]) {
    let scenario = scenarios.iter().find(|(known, _)| *known == name);
    scenario.unwrap_or_else(|| panic!("no scenario {name:?}")).1();
}

/// Tells the test something, in one line.
pub(crate) fn tell(name: &str, value: impl std::fmt::Display) {
    println!("{name} = {value}");
}
