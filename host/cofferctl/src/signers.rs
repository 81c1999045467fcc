//! Who vouches for a component, for people.

use cofferdam_broker::Installation;
use cofferdam_sandbox::{Digest, PublicKey, Signatures};
use serde::Serialize;

/// One of those who vouch for a component, or say so.
#[derive(Debug, Serialize)]
pub(crate) struct Signer {
    /// The public key.
    key: String,
    /// What the policy directory's `keys/` calls it.
    name: Option<String>,
    /// What is wrong with the signature.
    problem: Option<String>,
}

/// Looks through a component's signatures.
pub(crate) fn signers(installation: &Installation, digest: Digest, signatures: &Signatures) -> Vec<Signer> {
    // Names only help reading: without them there are the keys.
    let known = installation.policies().keys().unwrap_or_default();
    let name = |key: PublicKey| known.iter().find(|(_, known)| *known == key.0);
    let signer = |key: PublicKey| Signer {
        key: key.to_string(),
        name: name(key).map(|(name, _)| name.clone()),
        problem: signatures.verify(digest, &key).err().map(|error| error.to_string()),
    };
    signatures.keys().map(signer).collect()
}

impl Signer {
    /// In a few words, for a table. Unknown keys have no name there.
    pub(crate) fn short(&self) -> String {
        let name = self.name.as_deref().unwrap_or("an unknown key");
        match self.problem {
            None => name.to_owned(),
            Some(_) => format!("{name} (NOT VALID)"),
        }
    }

    /// Whether the signature is of this very component.
    pub(crate) fn is_valid(&self) -> bool {
        self.problem.is_none()
    }

    /// In full.
    pub(crate) fn long(&self) -> String {
        let name = self.name.as_deref().unwrap_or("not in the policy's keys");
        match &self.problem {
            None => format!("{} ({name})", self.key),
            Some(problem) => format!("{} ({name}) NOT VALID: {problem}", self.key),
        }
    }
}
