//! Who vouches for a component: detached signatures, kept beside it.
//!
//! A signature is Ed25519 (RFC 8032) over a short statement that names what it
//! is for and the component's digest:
//!
//! ```text
//! cofferdam component signature v1
//! sha256:<64 hexadecimal digits of lower case>
//! ```
//!
//! both lines ended by a newline, so that it can't be taken for a signature of
//! anything else. The file `COMPONENT.wasm.sig` has one line for each key:
//!
//! ```text
//! ed25519:<public key>:<signature>
//! ```
//!
//! with 32 and 64 bytes in base64. The key says whose signature the line is;
//! it proves nothing, since anybody can make a key. What counts is the key that
//! the operator's policy names.

mod key;
mod signatures;
mod stored;

pub use key::{KeyError, PublicKey};
pub(crate) use stored::SIGNATURES;

pub use signatures::{ParseSignaturesError, SIGNATURES_LIMIT, SignatureError, Signatures};

use super::Digest;

/// What the holder of a key signs to vouch for a component.
#[must_use]
pub fn statement(digest: Digest) -> String {
    format!("cofferdam component signature v1\nsha256:{digest}\n")
}
