use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use super::{
    carried::{File, sdk, template},
    name::PluginName,
};
use crate::output::say;

/// What stands for the plugin's name in templates, in its two spellings, and
/// for its one line of description.
const NAME: &str = "my-plugin";
const CRATE: &str = "my_plugin";
const DESCRIPTION: &str = "MY-DESCRIPTION";

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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Gives the container an interface: a veth pair to the node.
    Interface,
    /// Hands out addresses, for a plugin that gives an interface.
    Ipam,
    /// Comes after a plugin that gave an interface, and changes it: its MTU.
    Chained,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Language {
    Rust,
}

impl Kind {
    fn template(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Ipam => "ipam",
            Self::Chained => "chained",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Interface => "Gives a container an interface that leads to the node",
            Self::Ipam => "Hands out the addresses of a list",
            Self::Chained => "Gives a container's interface another MTU",
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Language::Rust = arguments.language;
    let name = PluginName::parse(&arguments.name)?;
    let directory = arguments.directory.join(name.as_str());
    write_project(&directory, files(arguments.kind, &name))?;
    let shown = directory.strip_prefix(".").unwrap_or(&directory).display();
    say(&format!(
        "{shown}: a plugin that does something already. Next:\n  cd {shown}\n  cofferctl build\n  cofferctl test\nREADME.md \
         tells what is where."
    ));
    Ok(())
}

/// All files of a project, with their paths in it.
fn files(kind: Kind, name: &PluginName) -> impl Iterator<Item = File> {
    let own = template("common").chain(template(kind.template()));
    let named = move |text: &str| {
        text.replace(DESCRIPTION, kind.description())
            .replace(NAME, name.as_str())
            .replace(CRATE, &name.of_crate())
    };
    let own = own.map(move |(path, text)| File {
        path: named(path),
        text: named(text),
    });
    own.chain(sdk())
}

/// Writes a project into a directory that is made for it: all of it, or
/// nothing.
fn write_project(directory: &Path, files: impl Iterator<Item = File>) -> anyhow::Result<()> {
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

fn write_all(directory: &Path, files: impl Iterator<Item = File>) -> anyhow::Result<()> {
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
    use std::collections::BTreeSet;

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
    fn a_project_has_its_plugins_name_everywhere() {
        let name = PluginName::parse("pool").unwrap();
        for kind in Kind::value_variants() {
            let mut paths = BTreeSet::new();
            for File { path, text } in files(*kind, &name) {
                if !path.starts_with("sdk/") {
                    for placeholder in [NAME, CRATE, DESCRIPTION] {
                        assert!(!text.contains(placeholder) && !path.contains(placeholder), "{path}");
                    }
                }
                assert!(paths.insert(path.clone()), "{path} is there twice");
            }
            for path in [
                "Cargo.toml",
                "README.md",
                "src/lib.rs",
                "policy.d/pool.toml",
                "scenarios/pool.toml",
                "example.conflist",
                "sdk/README.md",
                "sdk/Cargo.toml",
                "sdk/wit/world.wit",
            ] {
                assert!(paths.contains(path), "{kind:?} has no {path}");
            }
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
        assert!(write_project(&project, clash.into_iter()).is_err());
        assert!(!project.exists());
    }
}
