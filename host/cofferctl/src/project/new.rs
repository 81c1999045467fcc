use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{
    carried::File,
    contents::{Kind, Language, files},
    name::PluginName,
};
use crate::output::say;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The plugin's name, and that of the directory that is made for it.
    name: String,
    /// What kind of plugin it is to be.
    #[arg(long, value_enum, default_value_t = Kind::Interface)]
    kind: Kind,
    /// The language that it is written in.
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    language: Language,
    /// The directory to make it in; otherwise the current one.
    #[arg(long, value_name = "DIR", default_value = ".")]
    directory: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = PluginName::parse(&arguments.name)?;
    let directory = arguments.directory.join(name.as_str());
    write_project(&directory, files(arguments.language, arguments.kind, &name)?)?;
    let shown = directory.strip_prefix(".").unwrap_or(&directory).display();
    let told = match arguments.language {
        Language::Rust => "what is where",
        _ => "what has to be installed, and what is where",
    };
    say(&format!(
        "{shown}: a plugin that does something already. Next:\n  cd {shown}\n  cofferctl build\n  cofferctl test\nREADME.md \
         tells {told}."
    ));
    Ok(())
}

/// Writes a project into a directory that is made for it: all of it, or
/// nothing.
fn write_project(directory: &Path, files: Vec<File>) -> anyhow::Result<()> {
    let shown = directory.display();
    match fs::create_dir(directory) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{shown} is there already, and is left as it is; choose another name, or another --directory")
        }
        Err(error) => return Err(error).with_context(|| format!("make {shown}")),
    }
    let written = write_all(directory, files);
    if written.is_err() {
        // It was made just now, and holds nothing else.
        fs::remove_dir_all(directory).with_context(|| format!("remove {shown}"))?;
    }
    written
}

fn write_all(directory: &Path, files: Vec<File>) -> anyhow::Result<()> {
    for File { path, text } in files {
        let path = directory.join(path);
        let above = path.parent().unwrap_or(directory);
        fs::create_dir_all(above).with_context(|| format!("make {}", above.display()))?;
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn arguments(directory: &Path, name: &str) -> Arguments {
        Arguments {
            name: name.to_owned(),
            kind: Kind::Ipam,
            language: Language::Rust,
            directory: directory.to_owned(),
        }
    }

    #[test]
    fn what_is_there_is_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("pool"), "mine").unwrap();
        let error = run(&arguments(directory.path(), "pool")).unwrap_err();
        assert!(error.to_string().contains("is there already"), "{error}");
        assert_eq!(fs::read_to_string(directory.path().join("pool")).unwrap(), "mine");
    }

    #[test]
    fn nothing_is_left_of_what_can_not_be_written() {
        let directory = tempfile::tempdir().unwrap();
        let project = directory.path().join("pool");
        let clash = ["a", "a/b"].map(|path| File {
            path: path.to_owned(),
            text: String::new(),
        });
        assert!(write_project(&project, clash.into()).is_err());
        assert!(!project.exists());
    }
}
