use std::io;

use cofferdam_system::{
    Errno,
    files::{self, File, OpenFlags, open_at},
};

use super::{
    claim_file::{NEXT, write_next},
    open::LOCK,
};
use crate::{
    Error, Result,
    fs::{read_all, remove_at, without_directory_at},
};

/// Letters and underscores, then perhaps a dot and a number: what the
/// reference plugin calls its values, and nothing that could be a claim.
pub(super) fn check_name(name: &str) -> Result<()> {
    let (word, number) = name
        .split_once('.')
        .map_or((name, None), |(word, number)| (word, Some(number)));
    let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let short = number
        .is_none_or(|number| (1..=3).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit()));
    if plain && short && name.len() <= 64 && name != LOCK {
        return Ok(());
    }
    Err(Error::InvalidName(name.to_owned()))
}

/// Reads a value. One that a crash left empty is none, and so is a directory.
pub(super) fn read(directory: &File, name: &str) -> io::Result<Option<String>> {
    match open_at(directory, name, OpenFlags::O_RDONLY | OpenFlags::O_NONBLOCK, 0) {
        Ok(mut file) => {
            let bytes = match read_all(&mut file) {
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => return Ok(None),
                read => read?,
            };
            let text = String::from_utf8(bytes).unwrap_or_default();
            let text = text.trim_matches(['\0', ' ', '\r', '\n', '\t']);
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Writes a value: the old one or the new one is there, never a part.
pub(super) fn write(directory: &File, name: &str, value: &str) -> io::Result<()> {
    let put = || files::rename_at(directory, NEXT, name).map_err(io::Error::from);
    let written = write_next(directory, value.as_bytes()).and_then(|_| without_directory_at(directory, name, put));
    if written.is_err() {
        let _ = remove_at(directory, NEXT);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_can_be_no_other_kind_of_file() {
        for (name, good) in [
            ("last_reserved_ip.0", true),
            ("last_reserved_ip.999", true),
            ("cursor", true),
            ("lock", false),
            ("last_reserved_ip.1000", false),
            ("last_reserved_ip.", false),
            ("last.reserved.0", false),
            ("10.0.0.1", false),
            ("fd00::1", false),
            ("..", false),
            (".", false),
            ("a/b", false),
            ("Upper", false),
            ("", false),
        ] {
            assert_eq!(check_name(name).is_ok(), good, "{name:?}");
        }
    }
}
