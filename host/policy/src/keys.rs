//! The public keys that policies name.

use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    directory::text,
    error::{PolicyError, Problem},
    name,
    trust::TrustedDirectory,
};

/// The directory of keys, below that of policies.
pub(crate) const DIRECTORY: &str = "keys";
/// How a key's file ends.
pub(crate) const EXTENSION: &str = ".pub";
/// What a key begins with.
const ALGORITHM: &str = "ed25519:";
const WAY_OUT: &str = "one line of ed25519: and the base64 of the key's 32 bytes; others are empty or begin with #";

/// Reads a key of a policy directory. `None` when there is none.
pub(crate) fn read(policies: &TrustedDirectory, name: &str) -> Result<Option<[u8; 32]>, PolicyError> {
    let Some(directory) = policies.directory(DIRECTORY)? else {
        return Ok(None);
    };
    let Some(bytes) = directory.file_if_exists(&file_name(name))? else {
        return Ok(None);
    };
    let path = directory.path().join(file_name(name));
    let text = text(path.clone(), bytes)?;
    parse(&path, &text)
        .map(Some)
        .map_err(|problem| PolicyError::Invalid(vec![problem]))
}

/// Every key of a policy directory that can be read, with its name.
pub(crate) fn all(policies: &TrustedDirectory) -> Result<Vec<(String, [u8; 32])>, PolicyError> {
    let Some(mut directory) = policies.directory(DIRECTORY)? else {
        return Ok(Vec::new());
    };
    let files = directory.names(|file| name_of_file(file).is_some())?;
    let names = files.iter().filter_map(|file| name_of_file(file));
    let keys = names.filter_map(|name| Some((name.to_owned(), read(policies, name).ok()??)));
    Ok(keys.collect())
}

/// Where a key of that name is.
pub(crate) fn path(policies: &Path, name: &str) -> PathBuf {
    policies.join(DIRECTORY).join(file_name(name))
}

fn file_name(name: &str) -> String {
    format!("{name}{EXTENSION}")
}

/// The key's name, if a file of that name holds one.
pub(crate) fn name_of_file(file: &str) -> Option<&str> {
    file.strip_suffix(EXTENSION).filter(|name| name::is_plain(name))
}

/// Reads what a key's file says: one line of `ed25519:` and the base64 of 32
/// bytes, among lines that are empty or begin with `#`.
///
/// # Errors
/// The problem, with its line in `file`.
pub fn parse(file: &Path, text: &str) -> Result<[u8; 32], Problem> {
    let problem = |line: usize, problem: &str| Problem {
        file: file.to_owned(),
        line: Some(line),
        field: String::new(),
        problem: problem.to_owned(),
        suggestion: Some(WAY_OUT.to_owned()),
    };
    let lines = text.lines().map(str::trim).zip(1..);
    let mut said = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    let (line, number) = said.next().ok_or_else(|| problem(1, "there is no key in it"))?;
    if let Some((_, second)) = said.next() {
        return Err(problem(second, "it has more than one key"));
    }
    let Some(base64) = line.strip_prefix(ALGORITHM) else {
        return Err(problem(number, "it is not a public key"));
    };
    let bytes = STANDARD
        .decode(base64)
        .map_err(|_| problem(number, "the key is not base64"))?;
    let count = bytes.len();
    bytes
        .try_into()
        .map_err(|_| problem(number, &format!("the key has {count} bytes instead of 32")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<[u8; 32], String> {
        parse(Path::new("k.pub"), text).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_key_is_one_line_among_comments() {
        let key: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let line = "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        for text in [
            line.to_owned(),
            format!("{line}\n"),
            format!("# of the vendor\r\n\r\n{line}\r\n"),
            format!("\n  {line}  \n  # since 2025\n"),
        ] {
            assert_eq!(read(&text), Ok(key), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_with_its_line() {
        let key = "ed25519:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        for (text, expected) in [
            ("", "k.pub:1: there is no key in it"),
            ("# nothing\n", "k.pub:1: there is no key in it"),
            (&format!("{key}\n\n{key}\n"), "k.pub:3: it has more than one key"),
            ("\nssh-ed25519 AAAA", "k.pub:2: it is not a public key"),
            ("rsa:AAAA", "k.pub:1: it is not a public key"),
            ("ed25519:", "k.pub:1: the key has 0 bytes instead of 32"),
            ("ed25519:AAECAw==", "k.pub:1: the key has 4 bytes instead of 32"),
            ("ed25519:AAECAw", "k.pub:1: the key is not base64"),
            (&key.replace("8=", "9="), "k.pub:1: the key is not base64"),
            (&format!("{key} # mine"), "k.pub:1: the key is not base64"),
        ] {
            let told = read(text).unwrap_err();
            assert_eq!(told, format!("{expected} ({WAY_OUT})"), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), key in "(#|ed25519:)?[A-Za-z0-9+/=]{0,60}\n?") {
            let _ = read(&text);
            let _ = read(&key);
        }

        #[test]
        fn a_written_key_reads_back(key in any::<[u8; 32]>()) {
            prop_assert_eq!(read(&format!("{ALGORITHM}{}", STANDARD.encode(key))), Ok(key));
        }
    }
}
