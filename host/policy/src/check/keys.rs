//! The keys that no policy names. Those that one names are read with it.

use super::Report;
use crate::{
    error::{PolicyError, Problem},
    keys::{self, DIRECTORY},
    trust::TrustedDirectory,
};

pub(super) fn check_unused(policies: &TrustedDirectory, used: &[String], report: &mut Report) {
    let listed = policies.directory(DIRECTORY).and_then(|directory| match directory {
        Some(mut directory) => directory.names(|_| true).map(|names| (directory, names)).map(Some),
        None => Ok(None),
    });
    let (directory, names) = match listed {
        Ok(Some(listed)) => listed,
        Ok(None) => return,
        // Who names a key has been told already.
        Err(error) if used.is_empty() => return warn(report, error),
        Err(_) => return,
    };
    for file in names {
        match keys::name_of_file(&file) {
            None => report.warn(Problem::of_file(
                &directory.path().join(&file),
                "by its name it is no key, so it is not read",
                Some("a key is NAME.pub, the name of 1 to 64 letters, digits, - and _"),
            )),
            Some(name) if used.iter().any(|used| used == name) => {}
            Some(name) => {
                let read = keys::read(policies, name).err();
                read.into_iter().for_each(|error| warn(report, error));
            }
        }
    }
}

fn warn(report: &mut Report, error: PolicyError) {
    error
        .into_problems()
        .into_iter()
        .for_each(|problem| report.warn(problem));
}
