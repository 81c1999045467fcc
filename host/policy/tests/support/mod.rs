//! What the tests share.
// Each test program uses a part of it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub(crate) mod arbitrary;
pub(crate) mod findings;
pub(crate) mod ground;
pub(crate) mod two_files;

use std::path::PathBuf;

use cofferdam_policy::{Grants, NO_KEYS, PluginPolicy, PolicyError};

/// A policy of the plugin `test` from the text of one file.
pub(crate) fn policy(text: &str) -> Result<PluginPolicy, PolicyError> {
    PluginPolicy::parse("test", &[(PathBuf::from("test.toml"), text.to_owned())], NO_KEYS)
}

/// Grants from the bodies of `[[plugin.test.grant]]` tables.
pub(crate) fn grants(bodies: &[&str]) -> Grants {
    let mut text = "[plugin.test]\n".to_owned();
    for body in bodies {
        text.push_str("[[plugin.test.grant]]\n");
        text.push_str(body);
        text.push('\n');
    }
    policy(&text)
        .unwrap_or_else(|error| panic!("{error}"))
        .for_attachment("any", None)
}
