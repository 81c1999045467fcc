//! `COMPONENT.wasm.sig`, the signatures beside a component's file.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cofferdam_sandbox::{Digest, SIGNATURES_LIMIT, Signatures};

/// Where a component's signatures are.
pub(crate) fn path(component: &Path) -> PathBuf {
    let mut path = component.as_os_str().to_owned();
    path.push(".sig");
    PathBuf::from(path)
}

/// Reads them. `None` when there is no such file.
pub(crate) fn read(component: &Path) -> anyhow::Result<Option<Signatures>> {
    let path = path(component);
    let file = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(|| format!("read {}", path.display()))?,
    };
    let mut bytes = Vec::new();
    file.take(SIGNATURES_LIMIT + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("read {}", path.display()))?;
    let signatures = Signatures::from_bytes(&bytes).with_context(|| {
        format!(
            "{} can't be used; get it again, or remove it and sign again",
            path.display()
        )
    })?;
    Ok(Some(signatures))
}

/// What is wrong with the signatures beside a component that was built just now:
/// they may be of what it was before. They stay, since only who has the keys can
/// say that they are of no use.
pub(crate) fn stale(component: &Path, digest: Digest) -> Option<String> {
    let why = match read(component) {
        Ok(signatures) => {
            let error = signatures?.first_invalid(digest)?;
            format!(
                "{} does not fit {} as it is built now (sha256:{digest}): {error}",
                path(component).display(),
                component.display()
            )
        }
        Err(error) => format!("{error:#}"),
    };
    Some(format!(
        "{why}; nobody can install the two together: sign the component again (cofferctl sign --key NAME.key {}), or \
         delete the .sig",
        component.display()
    ))
}

/// Writes them, to a temporary name that is then renamed.
pub(crate) fn write(component: &Path, signatures: &Signatures) -> anyhow::Result<()> {
    let path = path(component);
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    let written = fs::write(&temporary, signatures.to_string()).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cofferdam_sandbox::PublicKey;

    use super::*;

    #[test]
    fn signatures_that_do_not_fit_are_told_with_their_file_and_the_way_out() {
        let directory = tempfile::tempdir().unwrap();
        let component = directory.path().join("bridge.wasm");
        let digest = Digest::of(b"built anew");
        assert_eq!(stale(&component, digest), None, "there are none");
        let mut signatures = Signatures::default();
        signatures.insert(PublicKey([1; 32]), [7; 64]);
        write(&component, &signatures).unwrap();
        let told = stale(&component, digest).unwrap();
        for part in [
            "bridge.wasm.sig",
            &digest.to_string(),
            "cofferctl sign --key",
            "delete the .sig",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        fs::write(path(&component), "ed25519:").unwrap();
        let told = stale(&component, digest).unwrap();
        assert!(told.contains("bridge.wasm.sig") && told.contains("line 1"), "{told}");
    }
}
