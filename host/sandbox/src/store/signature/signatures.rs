use std::{collections::BTreeMap, fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use thiserror::Error;

use super::{KeyError, PublicKey, key::ALGORITHM};
use crate::Digest;

/// Bytes that a file of signatures may have: more than a hundred of them.
pub const SIGNATURES_LIMIT: u64 = 16 << 10;

/// The signatures of a file, one for each key, ordered by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures(BTreeMap<PublicKey, [u8; 64]>);

/// A component is not signed with a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// Nobody signed it.
    #[error("it has no signature")]
    Unsigned,
    /// Others signed it.
    #[error("it is signed with {} only", list(.0))]
    OtherKeys(Vec<PublicKey>),
    /// There is a signature in the key's name that does not fit.
    #[error("its signature with {0} is not valid: it was altered, or made for another component or with another key")]
    Invalid(PublicKey),
    /// No signature would do.
    #[error("the key {key} can't be used: {error}")]
    Key {
        /// The key.
        key: PublicKey,
        /// What is wrong with it.
        error: KeyError,
    },
}

/// A file is none of signatures.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {problem}; each line is ed25519:, the public key in base64, a colon, the signature in base64")]
pub struct ParseSignaturesError {
    /// The first is 1.
    pub line: usize,
    /// What is wrong in it.
    pub problem: String,
}

impl Signatures {
    /// Holds the component against the signature with this key.
    ///
    /// # Errors
    /// There is none, it does not fit, or the key is not to be trusted.
    pub fn verify(&self, digest: Digest, key: &PublicKey) -> Result<(), SignatureError> {
        let unusable = |error| SignatureError::Key { key: *key, error };
        key.check().map_err(unusable)?;
        match self.0.get(key) {
            Some(signature) if key.signed(digest, signature).map_err(unusable)? => Ok(()),
            Some(_) => Err(SignatureError::Invalid(*key)),
            None if self.0.is_empty() => Err(SignatureError::Unsigned),
            None => Err(SignatureError::OtherKeys(self.keys().collect())),
        }
    }

    /// Adds a signature, or replaces the one with the same key.
    pub fn insert(&mut self, key: PublicKey, signature: [u8; 64]) {
        self.0.insert(key, signature);
    }

    /// Takes over all of another file, in place of those with the same keys.
    pub fn merge(&mut self, other: &Self) {
        self.0.extend(other.0.iter().map(|(key, signature)| (*key, *signature)));
    }

    /// What is wrong with one that is not of this component, if there is any.
    #[must_use]
    pub fn first_invalid(&self, digest: Digest) -> Option<SignatureError> {
        self.keys().find_map(|key| self.verify(digest, &key).err())
    }

    /// Takes out those that are not of this component, and says whose they
    /// were.
    pub fn drop_invalid(&mut self, digest: Digest) -> Vec<PublicKey> {
        let invalid: Vec<PublicKey> = self.keys().filter(|key| self.verify(digest, key).is_err()).collect();
        for key in &invalid {
            self.0.remove(key);
        }
        invalid
    }

    /// Whose signatures they say they are.
    pub fn keys(&self) -> impl Iterator<Item = PublicKey> {
        self.0.keys().copied()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a file. One that does not end with a newline was cut off.
    ///
    /// # Errors
    /// It is not in the format, or too large.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseSignaturesError> {
        let problem = |problem: &str| ParseSignaturesError {
            line: 1,
            problem: problem.to_owned(),
        };
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= SIGNATURES_LIMIT) {
            let text = std::str::from_utf8(bytes).map_err(|_| problem("the file is no text"))?;
            return text.parse();
        }
        Err(problem(&format!("the file has more than {SIGNATURES_LIMIT} bytes")))
    }
}

impl FromStr for Signatures {
    type Err = ParseSignaturesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut signatures = Self::default();
        for (line, number) in text.split_inclusive('\n').zip(1..) {
            let at = |problem: String| ParseSignaturesError { line: number, problem };
            let (key, signature) = parse_line(line).map_err(|problem| at(problem.to_owned()))?;
            if signatures.0.insert(key, signature).is_some() {
                return Err(at(format!("a second signature with {key}")));
            }
        }
        Ok(signatures)
    }
}

fn parse_line(line: &str) -> Result<(PublicKey, [u8; 64]), &'static str> {
    let line = line.strip_suffix('\n').ok_or("the file was cut off here")?;
    let line = line.strip_prefix(ALGORITHM).ok_or("it is no signature")?;
    let (key, signature) = line.split_once(':').ok_or("the signature is missing")?;
    let key = decode(key).ok_or("the public key is not 32 bytes in base64")?;
    let signature = decode(signature).ok_or("the signature is not 64 bytes in base64")?;
    Ok((PublicKey(key), signature))
}

fn decode<const N: usize>(base64: &str) -> Option<[u8; N]> {
    STANDARD.decode(base64).ok()?.try_into().ok()
}

fn list(keys: &[PublicKey]) -> String {
    let keys: Vec<String> = keys.iter().map(PublicKey::to_string).collect();
    keys.join(", ")
}

impl fmt::Display for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(key, signature)| writeln!(f, "{key}:{}", STANDARD.encode(signature)))
    }
}

#[cfg(test)]
mod tests;
