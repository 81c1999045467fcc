use super::Digest;

/// The compiled form of a component, from a place that only root can write
/// to, with the digest that was recorded when it was compiled.
#[derive(Debug)]
pub struct Artifact {
    digest: Digest,
    code: Vec<u8>,
}

impl Artifact {
    /// Only the store makes artifacts: having one is the proof of the checks.
    pub(super) fn new(digest: Digest, code: Vec<u8>) -> Self {
        Self { digest, code }
    }

    /// The digest of the component that it was compiled from.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    pub(crate) fn into_code(self) -> Vec<u8> {
        self.code
    }
}
