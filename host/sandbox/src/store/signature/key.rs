use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use thiserror::Error;

use super::statement;
use crate::Digest;

/// What public keys and signatures begin with in text.
pub(super) const ALGORITHM: &str = "ed25519:";

/// The public half of a key, as 32 bytes (RFC 8032). Any bytes will do until
/// it is used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// No signature with that key is worth anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The bytes are those of no key at all.
    #[error("its bytes are no Ed25519 key; make one with `cofferctl key new`")]
    NoKey,
    /// A point of small order: signatures that fit it can be made by anybody.
    #[error("it is a weak key, for which anybody can sign; make one with `cofferctl key new`")]
    Weak,
}

impl PublicKey {
    /// Refuses what would let others sign.
    ///
    /// # Errors
    /// The key can't be used.
    pub fn check(&self) -> Result<(), KeyError> {
        self.point().map(|_| ())
    }

    /// Whether the holder of this key signed that component.
    pub(super) fn signed(&self, digest: Digest, signature: &[u8; 64]) -> Result<bool, KeyError> {
        let signature = Signature::from_bytes(signature);
        // Strict: what other implementations may take for valid is not.
        let verified = self.point()?.verify_strict(statement(digest).as_bytes(), &signature);
        Ok(verified.is_ok())
    }

    fn point(&self) -> Result<VerifyingKey, KeyError> {
        let point = VerifyingKey::from_bytes(&self.0).map_err(|_| KeyError::NoKey)?;
        if point.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(point)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
