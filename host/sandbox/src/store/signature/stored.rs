use super::{SIGNATURES_LIMIT, Signatures};
use crate::{
    ComponentStore, Digest, StoreError,
    store::components::{is_missing, write},
};

/// The name of the file that has a component's signatures.
pub(crate) const SIGNATURES: &str = "component.wasm.sig";

/// Signatures are kept beside the component that they are of.
impl ComponentStore {
    /// The signatures beside a component, none if there is no such file. Whose
    /// they are and whether they fit is not looked at.
    ///
    /// # Errors
    /// The component is not there, or its signatures are not to be trusted or
    /// not readable.
    pub fn signatures(&self, digest: Digest) -> Result<Signatures, StoreError> {
        let directory = self.component(digest)?;
        let bytes = match directory.read(SIGNATURES, SIGNATURES_LIMIT) {
            Err(error) if is_missing(&error) => return Ok(Signatures::default()),
            other => other?,
        };
        Signatures::from_bytes(&bytes).map_err(|error| StoreError::Signatures {
            path: directory.path().join(SIGNATURES),
            error,
        })
    }

    /// Adds to the signatures of a component that is in the store. A file that
    /// can't be read as signatures is replaced.
    ///
    /// # Errors
    /// The component is not there, its signatures are not to be trusted, or
    /// the file system refuses.
    pub fn add_signatures(&self, digest: Digest, signatures: &Signatures) -> Result<(), StoreError> {
        let mut all = match self.signatures(digest) {
            Err(StoreError::Signatures { .. }) => Signatures::default(),
            other => other?,
        };
        all.merge(signatures);
        self.set_signatures(digest, &all)
    }

    /// Has a component in the store be signed with these and no others.
    ///
    /// # Errors
    /// The component is not there, or the file system refuses.
    pub fn set_signatures(&self, digest: Digest, signatures: &Signatures) -> Result<(), StoreError> {
        write(
            self.component(digest)?.path(),
            SIGNATURES,
            signatures.to_string().as_bytes(),
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
        path::{Path, PathBuf},
    };

    use super::*;
    use crate::PublicKey;

    fn store() -> (tempfile::TempDir, ComponentStore, Digest) {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let store = ComponentStore::new(base.path(), Path::new("store"));
        let digest = store.add(b"wasm", b"code", "null").unwrap();
        (base, store, digest)
    }

    fn file(store: &ComponentStore, digest: Digest) -> PathBuf {
        store
            .path()
            .join("components")
            .join(digest.to_string())
            .join(SIGNATURES)
    }

    fn of(keys: &[u8]) -> Signatures {
        let mut signatures = Signatures::default();
        for key in keys {
            signatures.insert(PublicKey([*key; 32]), [*key; 64]);
        }
        signatures
    }

    #[test]
    fn signatures_come_together_and_outlive_a_new_compilation() {
        let (_base, store, digest) = store();
        assert!(store.signatures(digest).unwrap().is_empty());
        store.add_signatures(digest, &of(&[1])).unwrap();
        store.add_signatures(digest, &of(&[2])).unwrap();
        store.add(b"wasm", b"newer code", "null").unwrap();
        assert_eq!(store.signatures(digest).unwrap(), of(&[1, 2]));
    }

    #[test]
    fn those_that_are_set_are_all_that_there_are() {
        let (_base, store, digest) = store();
        for keys in [&[1, 2][..], &[2], &[]] {
            store.set_signatures(digest, &of(keys)).unwrap();
            assert_eq!(store.signatures(digest).unwrap(), of(keys));
        }
    }

    #[test]
    fn a_component_that_is_not_there_has_none_to_be_asked_for() {
        let (_base, store, _) = store();
        let other = Digest::of(b"other");
        assert!(matches!(
            store.signatures(other),
            Err(StoreError::UnknownComponent { .. })
        ));
        assert!(store.add_signatures(other, &of(&[1])).is_err());
    }

    #[test]
    fn a_damaged_file_is_told_and_replaced() {
        let (_base, store, digest) = store();
        store.add_signatures(digest, &of(&[1])).unwrap();
        let path = file(&store, digest);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..100]).unwrap();
        let told = store.signatures(digest).unwrap_err().to_string();
        assert!(
            told.contains("component.wasm.sig: line 1: the file was cut off here"),
            "{told}"
        );
        store.add_signatures(digest, &of(&[2])).unwrap();
        assert_eq!(store.signatures(digest).unwrap(), of(&[2]));
    }

    #[test]
    fn what_others_can_write_to_and_links_are_not_trusted() {
        let (base, store, digest) = store();
        store.add_signatures(digest, &of(&[1])).unwrap();
        let path = file(&store, digest);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(store.signatures(digest), Err(StoreError::Untrusted { .. })));
        assert!(matches!(
            store.add_signatures(digest, &of(&[2])),
            Err(StoreError::Untrusted { .. })
        ));

        let elsewhere = base.path().join("elsewhere");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert!(matches!(store.signatures(digest), Err(StoreError::Untrusted { .. })));
    }
}
