use cofferdam_protocol::Place;

use crate::{Error, Result};

/// `IFNAMSIZ` without the NUL.
pub(crate) const LONGEST_NAME: usize = 15;
/// `ALTIFNAMSIZ` without the NUL.
const LONGEST_ALTERNATIVE_NAME: usize = 127;

/// Checks the name of a link that is to be made, or that a rule refers to.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let invalid = |why: &str| Err(Error::Invalid(format!("link name {name:?}: {why}")));
    if !(1..=LONGEST_NAME).contains(&name.len()) {
        return invalid("a name has 1 to 15 bytes");
    }
    if name == "." || name == ".." {
        return invalid("it would be a directory");
    }
    // The kernel takes a name with a percent sign for a pattern.
    let forbidden = |byte: u8| byte.is_ascii_whitespace() || b"/:%\0\x0b".contains(&byte);
    if name.bytes().any(forbidden) {
        return invalid("it holds a blank, slash, colon, percent sign or NUL");
    }
    Ok(())
}

/// Checks a name that is looked up: it may be an alternative one.
pub(crate) fn check_wanted_name(name: &str) -> Result<()> {
    if (1..=LONGEST_ALTERNATIVE_NAME).contains(&name.len()) && !name.contains('\0') {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "link name {name:?}: a name has 1 to 127 bytes and no NUL"
    )))
}

/// Names a link that may not exist.
pub(crate) fn named(place: Place, name: &str) -> String {
    format!("link {name:?} in the {place} namespace")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::{check_name, check_wanted_name};

    #[test]
    fn names_of_new_links() {
        for name in ["eth0", "a", "fifteen-letters", "eth0.5", "vethé", "v@x"] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
        let sixteen = "a".repeat(16);
        for name in ["", &sixteen, ".", "..", "a b", "a/b", "a:b", "veth%d", "a\0b", "a\n"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn names_that_are_looked_up_may_be_longer() {
        assert!(check_wanted_name(&"a".repeat(127)).is_ok());
        for name in ["", "a\0b", &"a".repeat(128)] {
            assert!(check_wanted_name(name).is_err(), "{name:?}");
        }
    }
}
