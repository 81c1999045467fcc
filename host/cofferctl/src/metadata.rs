use std::{collections::BTreeSet, path::Path};

use anyhow::{Context as _, anyhow, bail};
use cofferdam_policy::Needs;
use cofferdam_sandbox::{Declared, NEEDS_LIMIT};
use cofferdam_schema::Schema;
use serde::{Deserialize, Serialize};
use wasmparser::{Parser, Payload};

/// The custom section in which the guest SDK describes a plugin.
pub(crate) const SECTION: &str = "cofferdam:plugin";
/// The custom section with the JSON Schema of the plugin's configuration.
pub(crate) const SCHEMA_SECTION: &str = "cofferdam:config-schema";

/// What a component says of itself.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) authors: serde_json::Value,
    pub(crate) licence: String,
    /// In the form of [`Needs`]; absent where the component declares none.
    pub(crate) needs: Option<serde_json::Value>,
}

/// What can be read from a component without running it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Description {
    /// Absent in a component that was not made with the SDK.
    pub(crate) metadata: Option<Metadata>,
    /// The text of its configuration's schema, where it has one.
    #[serde(skip)]
    pub(crate) schema: Option<String>,
    /// Interfaces that it imports.
    pub(crate) imports: BTreeSet<String>,
    /// Interfaces that it exports.
    pub(crate) exports: BTreeSet<String>,
}

/// What a component declares.
pub(crate) struct Declaration {
    /// What it needs, as the store keeps it.
    pub(crate) text: String,
    pub(crate) needs: Needs,
    pub(crate) schema: Option<Schema>,
}

impl Declaration {
    pub(crate) fn to_store(&self) -> Declared<'_> {
        Declared {
            needs: &self.text,
            schema: self.schema.as_ref().map(Schema::compiled),
        }
    }
}

impl Description {
    /// Reads what the component declares. `source` names it in errors.
    pub(crate) fn declaration(&self, source: &Path) -> anyhow::Result<Declaration> {
        let declared = self.metadata.as_ref().and_then(|metadata| metadata.needs.as_ref());
        let text = declared.map_or_else(|| Needs::UNDECLARED.to_owned(), ToString::to_string);
        let longest = usize::try_from(NEEDS_LIMIT)?;
        if text.len() > longest {
            bail!("what it declares to need has {} bytes, more than {longest}", text.len());
        }
        let needs = Needs::parse(source, &text)?;
        let schema = self.schema.as_deref().map(Schema::parse).transpose();
        let schema = schema.map_err(|error| {
            anyhow!("the schema of its configuration (the component's section {SCHEMA_SECTION}) can't be used: {error}")
        })?;
        Ok(Declaration { text, needs, schema })
    }
}

/// Reads a component.
pub(crate) fn describe(wasm: &[u8]) -> anyhow::Result<Description> {
    let mut description = Description::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.context("not a WebAssembly component")? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if section.name() == SECTION => {
                if description.metadata.is_some() {
                    bail!("it has the section {SECTION} twice, and nobody can tell which of them holds");
                }
                let metadata = serde_json::from_slice(section.data())
                    .with_context(|| format!("the component's section {SECTION} can't be read"))?;
                description.metadata = Some(metadata);
            }
            // Empty where the SDK was given none.
            Payload::CustomSection(section) if section.name() == SCHEMA_SECTION && !section.data().is_empty() => {
                if description.schema.is_some() {
                    bail!("it has the section {SCHEMA_SECTION} twice, and nobody can tell which of them holds");
                }
                let text = std::str::from_utf8(section.data())
                    .with_context(|| format!("the component's section {SCHEMA_SECTION} is no text"))?;
                description.schema = Some(text.to_owned());
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    description.imports.insert(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    description.exports.insert(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(description)
}
