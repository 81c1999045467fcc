//! Holds an installed component to what the policy says about which may run.

use cofferdam_policy::Pin;
use cofferdam_protocol::CniError;
use cofferdam_sandbox::{ComponentStore, Digest, PublicKey, SignatureError};

use crate::{Workplace, codes};

/// Refuses a component that is not the pinned one, or not signed with the
/// pinned key, before anything of it is loaded.
///
/// # Errors
/// It is another, or not known to be signed.
pub fn check(store: &ComponentStore, plugin: &str, pin: &Pin, installed: Digest) -> Result<(), CniError> {
    check_at(Workplace::Node, store, (plugin, pin), installed)
}

/// The same, with the way out of where it is.
pub(crate) fn check_at(
    workplace: Workplace,
    store: &ComponentStore,
    (plugin, pin): (&str, &Pin),
    installed: Digest,
) -> Result<(), CniError> {
    match pin {
        Pin::Any => Ok(()),
        Pin::Digest(pinned) if *pinned == installed.to_string() => Ok(()),
        Pin::Digest(pinned) => Err(CniError::new(
            codes::DENIED,
            format!(
                "the policy grants plugin {plugin:?} to component sha256:{pinned}, but sha256:{installed} is installed"
            ),
        )),
        Pin::SignedBy { name, key } => {
            check_signature(workplace, store, installed, &PublicKey(*key)).map_err(|refusal| {
                let message = format!(
                    "the policy grants plugin {plugin:?} to components signed with key {name:?}, and component \
                     sha256:{installed} is not known to be: {}",
                    refusal.reason
                );
                CniError::new(codes::DENIED, message).with_details(refusal.remedy)
            })
        }
    }
}

/// Why a signature does not count, and what to do.
struct Refusal {
    reason: String,
    remedy: String,
}

fn check_signature(
    workplace: Workplace,
    store: &ComponentStore,
    installed: Digest,
    key: &PublicKey,
) -> Result<(), Refusal> {
    // What can't be read says itself how to mend it.
    let signatures = store.signatures(installed).map_err(|error| Refusal {
        reason: error.to_string(),
        remedy: String::new(),
    })?;
    signatures.verify(installed, key).map_err(|error| Refusal {
        reason: error.to_string(),
        remedy: match error {
            SignatureError::Key { .. } => String::new(),
            _ => workplace.signing().to_owned(),
        },
    })
}
