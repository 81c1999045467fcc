//! The grammar of names that come from outside and end up in paths, policies
//! and the kernel.

use crate::CniError;

/// Longest interface name in bytes: `IFNAMSIZ` of `linux/if.h` without the
/// terminating zero.
pub const INTERFACE_NAME_BYTES: usize = 15;

/// Checks a container id (`CNI_CONTAINERID`).
///
/// # Errors
/// It is empty (3), or holds other characters than the grammar's (4).
pub fn container_id(id: &str) -> Result<(), CniError> {
    if id.is_empty() {
        return Err(CniError::new(crate::code::UNKNOWN_CONTAINER, "missing containerID"));
    }
    if !is_plain(id) {
        return Err(CniError::invalid_environment("invalid characters in containerID").with_details(id));
    }
    Ok(())
}

/// Checks the name of a network.
///
/// # Errors
/// It is empty, or holds other characters than the grammar's (7).
pub fn network_name(name: &str) -> Result<(), CniError> {
    if name.is_empty() {
        return Err(CniError::invalid_config("missing network name"));
    }
    if !is_plain(name) {
        return Err(CniError::invalid_config("invalid characters found in network name").with_details(name));
    }
    Ok(())
}

/// Checks the name of an interface (`CNI_IFNAME`) as the kernel would
/// (`dev_valid_name`), so that the error is a clear one.
///
/// # Errors
/// The kernel would refuse it (4).
pub fn interface_name(name: &str) -> Result<(), CniError> {
    let error = CniError::invalid_environment;
    if name.is_empty() {
        return Err(error("interface name is empty"));
    }
    if name.len() > INTERFACE_NAME_BYTES {
        return Err(error("interface name is too long").with_details(format!(
            "{name:?} has {} bytes, the limit is {INTERFACE_NAME_BYTES}",
            name.len()
        )));
    }
    if name == "." || name == ".." {
        return Err(error("interface name is . or .."));
    }
    if name
        .chars()
        .any(|character| matches!(character, '/' | ':' | '\0') || character.is_whitespace())
    {
        return Err(error("interface name contains / or : or whitespace characters"));
    }
    Ok(())
}

/// Checks the name of a plugin, found at `place` of a configuration (`type`,
/// `ipam.type`): a plain file name, nothing that a path could hide in.
///
/// # Errors
/// It is anything else (7).
pub fn plugin_name(place: &str, name: &str) -> Result<(), CniError> {
    if !is_plain(name) {
        return Err(
            CniError::invalid_config(format!("{place}: {name:?} is no plugin name")).with_details(
                "a plugin is named by a plain file name: letters, digits, '_', '.', '-', \
             beginning with a letter or digit",
            ),
        );
    }
    Ok(())
}

/// `^[a-zA-Z0-9][a-zA-Z0-9_.\-]*$`
fn is_plain(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(result: Result<(), CniError>) -> Option<(u32, String, Option<String>)> {
        result.err().map(|error| (error.code, error.message, error.details))
    }

    #[test]
    fn ids_and_network_names_share_a_grammar() {
        for good in ["a", "0", "A-b_c.d", &"x".repeat(300)] {
            assert_eq!(told(container_id(good)), None);
            assert_eq!(told(network_name(good)), None);
            assert_eq!(told(plugin_name("type", good)), None);
        }
        for bad in ["-a", ".a", "_a", "a/b", "..", "a b", "a\n", "ü", "a:b"] {
            let details = Some(bad.to_owned());
            assert_eq!(
                told(container_id(bad)),
                Some((4, "invalid characters in containerID".to_owned(), details.clone()))
            );
            assert_eq!(
                told(network_name(bad)),
                Some((7, "invalid characters found in network name".to_owned(), details))
            );
            assert_eq!(told(plugin_name("type", bad)).map(|told| told.0), Some(7));
        }
    }

    #[test]
    fn a_missing_name_has_an_error_of_its_own() {
        assert_eq!(
            told(container_id("")),
            Some((3, "missing containerID".to_owned(), None))
        );
        assert_eq!(
            told(network_name("")),
            Some((7, "missing network name".to_owned(), None))
        );
    }

    #[test]
    fn interface_names_are_what_the_kernel_takes() {
        for good in ["e", "eth0", "a-b_c.d", "fifteen-bytes-x", "ünïcödé", "...", "-"] {
            assert_eq!(told(interface_name(good)), None, "{good}");
        }
        for (bad, message) in [
            ("", "interface name is empty"),
            ("sixteen-bytes-xx", "interface name is too long"),
            ("üüüüüüüü", "interface name is too long"),
            (".", "interface name is . or .."),
            ("..", "interface name is . or .."),
            ("a/b", "interface name contains / or : or whitespace characters"),
            ("a:b", "interface name contains / or : or whitespace characters"),
            ("a b", "interface name contains / or : or whitespace characters"),
            ("a\u{2003}b", "interface name contains / or : or whitespace characters"),
            ("a\n", "interface name contains / or : or whitespace characters"),
        ] {
            let told = told(interface_name(bad)).map(|(code, message, _)| (code, message));
            assert_eq!(told, Some((4, message.to_owned())), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_one_component_of_a_path(text in any::<String>()) {
            for passed in [container_id(&text), network_name(&text), interface_name(&text)] {
                if passed.is_ok() {
                    prop_assert!(!text.contains(['/', '\0']));
                    prop_assert!(text != "." && text != "..");
                }
            }
        }

        #[test]
        fn the_grammar_is_that_of_the_specification(text in "[a-zA-Z0-9][a-zA-Z0-9_.\\-]*") {
            prop_assert!(container_id(&text).is_ok() && network_name(&text).is_ok());
        }
    }
}
