//! What a runtime would tell plugins, as it is typed or set.

use std::{
    env,
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, bail};
use cofferdam_protocol::json::Node;

/// Where networks are configured, unless it is said otherwise.
pub(crate) fn configurations(given: Option<&Path>) -> PathBuf {
    given
        .map(Path::to_owned)
        .or_else(|| variable("NETCONFPATH").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("/etc/cni/net.d"))
}

/// A variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Capability arguments, which are a JSON object.
pub(crate) fn capability_args(text: &str) -> anyhow::Result<Node> {
    let node = Node::parse(text).context("the capability arguments (CAP_ARGS) are not JSON")?;
    anyhow::ensure!(
        matches!(node, Node::Object(_)),
        "the capability arguments (CAP_ARGS) are {}, not an object",
        node.kind()
    );
    Ok(node)
}

/// The path without `.`, `..` and what they take back, from the root. Symbolic
/// links are not followed, so that the namespace need not be there.
pub(crate) fn absolute(path: &Path) -> anyhow::Result<String> {
    let path = std::env::current_dir()
        .context("find the working directory")?
        .join(path);
    let mut plain = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    match plain.into_os_string().into_string() {
        Ok(text) => Ok(text),
        Err(text) => bail!("{} is not UTF-8, so it can't be handed to plugins", text.display()),
    }
}

/// `CNI_ARGS` pair by pair, as strictly as `cnitool`.
pub(crate) fn pairs(text: &str) -> anyhow::Result<Vec<(String, String)>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let pair = |pair: &str| match pair.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() && !value.contains('=') => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => bail!("invalid CNI_ARGS pair {pair:?}; write KEY=VALUE;KEY=VALUE"),
    };
    text.split(';').map(pair).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_path_is_made_absolute_without_looking_at_what_is_there() {
        assert_eq!(absolute(Path::new("/no//such/./a/../b")).unwrap(), "/no/such/b");
        let here = std::env::current_dir().unwrap();
        assert_eq!(absolute(Path::new("x")).unwrap(), here.join("x").to_string_lossy());
    }

    #[test]
    fn arguments_have_a_key_and_a_value() {
        assert_eq!(
            pairs("A=1;B=2").unwrap(),
            [("A".into(), "1".into()), ("B".into(), "2".into())]
        );
        assert!(pairs("").unwrap().is_empty());
        for text in ["A", "A=", "=1", "A=1;", "A=1=2", ";"] {
            assert!(pairs(text).is_err(), "{text}");
        }
    }
}
