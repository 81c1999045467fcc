//! `COMPONENT.wasm.sig`, the signatures beside a component's file.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use cofferdam_sandbox::{SIGNATURES_LIMIT, Signatures};

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
