use std::{
    fs::File,
    io::{Read as _, Seek as _},
};

use super::Digest;

/// The compiled form of a component, from a place that only root can write
/// to, as it was when its digest was recorded.
#[derive(Debug)]
pub struct Artifact {
    digest: Digest,
    code: File,
    needs: String,
    schema: Option<Digest>,
}

impl Artifact {
    /// Only the store makes artifacts: having one is the proof of the checks.
    pub(super) fn new(digest: Digest, code: File, needs: String, schema: Option<Digest>) -> Self {
        Self {
            digest,
            code,
            needs,
            schema,
        }
    }

    /// The digest of the component that it was compiled from.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What the component declares to need, as it was recorded when it was
    /// compiled. The store does not know what it means.
    #[must_use]
    pub fn needs(&self) -> &str {
        &self.needs
    }

    /// What the schema of its configuration has to be, which
    /// [`ComponentStore::schema`](crate::ComponentStore::schema) reads.
    pub(super) fn schema(&self) -> Option<Digest> {
        self.schema
    }

    /// The open file, to be mapped.
    pub(crate) fn file(&self) -> &File {
        &self.code
    }

    /// Its bytes, where it can't be mapped.
    pub(crate) fn read(&mut self) -> std::io::Result<Vec<u8>> {
        let mut code = Vec::new();
        self.code.rewind()?;
        self.code.read_to_end(&mut code)?;
        Ok(code)
    }
}
