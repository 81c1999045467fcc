use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::bail;
use clap::Args;

use super::{
    checked::{Checked, workshop},
    found::{Built, Project},
};
use crate::{
    compiler,
    inspect::tell_needs,
    output::{complain, say},
    signature_file,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The plugin's project.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// For programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    limits: compiler::Limits,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let directory = &arguments.directory;
    let Some(project) = Project::find(directory)? else {
        bail!("{}; `cofferctl new NAME` makes one", Project::missing(directory));
    };
    let components = match project.build(project.target(), false)? {
        Built::Components(components) => components,
        Built::Failed(code) => return Ok(ExitCode::from(code)),
    };
    let workshop = workshop(project.target())?;
    let mut documents = Vec::new();
    for file in components {
        let checked = Checked::read(&file, &workshop, arguments.limits)?;
        if let Some(warning) = signature_file::stale(&file, checked.digest) {
            complain(&warning);
        }
        if arguments.json {
            documents.push(document(&checked));
        } else {
            tell(&checked);
        }
    }
    if arguments.json {
        say(&serde_json::to_string_pretty(
            &serde_json::json!({ "components": documents }),
        )?);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(checked: &Checked) {
    let metadata = checked.description.metadata.as_ref();
    let version = metadata.map(|metadata| metadata.version.as_str()).unwrap_or_default();
    say(&format!(
        "{} {version}  {} KB  {}",
        checked.name(),
        checked.wasm.len() / 1000,
        shown(&checked.file)
    ));
    say(&format!("sha256:{}", checked.digest));
    say("imports");
    for import in &checked.description.imports {
        say(&format!("  {import}"));
    }
    tell_needs(&checked.declaration.needs);
}

fn document(checked: &Checked) -> serde_json::Value {
    serde_json::json!({
        "name": checked.name(), "file": checked.file, "digest": format!("sha256:{}", checked.digest),
        "bytes": checked.wasm.len(), "metadata": checked.description.metadata,
        "imports": checked.description.imports,
    })
}

/// A path as somebody would type it here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
