//! Holds an installed component to what the policy says about which may run.

use cofferdam_policy::Pin;
use cofferdam_protocol::CniError;
use cofferdam_sandbox::{ComponentStore, Digest, PublicKey, SignatureError};

use crate::codes;

const SIGN: &str = "have it signed (cofferctl sign --key FILE.key COMPONENT.wasm), and add it again with its signature \
                    beside it (cofferctl component add COMPONENT.wasm)";

/// Refuses a component that is not the pinned one, or not signed with the
/// pinned key, before anything of it is loaded.
///
/// # Errors
/// It is another, or not known to be signed.
pub fn check(store: &ComponentStore, plugin: &str, pin: &Pin, installed: Digest) -> Result<(), CniError> {
    match pin {
        Pin::Any => Ok(()),
        Pin::Digest(pinned) if *pinned == installed.to_string() => Ok(()),
        Pin::Digest(pinned) => Err(CniError::new(
            codes::DENIED,
            format!(
                "the policy grants plugin {plugin:?} to component sha256:{pinned}, but sha256:{installed} is installed"
            ),
        )),
        Pin::SignedBy { name, key } => check_signature(store, installed, &PublicKey(*key)).map_err(|refusal| {
            let message = format!(
                "the policy grants plugin {plugin:?} to components signed with key {name:?}, and component \
                 sha256:{installed} is not known to be: {}",
                refusal.reason
            );
            CniError::new(codes::DENIED, message).with_details(refusal.remedy)
        }),
    }
}

/// Why a signature does not count, and what to do.
struct Refusal {
    reason: String,
    remedy: String,
}

fn check_signature(store: &ComponentStore, installed: Digest, key: &PublicKey) -> Result<(), Refusal> {
    // What can't be read says itself how to mend it.
    let signatures = store.signatures(installed).map_err(|error| Refusal {
        reason: error.to_string(),
        remedy: String::new(),
    })?;
    signatures.verify(installed, key).map_err(|error| Refusal {
        reason: error.to_string(),
        remedy: match error {
            SignatureError::Key { .. } => String::new(),
            _ => SIGN.to_owned(),
        },
    })
}
