//! The contract's text in `wit/`, read for tests and for its reference.

mod reference;
mod words;

use std::path::Path;

use wit_parser::{PackageId, Resolve};

pub use reference::reference;
pub use words::{name_of, shape, signature};

/// The WIT files of a directory, as one package.
#[must_use]
pub fn read(directory: &Path) -> (Resolve, PackageId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error:#}", directory.display()));
    (resolve, package)
}
