//! What is in a project that `cofferctl new` makes.

use anyhow::Context as _;
use clap::ValueEnum;

use super::{
    carried::{File, contract, language, sdk, template},
    name::PluginName,
    other,
};

/// What stands for the plugin's name in templates, in its two spellings, and
/// for its one line of description.
const NAME: &str = "my-plugin";
const CRATE: &str = "my_plugin";
const DESCRIPTION: &str = "MY-DESCRIPTION";

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Kind {
    /// Gives the container an interface: a veth pair to the node.
    Interface,
    /// Hands out addresses, for a plugin that gives an interface.
    Ipam,
    /// Comes after a plugin that gave an interface, and changes it: its MTU.
    Chained,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Language {
    Rust,
    C,
    Go,
    #[value(name = "javascript")]
    JavaScript,
    Python,
}

impl Kind {
    fn template(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Ipam => "ipam",
            Self::Chained => "chained",
        }
    }

    /// The plugin of this kind in guest-sdk/languages.
    fn example(self) -> &'static str {
        match self {
            Self::Interface => "veth-pair",
            Self::Ipam => "list-ipam",
            Self::Chained => "mtu-cap",
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

/// All files of a project, with their paths in it.
///
/// # Errors
/// This executable carries no such project.
pub(super) fn files(language: Language, kind: Kind, name: &PluginName) -> anyhow::Result<Vec<File>> {
    match language {
        Language::Rust => Ok(in_rust(kind, name)),
        Language::C => in_another_language(other::Language::C, kind, name),
        Language::Go => in_another_language(other::Language::Go, kind, name),
        Language::JavaScript => in_another_language(other::Language::JavaScript, kind, name),
        Language::Python => in_another_language(other::Language::Python, kind, name),
    }
}

fn in_rust(kind: Kind, name: &PluginName) -> Vec<File> {
    let own = template("common").chain(template(kind.template()));
    let named = |text: &str| {
        text.replace(DESCRIPTION, kind.description())
            .replace(NAME, name.as_str())
            .replace(CRATE, &name.of_crate())
    };
    let own = own.map(|(path, text)| File {
        path: named(path),
        text: named(text),
    });
    own.chain(sdk("sdk")).collect()
}

/// A project that begins with the plugin of this kind in guest-sdk/languages.
fn in_another_language(language: other::Language, kind: Kind, name: &PluginName) -> anyhow::Result<Vec<File>> {
    let mut files = example(language, kind, name)?;
    files.push(readme(language, kind, name, &files)?);
    files.extend(settings(language, name));
    files.extend(part_of_sdk(language));
    if let Kind::Interface = kind {
        files.extend(scenarios_with_addresses(name));
    }
    if let other::Language::Python = language {
        files.iter_mut().for_each(|file| allow_core_instances(file, name));
    }
    Ok(files)
}

/// The sources, and what tells of them: with the plugin's own name in the place
/// of the example's.
fn example(of: other::Language, kind: Kind, name: &PluginName) -> anyhow::Result<Vec<File>> {
    let own = |path: String, text: &str| File {
        path,
        text: text
            .replace(kind.example(), name.as_str())
            .replace("MY-LANGUAGE", of.word()),
    };
    let sources = language(&format!("{}/{}", of.word(), kind.example()));
    let mut files: Vec<File> = sources.map(|(path, text)| own(format!("src/{path}"), text)).collect();
    for (path, text) in language(kind.example()) {
        let place = match path {
            "world.wit" => "wit/world.wit".to_owned(),
            "policy.toml" => format!("policy.d/{}.toml", name.as_str()),
            "scenarios.toml" => format!("scenarios/{}.toml", name.as_str()),
            _ => path.to_owned(),
        };
        files.push(own(place, text));
    }
    anyhow::ensure!(!files.is_empty(), "there is no {} in {}", kind.example(), of.title());
    Ok(files)
}

/// What the language's tools, and version control, find in a project.
fn settings(language: other::Language, name: &PluginName) -> Vec<File> {
    let own = template("languages/common").chain(template_of(language));
    own.filter(|(path, _)| !path.ends_with(".md"))
        .map(|(path, text)| File {
            path: path.to_owned(),
            text: text.replace(NAME, name.as_str()),
        })
        .collect()
}

/// What the project is built with, and is not the author's.
fn part_of_sdk(of: other::Language) -> Vec<File> {
    let sdk = language(&format!("{}/sdk", of.word())).map(|(path, text)| (format!("sdk/{path}"), text));
    let wit = contract().map(|(path, text)| (format!("wit/deps/cofferdam-cni/{path}"), text));
    sdk.chain(wit)
        .map(|(path, text)| File {
            path,
            text: text.to_owned(),
        })
        .collect()
}

/// The scenarios of the kind `interface`, which are the same in all languages.
/// In them addresses are handed out by the plugin `static`, which is in Rust.
fn scenarios_with_addresses(name: &PluginName) -> Vec<File> {
    let is_wanted = |path: &str| path.starts_with("scenarios/") || path.ends_with("static.toml") || !path.contains('/');
    let own = template("interface").filter(|(path, _)| is_wanted(path));
    let own = own.map(|(path, text)| File {
        path: path.replace(NAME, name.as_str()),
        text: text
            .replace("../sdk/plugins/static", "../sdk/rust/plugins/static")
            .replace(NAME, name.as_str()),
    });
    own.chain(sdk("sdk/rust")).collect()
}

/// The files of a language's own, which are not the plugin.
fn template_of(language: other::Language) -> impl Iterator<Item = (&'static str, &'static str)> {
    template(&format!("languages/{}", language.word()))
}

fn readme(language: other::Language, kind: Kind, name: &PluginName, files: &[File]) -> anyhow::Result<File> {
    let part = |wanted: &str| {
        let mut files = template_of(language);
        let text = files.find(|(path, _)| *path == wanted).map(|(_, text)| text);
        text.with_context(|| format!("nothing is known of {} in {wanted}", language.title()))
    };
    let mut common = template("languages/common");
    let (_, whole) = common
        .find(|(path, _)| *path == "README.md")
        .context("there is no README.md")?;
    let tests = match kind {
        Kind::Interface => template("languages/tests").find(|(path, _)| *path == "interface.md"),
        Kind::Ipam | Kind::Chained => None,
    };
    let text = whole
        .replace(DESCRIPTION, &description(files)?)
        .replace("MY-TITLE", language.title())
        .replace("MY-TOOLS\n", part("tools.md")?)
        .replace("MY-TESTS", tests.map_or("", |(_, text)| text))
        .replace("MY-SOURCE", &format!("src/{}", language.main_source()))
        .replace("MY-SDK", part("sdk.md")?.trim_end())
        .replace("MY-REMARKS\n", part("remarks.md")?)
        .replace(NAME, name.as_str());
    Ok(File {
        path: "README.md".to_owned(),
        text,
    })
}

/// What the plugin says of itself.
fn description(files: &[File]) -> anyhow::Result<String> {
    let manifest = files.iter().find(|file| file.path == other::MANIFEST);
    let manifest: toml::Table = toml::from_str(&manifest.context("it has no plugin.toml")?.text)?;
    let description = manifest.get("description").and_then(toml::Value::as_str);
    Ok(description.context("plugin.toml has no description")?.to_owned())
}

/// What componentize-py makes has more core instances than a plugin may have by
/// itself; so each policy of it has to say.
fn allow_core_instances(file: &mut File, name: &PluginName) {
    let header = format!("[plugin.{}]\n", name.as_str());
    let text = format!(
        "{header}# componentize-py makes a component of 38 core instances; by itself a plugin may have 32.\ncore-instances = 48\n"
    );
    if file.path.ends_with(&format!("/{}.toml", name.as_str())) {
        file.text = file.text.replace(&header, &text);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    /// All that a project has, with paths that are there just once.
    fn paths(files: &[File]) -> BTreeSet<&str> {
        let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths.len(), files.len(), "a path is there twice");
        paths
    }

    #[test]
    fn a_project_has_its_plugins_name_everywhere() {
        let name = PluginName::parse("pool").unwrap();
        for language in Language::value_variants() {
            for kind in Kind::value_variants() {
                let files = files(*language, *kind, &name).unwrap();
                for File { path, text } in files.iter().filter(|file| !file.path.starts_with("sdk/")) {
                    for placeholder in [NAME, CRATE, "MY-", kind.example()] {
                        assert!(
                            !text.contains(placeholder) && !path.contains(placeholder),
                            "{path}: {placeholder}"
                        );
                    }
                }
                for path in [
                    "README.md",
                    ".gitignore",
                    "policy.d/pool.toml",
                    "scenarios/pool.toml",
                    "example.conflist",
                ] {
                    assert!(paths(&files).contains(path), "{language:?}, {kind:?} has no {path}");
                }
            }
        }
    }

    #[test]
    fn a_project_has_what_its_language_is_built_with() {
        let name = PluginName::parse("pool").unwrap();
        for (language, wanted) in [
            (
                Language::Rust,
                ["Cargo.toml", "src/lib.rs", "sdk/Cargo.toml", "sdk/wit/world.wit"],
            ),
            (
                Language::C,
                ["plugin.toml", "src/plugin.c", "sdk/cofferdam.c", "sdk/wasi.c"],
            ),
            (
                Language::Go,
                ["plugin.toml", "src/plugin.go", "sdk/pkg/go.mod", "sdk/wasi.wat"],
            ),
            (
                Language::JavaScript,
                ["package.json", "src/plugin.js", "sdk/cofferdam.js", "wit/world.wit"],
            ),
            (
                Language::Python,
                [
                    "requirements.txt",
                    "src/app.py",
                    "sdk/cofferdam.py",
                    "wit/deps/cofferdam-cni/world.wit",
                ],
            ),
        ] {
            let files = files(language, Kind::Ipam, &name).unwrap();
            for path in wanted {
                assert!(paths(&files).contains(path), "{language:?} has no {path}");
            }
        }
    }

    #[test]
    fn addresses_in_scenarios_are_handed_out_by_a_plugin_that_is_there() {
        let name = PluginName::parse("pool").unwrap();
        for language in Language::value_variants() {
            let files = files(*language, Kind::Interface, &name).unwrap();
            let scenarios = files.iter().find(|file| file.path == "scenarios/pool.toml").unwrap();
            let scenarios: toml::Table = toml::from_str(&scenarios.text).unwrap();
            let project = scenarios["plugins"]["static"].as_str().unwrap();
            let manifest = format!("{}/Cargo.toml", project.strip_prefix("../").unwrap());
            assert!(
                paths(&files).contains(manifest.as_str()),
                "{language:?} has no {manifest}"
            );
            assert!(paths(&files).contains("policy.d/static.toml"));
        }
    }

    #[test]
    fn a_policy_of_what_is_in_python_allows_its_core_instances() {
        let name = PluginName::parse("pool").unwrap();
        for kind in Kind::value_variants() {
            let files = files(Language::Python, *kind, &name).unwrap();
            let policy = files.iter().find(|file| file.path == "policy.d/pool.toml").unwrap();
            let policy: toml::Table = toml::from_str(&policy.text).unwrap();
            assert_eq!(
                policy["plugin"]["pool"]["core-instances"].as_integer(),
                Some(48),
                "{kind:?}"
            );
        }
    }
}
