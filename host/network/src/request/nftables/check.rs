//! What is looked at before anything is sent: names and comments.

use super::constants::NFT_NAME_MAXLEN;
use crate::{
    Error, Result,
    nftables::{TableId, Verdict},
};

/// Why a part of a request makes no sense; the caller knows where it is.
pub(crate) type Checked<T> = std::result::Result<T, String>;

/// Says where it is that something makes no sense.
pub(crate) trait At<T> {
    fn at(self, place: impl std::fmt::Display) -> Result<T>;
}

impl<T> At<T> for Checked<T> {
    fn at(self, place: impl std::fmt::Display) -> Result<T> {
        self.map_err(|why| Error::Invalid(format!("{place}: {why}")))
    }
}

/// The name of a table, chain or set.
pub(crate) fn name(name: &str) -> Checked<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.is_empty() || name.len() > NFT_NAME_MAXLEN {
        Err(format!(
            "a name has 1 to {NFT_NAME_MAXLEN} bytes, and {name:?} has {}",
            name.len()
        ))
    } else if !name.bytes().all(plain) {
        Err(format!(
            "the name {name:?} holds something else than letters, digits, '_', '.' and '-'"
        ))
    } else {
        Ok(())
    }
}

/// The name of the table itself.
pub(crate) fn table(table: &TableId) -> Result<()> {
    name(&table.name).at(table)
}

/// The name of something in a table.
pub(crate) fn name_in(table: &TableId, kind: &str, text: &str) -> Result<()> {
    name(text).at(format_args!("{kind} of {table}"))
}

/// Whatever would let a comment look like something else in a listing.
pub(crate) fn comment(text: &str) -> Checked<()> {
    if text.chars().any(|c| c.is_control() || c == '"') {
        return Err(format!(
            "the comment {text:?} holds a quotation mark or a control character"
        ));
    }
    Ok(())
}

/// The name of an interface, as the kernel's `dev_valid_name` has it.
pub(crate) fn interface_name(name: &str) -> Checked<()> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | ':');
    if name.is_empty() || name.len() > 15 || matches!(name, "." | "..") || name.contains(odd) {
        return Err(format!("{name:?} is not a name that an interface can have"));
    }
    Ok(())
}

/// The chain that a verdict leads to.
pub(crate) fn target(verdict: &Verdict) -> Option<&str> {
    match verdict {
        Verdict::Jump(chain) | Verdict::Goto(chain) => Some(chain),
        Verdict::Accept | Verdict::Drop | Verdict::Return => None,
    }
}

/// The first name that comes twice.
pub(crate) fn duplicate<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_of_the_kernels_length() {
        for good in ["a", "A-b_c.9", &"x".repeat(255)] {
            assert_eq!(name(good), Ok(()), "{good}");
        }
        for bad in ["", "a b", "a\0", "__set%d", "ä", "a;", "a\"", &"x".repeat(256)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn interface_names_are_what_the_kernel_takes() {
        for good in ["eth0", "eth0.5", "br-1@x", "veth0123456789a"] {
            assert_eq!(interface_name(good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a:b", "a b", "a\0b", "veth0123456789ab"] {
            assert!(interface_name(bad).is_err(), "{bad}");
        }
    }
}
