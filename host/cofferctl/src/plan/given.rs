use std::{fs, path::PathBuf, str::FromStr};

use anyhow::{Context as _, bail};
use cofferdam_sandbox::ComponentStore;

use crate::{compiler, component::check_plugin, signature_file};

/// A component that is given as a file.
#[derive(Clone, Debug)]
pub(crate) struct GivenComponent {
    name: Option<String>,
    file: PathBuf,
}

impl FromStr for GivenComponent {
    type Err = std::convert::Infallible;

    /// `NAME=FILE`, or `FILE`, which may have an equals sign behind a slash.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once('=') {
            Some((name, file)) if !name.contains(std::path::is_separator) => Self {
                name: Some(name.to_owned()),
                file: file.into(),
            },
            _ => Self {
                name: None,
                file: text.into(),
            },
        })
    }
}

impl GivenComponent {
    /// Compiles it into a store, with the signatures beside it, and tells its
    /// name.
    pub(crate) fn install(&self, store: &ComponentStore, limits: compiler::Limits) -> anyhow::Result<String> {
        let shown = || self.file.display().to_string();
        let wasm = fs::read(&self.file).with_context(|| format!("read {}", shown()))?;
        let description = check_plugin(&wasm).with_context(shown)?;
        let declaration = description.declaration(&self.file).with_context(shown)?;
        let own = description.metadata.map(|metadata| metadata.name);
        let name = self.name.clone().or(own).filter(|name| !name.is_empty());
        let Some(name) = name else {
            bail!(
                "{} does not say what plugin it is; say it with --component NAME={}",
                shown(),
                shown()
            );
        };
        let code = compiler::compile(&wasm, limits).with_context(shown)?;
        let digest = store.add(&wasm, &code, declaration.to_store())?;
        // One that does not fit counts only where the policy asks for it.
        if let Some(signatures) = signature_file::read(&self.file)? {
            store.add_signatures(digest, &signatures)?;
        }
        store.name(&name, digest)?;
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_component_is_a_file_or_a_name_and_a_file() {
        for (text, name, file) in [
            ("my.wasm", None, "my.wasm"),
            ("bridge=my.wasm", Some("bridge"), "my.wasm"),
            ("bridge=/a/b=c.wasm", Some("bridge"), "/a/b=c.wasm"),
            ("/a/b=c.wasm", None, "/a/b=c.wasm"),
            ("./b=c.wasm", None, "./b=c.wasm"),
        ] {
            let given: GivenComponent = text.parse().unwrap();
            assert_eq!(
                (given.name.as_deref(), given.file.to_str().unwrap()),
                (name, file),
                "{text}"
            );
        }
    }
}
