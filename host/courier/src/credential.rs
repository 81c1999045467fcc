//! What the operator lets be added to requests, and nobody be told.

use std::{
    fmt,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use thiserror::Error;

/// Bytes of a credential's file.
const LONGEST: u64 = 4096;
/// Bytes below which a secret would be found everywhere.
const SHORTEST: usize = 8;
/// What is written in a secret's place.
const HIDDEN: &str = "[hidden]";
const BASIC: &str = "basic ";
/// Rights of everybody but the owner.
const OTHERS: u32 = 0o077;
/// Rights to write of everybody but the owner.
const OTHERS_WRITE: u32 = 0o022;

/// A credential as it is at the moment.
pub(crate) struct Credential {
    authorization: String,
    /// What must not be told, in the forms that it has.
    secrets: Vec<String>,
}

/// Without what must not be told.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").finish_non_exhaustive()
    }
}

/// A credential can't be used.
#[derive(Debug, Error)]
#[error("credential {} can't be used: {problem}", path.display())]
pub(crate) struct CredentialError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug, Error)]
enum Problem {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is no plain file")]
    NoFile,
    #[error("it is not root's")]
    Foreign,
    #[error("others may read or write it; chmod 600")]
    Open,
    #[error("others may write to its directory; chmod 700")]
    OpenDirectory,
    #[error("it has more than {LONGEST} bytes")]
    Long,
    #[error("it has to be one line: a token, or \"basic USER:PASSWORD\", of printable ASCII")]
    Form,
    #[error("its secret has fewer than {SHORTEST} characters, too few to be kept out of answers")]
    Short,
}

impl Credential {
    /// Reads it anew, since it may have been replaced.
    pub(crate) fn read(directory: &Path, name: &str) -> Result<Self, CredentialError> {
        let path = directory.join(name);
        let read = text(directory, &path).and_then(|text| Self::parse(&text));
        read.map_err(|problem| CredentialError { path, problem })
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let is_graphic = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let Some(pair) = line.strip_prefix(BASIC) else {
            if !is_graphic(line) {
                return Err(Problem::Form);
            }
            if line.len() < SHORTEST {
                return Err(Problem::Short);
            }
            return Ok(Self {
                authorization: format!("Bearer {line}"),
                secrets: vec![line.to_owned()],
            });
        };
        let is_text = pair.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        let (_, password) = pair.split_once(':').filter(|_| is_text).ok_or(Problem::Form)?;
        if password.len() < SHORTEST {
            return Err(Problem::Short);
        }
        let encoded = STANDARD.encode(pair);
        Ok(Self {
            authorization: format!("Basic {encoded}"),
            secrets: vec![encoded, password.to_owned()],
        })
    }

    /// The value of the header `authorization`.
    pub(crate) fn authorization(&self) -> &str {
        &self.authorization
    }

    /// Whether it stands in some bytes.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        let mut secrets = self.secrets.iter().map(String::as_bytes);
        secrets.any(|secret| bytes.windows(secret.len()).any(|window| window == secret))
    }

    /// A text without it.
    pub(crate) fn hide(&self, text: &str) -> String {
        let secrets = self.secrets.iter();
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
    }
}

/// What a file of root's says that nobody else can read.
fn text(directory: &Path, path: &Path) -> Result<String, Problem> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let above = open(directory, flags | OFlags::DIRECTORY, Mode::empty()).map_err(io::Error::from)?;
    let above = fstat(&above).map_err(io::Error::from)?;
    if above.st_uid != 0 {
        return Err(Problem::Foreign);
    }
    if above.st_mode & OTHERS_WRITE != 0 {
        return Err(Problem::OpenDirectory);
    }
    let file = open(path, flags | OFlags::NONBLOCK, Mode::empty()).map_err(io::Error::from)?;
    let found = fstat(&file).map_err(io::Error::from)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(Problem::NoFile);
    }
    if found.st_uid != 0 {
        return Err(Problem::Foreign);
    }
    if found.st_mode & OTHERS != 0 {
        return Err(Problem::Open);
    }
    let mut text = String::new();
    std::fs::File::from(file).take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(Problem::Long);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_credential_is_a_token_or_a_name_with_a_password() {
        for (text, authorization) in [
            ("swordfish-1\n", Some("Bearer swordfish-1")),
            ("swordfish-1\r\n", Some("Bearer swordfish-1")),
            ("basic user:swordfish\n", Some("Basic dXNlcjpzd29yZGZpc2g=")),
            ("basic user:sword: fish", Some("Basic dXNlcjpzd29yZDogZmlzaA==")),
            ("", None),
            ("\n", None),
            ("short", None),
            ("basic user:short", None),
            ("basic user-without-password", None),
            ("two words-of-it", None),
            ("swordfish-1\nswordfish-2\n", None),
            ("swordfish-1\r\nX-Other: header", None),
            ("swördfish-1", None),
            ("swordfish\0-1", None),
        ] {
            let read = Credential::parse(text).ok();
            let found = read.as_ref().map(Credential::authorization);
            assert_eq!(found, authorization, "{text:?}");
        }
    }

    #[test]
    fn its_secrets_are_found_in_each_form() {
        let basic = Credential::parse("basic user:swordfish").unwrap();
        for (bytes, is_in) in [
            (&b"{\"password\":\"swordfish\"}"[..], true),
            (b"Authorization: Basic dXNlcjpzd29yZGZpc2g=", true),
            (b"user", false),
            (b"sword", false),
            (b"", false),
        ] {
            assert_eq!(basic.is_in(bytes), is_in, "{bytes:?}");
        }
        assert_eq!(basic.hide("swordfish, dXNlcjpzd29yZGZpc2g="), "[hidden], [hidden]");
    }

    #[test]
    fn an_error_does_not_tell_what_is_in_the_file() {
        let problem = Credential::parse("two words-of-it").unwrap_err();
        assert!(!problem.to_string().contains("words-of-it"));
    }
}
