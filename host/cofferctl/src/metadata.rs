use std::collections::BTreeSet;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use wasmparser::{Parser, Payload};

/// The custom section in which the guest SDK describes a plugin.
const SECTION: &str = "cofferdam:plugin";

/// What a component says of itself.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) authors: serde_json::Value,
    pub(crate) licence: String,
    pub(crate) needs: Vec<String>,
}

/// What can be read from a component without running it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Description {
    /// Absent in a component that was not made with the SDK.
    pub(crate) metadata: Option<Metadata>,
    /// Interfaces that it imports.
    pub(crate) imports: BTreeSet<String>,
    /// Interfaces that it exports.
    pub(crate) exports: BTreeSet<String>,
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
                let metadata = serde_json::from_slice(section.data())
                    .with_context(|| format!("the component's section {SECTION} can't be read"))?;
                description.metadata = Some(metadata);
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
