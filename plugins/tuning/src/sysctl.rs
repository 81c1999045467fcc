use cofferdam_guest_sdk::{Failure, Namespace};

use crate::{allow_list, config::Settings};

/// What stands for the interface's name.
const INTERFACE: &str = "IFNAME";

/// Writes the settings, which the node's operator has to allow.
pub(crate) fn write(container: &Namespace, interface: &str, settings: &Settings) -> Result<(), Failure> {
    if settings.0.is_empty() {
        return Ok(());
    }
    let parts = settings
        .0
        .iter()
        .map(|(key, value)| Ok((parts(key, interface)?, value)))
        .collect::<Result<Vec<_>, Failure>>()?;
    allow_list::check(settings)?;
    for (parts, value) in parts {
        container.set_sysctl(&parts.iter().map(String::as_str).collect::<Vec<_>>(), value)?;
    }
    Ok(())
}

/// Compares the settings with what they are now.
pub(crate) fn compare(container: &Namespace, interface: &str, settings: &Settings) -> Result<(), Failure> {
    for (key, value) in &settings.0 {
        let parts = parts(key, interface)?;
        let now = container.sysctl(&parts.iter().map(String::as_str).collect::<Vec<_>>())?;
        // The kernel writes tabs between numbers.
        if !now.split_whitespace().eq(value.split_whitespace()) {
            let text = format!("Error: Tuning configured sysctl {key} has value {now:?}, not {value:?}");
            return Err(Failure::changed(text));
        }
    }
    Ok(())
}

/// The name of a setting part by part; dots are as good as slashes.
fn parts(key: &str, interface: &str) -> Result<Vec<String>, Failure> {
    let path = key.replace('.', "/").replacen(INTERFACE, interface, 1);
    let parts: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    // A dot within a name became a slash: there is no way up.
    if parts.len() < 2 || parts.first().is_none_or(|first| first != "net") {
        return Err(Failure::invalid_config(format!("invalid net sysctl key: {key:?}")));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_is_below_net_and_may_stand_for_the_interface() {
        for (key, expected) in [
            ("net.ipv4.ip_forward", Some("net|ipv4|ip_forward")),
            (
                "net/ipv4/conf/IFNAME/arp_filter",
                Some("net|ipv4|conf|eth0.5|arp_filter"),
            ),
            ("/net//core/somaxconn", Some("net|core|somaxconn")),
            ("net.ipv4.conf.IFNAME.IFNAME", Some("net|ipv4|conf|eth0.5|IFNAME")),
            ("kernel.hostname", None),
            ("net", None),
            ("netx.core", None),
            ("../kernel/hostname", None),
            ("", None),
        ] {
            let parts = parts(key, "eth0.5").ok().map(|parts| parts.join("|"));
            assert_eq!(parts.as_deref(), expected, "{key}");
        }
    }
}
