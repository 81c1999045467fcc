use std::{fs::File, io::Read as _, path::Path};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cofferdam_sandbox::{Digest, PublicKey, statement};
use ed25519_dalek::{Signer as _, SigningKey};

use crate::files::access_of_others;

const ALGORITHM: &str = "ed25519-private:";
const COMMENT: &str = "# Signs Cofferdam components. Whoever has this file signs in your name.";
/// Bytes that the file of a key may have.
const LIMIT: u64 = 4096;

/// The half of a key that signs.
pub(crate) struct PrivateKey(SigningKey);

impl PrivateKey {
    /// A new one, from the kernel's random numbers.
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).context("get random numbers from the kernel")?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads one from a file that nobody but its owner can read.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("read {}", path.display()))?;
        if let Some(mode) = access_of_others(&file)? {
            bail!(
                "others can read or write the private key {} (mode {mode:04o}): close it (chmod 600), and if others \
                 may have read it, make a new one (cofferctl key new)",
                path.display()
            );
        }
        let mut text = String::new();
        file.take(LIMIT)
            .read_to_string(&mut text)
            .with_context(|| format!("read {}", path.display()))?;
        parse(&text).with_context(|| {
            format!(
                "{} is no private key; it has one line of {ALGORITHM} and the base64 of 32 bytes, as `cofferctl key \
                 new NAME` writes it to NAME.key",
                path.display()
            )
        })
    }

    /// What [`PrivateKey::read`] reads.
    pub(crate) fn to_text(&self) -> String {
        format!("{COMMENT}\n{ALGORITHM}{}\n", STANDARD.encode(self.0.to_bytes()))
    }

    /// The half that says whose signature it is.
    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Vouches for a component.
    pub(crate) fn sign(&self, digest: Digest) -> [u8; 64] {
        self.0.sign(statement(digest).as_bytes()).to_bytes()
    }
}

fn parse(text: &str) -> Option<PrivateKey> {
    let lines = text.lines().map(str::trim);
    let mut said = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (line, None) = (said.next()?, said.next()) else {
        return None;
    };
    let seed: [u8; 32] = STANDARD.decode(line.strip_prefix(ALGORITHM)?).ok()?.try_into().ok()?;
    Some(PrivateKey(SigningKey::from_bytes(&seed)))
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{fs, path::PathBuf};

    use super::*;

    /// The first key of RFC 8032, section 7.1.
    const SEED: &str = "ed25519-private:nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const PUBLIC: &str = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("k.key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        (directory, path)
    }

    #[test]
    fn a_key_is_one_line_among_comments() {
        for text in [SEED.to_owned(), format!("# mine\r\n\n{SEED}\r\n")] {
            let (_directory, path) = file(&text, 0o600);
            let key = PrivateKey::read(&path).unwrap();
            assert_eq!(key.public().to_string(), PUBLIC);
            assert!(key.to_text().ends_with(&format!("\n{SEED}\n")));
        }
    }

    #[test]
    fn a_key_that_others_can_read_is_not_used() {
        for mode in [0o640, 0o604, 0o660, 0o622] {
            let (_directory, path) = file(SEED, mode);
            let told = PrivateKey::read(&path).err().unwrap().to_string();
            assert!(told.contains("chmod 600") && told.contains("k.key"), "{told}");
        }
    }

    #[test]
    fn what_is_no_private_key_is_told_without_its_text() {
        for text in [
            "",
            PUBLIC,
            "ed25519-private:AAAA",
            &SEED.replace("2A=", "2B="),
            &format!("{SEED}\n{SEED}"),
        ] {
            let (_directory, path) = file(text, 0o600);
            let told = format!("{:#}", PrivateKey::read(&path).err().unwrap());
            assert!(told.contains("k.key is no private key"), "{told}");
            assert!(!told.contains("nWGxne"), "{told}");
        }
    }
}
