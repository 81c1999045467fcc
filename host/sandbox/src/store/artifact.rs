use std::{
    fs::File,
    io::{Read as _, Seek as _},
};

use super::{Digest, StoreError, TrustedDirectory, components};

/// The compiled form of a component, from a place that only root can write
/// to, as it was when its digest was recorded.
#[derive(Debug)]
pub struct Artifact {
    digest: Digest,
    code: File,
    /// Its bytes, where they had to be read to be checked.
    read: Option<Vec<u8>>,
    needs: String,
    schema: Option<RecordedSchema>,
}

/// Where the schema of the component's configuration is, and what it has to
/// be.
#[derive(Debug)]
pub(super) struct RecordedSchema {
    pub(super) directory: TrustedDirectory,
    pub(super) digest: Digest,
}

impl Artifact {
    /// Only the store makes artifacts: having one is the proof of the checks.
    pub(super) fn new(digest: Digest, code: File, needs: String, schema: Option<RecordedSchema>) -> Self {
        Self {
            digest,
            code,
            read: None,
            needs,
            schema,
        }
    }

    /// Keeps the bytes that were checked: where they are not mapped, they are
    /// those that run.
    pub(super) fn hold(&mut self, code: Vec<u8>) {
        self.read = Some(code);
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

    /// The schema of the component's configuration, as it was recorded when
    /// the component was compiled; none where it has none. The store does not
    /// know what it means. It is read now: whoever has no use for it does not
    /// depend on it.
    ///
    /// # Errors
    /// It is not there, not to be trusted, or damaged.
    pub fn schema(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(RecordedSchema { directory, digest }) = &self.schema else {
            return Ok(None);
        };
        components::schema(directory, *digest).map(Some)
    }

    /// The open file.
    pub(crate) fn file(&self) -> &File {
        &self.code
    }

    /// Its bytes, where it can't be mapped.
    pub(crate) fn read(&mut self) -> std::io::Result<Vec<u8>> {
        if let Some(code) = self.read.take() {
            return Ok(code);
        }
        let mut code = Vec::new();
        self.code.rewind()?;
        self.code.read_to_end(&mut code)?;
        Ok(code)
    }
}
