use std::{fs, path::Path};

use anyhow::{Context as _, bail};
use cofferdam_policy::{Needs, is_plain_name};
use serde::Deserialize;

use super::Language;
use crate::metadata::Metadata;

/// What `plugin.toml` says.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) language: Language,
    /// What the component says of itself.
    pub(super) metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    language: Language,
    name: String,
    version: String,
    #[serde(default)]
    description: String,
    /// A text or a list of such.
    #[serde(default)]
    authors: Option<toml::Value>,
    #[serde(default)]
    licence: String,
    /// None of them: it needs nothing.
    #[serde(default)]
    needs: Vec<toml::Table>,
}

impl Manifest {
    /// # Errors
    /// The file can't be read, or does not say what it has to.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Self::parse(path, &text).with_context(|| path.display().to_string())
    }

    fn parse(path: &Path, text: &str) -> anyhow::Result<Self> {
        let document: Document = toml::from_str(text)?;
        if !is_plain_name(&document.name) {
            bail!(
                "name: {:?} can't be a plugin's: it is to have letters, digits, dots, hyphens and underscores",
                document.name
            );
        }
        let needs = serde_json::to_value(&document.needs).context("needs")?;
        // Here its author finds it; what is read of the component names that.
        Needs::parse(path, &needs.to_string())?;
        Ok(Self {
            language: document.language,
            metadata: Metadata {
                name: document.name,
                version: document.version,
                description: document.description,
                authors: serde_json::to_value(document.authors.unwrap_or_else(|| String::new().into()))?,
                licence: document.licence,
                needs: Some(needs),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> anyhow::Result<Manifest> {
        Manifest::parse(Path::new("plugin.toml"), text)
    }

    #[test]
    fn it_says_the_language_and_what_the_component_says_of_itself() {
        let manifest = parse(
            "language = \"python\"\nname = \"mine\"\nversion = \"1.2.3\"\nauthors = [\"A\", \"B\"]\n[[needs]]\nallow = \
             \"link.set\"\nin = \"container\"\nsettings = [\"mtu\"]\nwhen = \"mtu\"\n",
        )
        .unwrap();
        assert!(matches!(manifest.language, Language::Python));
        assert_eq!(
            serde_json::to_value(&manifest.metadata).unwrap(),
            serde_json::json!({
                "name": "mine", "version": "1.2.3", "description": "", "authors": ["A", "B"], "licence": "",
                "needs": [{ "allow": "link.set", "in": "container", "settings": ["mtu"], "when": "mtu" }],
            })
        );
    }

    #[test]
    fn without_needs_it_needs_nothing() {
        let manifest = parse("language = \"c\"\nname = \"mine\"\nversion = \"1\"").unwrap();
        assert_eq!(manifest.metadata.needs, Some(serde_json::json!([])));
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        let rest = "name = \"mine\"\nversion = \"1\"\n";
        for (text, words) in [
            (format!("language = \"cobol\"\n{rest}"), "unknown variant `cobol`"),
            (rest.to_owned(), "missing field `language`"),
            (
                format!("language = \"c\"\nlicense = \"MIT\"\n{rest}"),
                "unknown field `license`",
            ),
            (
                "language = \"c\"\nname = \"../mine\"\nversion = \"1\"".to_owned(),
                "name: \"../mine\"",
            ),
            (
                format!("language = \"c\"\n{rest}[[needs]]\nallow = \"link.fly\"\n"),
                "link.fly",
            ),
        ] {
            let error = format!("{:#}", parse(&text).unwrap_err());
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
