use anyhow::bail;

use super::{PluginError, RuntimeConf};

/// What the library looks at before an ADD; other verbs go to the plugin whatever the names are.
pub(super) fn validate(network: &str, conf: &RuntimeConf) -> anyhow::Result<()> {
    if conf.container_id.is_empty() {
        bail!(refused(3, "missing containerID", ""));
    }
    if !is_identifier(&conf.container_id) {
        bail!(refused(4, "invalid characters in containerID", &conf.container_id));
    }
    if network.is_empty() {
        bail!(refused(7, "missing network name", ""));
    }
    if !is_identifier(network) {
        bail!(refused(7, "invalid characters found in network name", network));
    }
    let ifname = &conf.ifname;
    if ifname.is_empty() {
        bail!(refused(4, "interface name is empty", ""));
    }
    if ifname.len() > 15 {
        bail!(refused(
            4,
            "interface name is too long",
            "interface name should be less than 16 characters"
        ));
    }
    if [".", ".."].contains(&ifname.as_str()) {
        bail!(refused(4, "interface name is . or ..", ""));
    }
    if ifname
        .chars()
        .any(|character| character == '/' || character == ':' || character.is_whitespace())
    {
        bail!(refused(
            4,
            "interface name contains / or : or whitespace characters",
            ""
        ));
    }
    Ok(())
}

fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && characters.all(|character| character.is_ascii_alphanumeric() || "_.-".contains(character))
}

fn refused(code: u64, message: &str, details: &str) -> PluginError {
    PluginError {
        code,
        message: message.to_owned(),
        details: details.to_owned(),
    }
}
