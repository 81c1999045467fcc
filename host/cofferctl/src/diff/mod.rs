//! What a newer version of a component asks for that the older did not.

mod difference;
mod tell;

use std::process::ExitCode;

use clap::Args;
use cofferdam_broker::Installation;

use crate::{
    output::{complain, say_json},
    subject::Subject,
};
use difference::Difference;

/// Nothing new is asked for; something is; it can't be told.
const NOTHING_NEW: u8 = 0;
const SOMETHING_NEW: u8 = 1;
const FAILED: u8 = 2;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The older version: a plugin's name, or a component file.
    #[arg(value_name = "OLD")]
    old: String,
    /// The newer version, likewise.
    #[arg(value_name = "NEW")]
    new: String,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(installation: &Installation, arguments: &Arguments) -> ExitCode {
    let code = match compare(installation, arguments) {
        Ok(true) => SOMETHING_NEW,
        Ok(false) => NOTHING_NEW,
        Err(error) => {
            complain(&format!("{error:#}"));
            FAILED
        }
    };
    ExitCode::from(code)
}

/// Tells what differs, and whether the newer version asks for more.
fn compare(installation: &Installation, arguments: &Arguments) -> anyhow::Result<bool> {
    let old = Subject::read(installation, &arguments.old)?;
    let new = Subject::read(installation, &arguments.new)?;
    let difference = Difference::between(&old, &new);
    if arguments.json {
        say_json(&tell::document(&old, &new, &difference));
    } else {
        tell::in_words(&old, &new, &difference);
    }
    Ok(difference.asks_for_more())
}
