//! Keys that components are signed with.

mod private;

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use cofferdam_policy::{is_plain_name, parse_public_key};
use cofferdam_sandbox::PublicKey;

pub(crate) use private::PrivateKey;

use crate::{files::create_new, output::say};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a pair of keys: NAME.key signs components, NAME.pub says in a policy's keys/ whose signature is wanted.
    New {
        /// 1 to 64 letters, digits, - and _.
        name: String,
        /// Where to write the two files.
        #[arg(long, value_name = "DIR", default_value = ".")]
        directory: PathBuf,
    },
}

pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::New { name, directory } => say(&new(&name, &directory)?),
    }
    Ok(())
}

/// Makes the two files, and says what they are for.
fn new(name: &str, directory: &Path) -> anyhow::Result<String> {
    if !is_plain_name(name) {
        bail!("{name:?} can't be the name of a key: it has 1 to 64 letters, digits, - and _, the first no - or _");
    }
    let key = PrivateKey::generate()?;
    let (private, public) = (
        directory.join(format!("{name}.key")),
        directory.join(format!("{name}.pub")),
    );
    create(&private, &key.to_text(), 0o600)?;
    if let Err(error) = create(&public, &format!("{}\n", key.public()), 0o644) {
        // Half a pair is of no use, and would be in the way of the next try.
        let _ = fs::remove_file(&private);
        return Err(error);
    }
    Ok(format!(
        "{}  signs components: keep it secret\n{}  belongs into /etc/cofferdam/policy.d/keys/ of the nodes\n{}",
        private.display(),
        public.display(),
        key.public()
    ))
}

/// Writes a file that was not there.
fn create(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let written = create_new(path, mode).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            anyhow::anyhow!(
                "there is a file {} already, and keys are never overwritten",
                path.display()
            )
        }
        _ => anyhow::Error::new(error).context(format!("make {}", path.display())),
    })?;
    let complete = |mut file: fs::File| file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    complete(written).map_err(|error| {
        let _ = fs::remove_file(path);
        anyhow::Error::new(error).context(format!("write {}", path.display()))
    })
}

/// Reads the public half of a key, as a policy does, and refuses what no
/// policy could use.
pub(crate) fn read_public(path: &Path) -> anyhow::Result<PublicKey> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let key = PublicKey(parse_public_key(path, &text).map_err(|problem| anyhow::anyhow!("{problem}"))?);
    key.check().with_context(|| path.display().to_string())?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_pair_fits_together_and_its_private_half_is_closed() {
        let directory = tempfile::tempdir().unwrap();
        new("vendor", directory.path()).unwrap();
        let path = directory.path().join("vendor.key");
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap()) & 0o777,
            0o600
        );
        let public = read_public(&directory.path().join("vendor.pub")).unwrap();
        assert_eq!(PrivateKey::read(&path).unwrap().public(), public);
    }

    #[test]
    fn no_two_pairs_are_the_same() {
        let one = PrivateKey::generate().unwrap();
        assert_ne!(one.public(), PrivateKey::generate().unwrap().public());
    }

    #[test]
    fn neither_half_is_ever_overwritten() {
        for taken in ["vendor.key", "vendor.pub"] {
            let directory = tempfile::tempdir().unwrap();
            fs::write(directory.path().join(taken), "mine").unwrap();
            let told = new("vendor", directory.path()).unwrap_err().to_string();
            assert!(told.contains(taken) && told.contains("never overwritten"), "{told}");
            let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
            assert_eq!(left.len(), 1, "{taken}");
            assert_eq!(fs::read(directory.path().join(taken)).unwrap(), b"mine");
        }
    }

    #[test]
    fn a_name_has_to_be_one_that_a_policy_can_say() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["", "../vendor", "a.b", "-x", &"a".repeat(65)] {
            assert!(new(name, directory.path()).is_err(), "{name:?}");
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_no_policy_could_use_is_no_public_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("k.pub");
        for (text, expected) in [
            ("nonsense", "k.pub:1: it is not a public key"),
            // The point of order 1.
            ("ed25519:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "weak key"),
            (
                "ed25519:AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
                "no Ed25519 key",
            ),
        ] {
            fs::write(&path, text).unwrap();
            let told = format!("{:#}", read_public(&path).unwrap_err());
            assert!(told.contains(expected), "{text:?}: {told}");
        }
    }
}
