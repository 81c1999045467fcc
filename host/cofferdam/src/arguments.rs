use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};

/// What can be said on the command line; a runtime says nothing there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// What the process was executed as: the plugin's name, or `cofferdam`.
    pub(crate) name: String,
    /// `--root DIR`: where all directories are, instead of `/`.
    pub(crate) root: Option<PathBuf>,
    /// `--timing FILE`: append how long each phase took.
    pub(crate) timing: Option<PathBuf>,
    /// `--budget MILLISECONDS`: time for the whole call.
    pub(crate) budget: Option<Duration>,
    /// `--wake FILE`: call the plugin that keeps this record, instead of a
    /// runtime's request.
    pub(crate) wake: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut arguments = arguments.into_iter();
        let executed = arguments.next().unwrap_or_default();
        let mut parsed = Self {
            name: name(&executed),
            root: None,
            timing: None,
            budget: None,
            wake: None,
        };
        while let Some(option) = arguments.next() {
            let option = option.to_string_lossy().into_owned();
            let value = arguments.next().with_context(|| format!("{option} needs a value"))?;
            match option.as_str() {
                "--root" => parsed.root = Some(value.into()),
                "--timing" => parsed.timing = Some(value.into()),
                "--wake" => parsed.wake = Some(value.into()),
                "--budget" => parsed.budget = Some(milliseconds(&value)?),
                _ => bail!(
                    "unknown argument {option:?}: this is a CNI plugin, to be executed by a container runtime; \
                     the command for people is cofferctl"
                ),
            }
        }
        Ok(parsed)
    }
}

fn name(executed: &OsString) -> String {
    let name = Path::new(executed).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn milliseconds(value: &OsString) -> anyhow::Result<Duration> {
    let text = value.to_string_lossy();
    let number = text
        .parse()
        .with_context(|| format!("--budget {text:?} is not a number of milliseconds"))?;
    Ok(Duration::from_millis(number))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(arguments: &[&str]) -> anyhow::Result<Arguments> {
        Arguments::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn the_name_is_that_of_the_link_it_was_executed_as() {
        assert_eq!(parse(&["/opt/cni/bin/bridge"]).unwrap().name, "bridge");
        assert_eq!(parse(&["cofferdam"]).unwrap().name, "cofferdam");
    }

    #[test]
    fn a_root_and_a_budget_are_taken_from_the_command_line() {
        let arguments = parse(&["cofferdam", "--root", "/tmp/x", "--budget", "500"]).unwrap();
        assert_eq!(arguments.root, Some(PathBuf::from("/tmp/x")));
        assert_eq!(arguments.budget, Some(Duration::from_millis(500)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for arguments in [
            &["cofferdam", "--rot", "/"][..],
            &["cofferdam", "--root"],
            &["cofferdam", "--budget", "x"],
        ] {
            assert!(parse(arguments).is_err(), "{arguments:?}");
        }
    }
}
