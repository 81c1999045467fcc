//! Which versions of `cofferdam:cni` a component may be made for.

use crate::SandboxError;

/// The version of the contract that this host has, as in `wit/world.wit`.
pub const CONTRACT: &str = "0.1.1";

const PACKAGE: &str = "cofferdam:cni/";

/// Whether what a component imports and exports belongs to a version that this
/// host can have something to do with: the same but for the last number.
///
/// # Errors
/// [`SandboxError::Contract`] with the version that it is made for.
pub fn check_versions<'i>(interfaces: impl IntoIterator<Item = &'i str>) -> Result<(), SandboxError> {
    let mut versions = interfaces.into_iter().filter_map(version);
    match versions.find(|version| minor(version) != minor(CONTRACT)) {
        None => Ok(()),
        Some(wanted) => Err(SandboxError::Contract {
            wanted: wanted.to_owned(),
        }),
    }
}

/// What to say besides where an import is not there, or not so: it may be one
/// that came with a later version.
pub(crate) fn hint<'i>(interfaces: impl IntoIterator<Item = &'i str>) -> String {
    let versions = interfaces.into_iter().filter_map(version);
    match versions.max_by_key(|version| numbers(version)) {
        Some(made_for) if numbers(made_for) > numbers(CONTRACT) => format!(
            "; it is made for cofferdam:cni {made_for}, and this Cofferdam has {CONTRACT}: upgrade Cofferdam, or have it built for {CONTRACT}"
        ),
        _ => String::new(),
    }
}

/// The version of an interface of the contract.
fn version(interface: &str) -> Option<&str> {
    interface
        .strip_prefix(PACKAGE)?
        .split_once('@')
        .map(|(_, version)| version)
}

/// What has to be the same.
fn minor(version: &str) -> &str {
    version.rsplit_once('.').map_or(version, |(minor, _)| minor)
}

fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_version_is_that_of_the_contracts_text() {
        let text = include_str!("../../../wit/world.wit");
        assert!(text.contains(&format!("package cofferdam:cni@{CONTRACT};")));
    }

    #[test]
    fn the_last_number_makes_no_difference() {
        for (interfaces, wanted) in [
            (vec![], None),
            (vec!["wasi:io/streams@0.2.6", "cofferdam:cni/links@0.1.0"], None),
            (vec!["cofferdam:cni/links@0.1.12"], None),
            (
                vec!["cofferdam:cni/links@0.1.0", "cofferdam:cni/routes@0.2.0"],
                Some("0.2.0"),
            ),
            (vec!["cofferdam:cni/links@1.1.0"], Some("1.1.0")),
            (vec!["cofferdam:cni/links@nonsense"], Some("nonsense")),
        ] {
            let found = check_versions(interfaces.iter().copied())
                .err()
                .map(|error| error.to_string());
            match wanted {
                None => assert_eq!(found, None, "{interfaces:?}"),
                Some(wanted) => assert!(
                    found.unwrap().contains(&format!("made for cofferdam:cni {wanted},")),
                    "{interfaces:?}"
                ),
            }
        }
    }

    #[test]
    fn a_later_version_is_a_reason_to_upgrade() {
        assert_eq!(hint(["cofferdam:cni/links@0.1.0"]), "");
        assert!(hint(["cofferdam:cni/links@0.1.0", "cofferdam:cni/links@0.1.10"]).contains("0.1.10"));
    }
}
