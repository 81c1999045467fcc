use cofferdam_guest_sdk::{Failure, Namespace, allow_list};

use crate::{config::Settings, pattern::Pattern};

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
    if let Some(list) = allow_list::read()? {
        check(&list, settings)?;
    }
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

/// Whether each key matches a line of the list.
fn check(list: &str, settings: &Settings) -> Result<(), Failure> {
    let lines: Vec<&str> = list.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut patterns = Vec::with_capacity(lines.len());
    for line in &lines {
        let pattern = Pattern::new(line).map_err(|error| {
            Failure::internal(format!(
                "/etc/cni/tuning/allowlist.conf: the expression {line:?} can't be read: {error}"
            ))
        })?;
        patterns.push(pattern);
    }
    for (key, _) in &settings.0 {
        if !patterns.iter().any(|pattern| pattern.is_in(key)) {
            return Err(Failure::invalid_config(format!(
                "Sysctl {key} is not allowed. Only the following sysctls are allowed: {lines:?}"
            )));
        }
    }
    Ok(())
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

    #[test]
    fn a_key_has_to_match_a_line() {
        let list = "\n  ^net.ipv4.conf.[a-z0-9]*.arp_filter$  \nsomaxconn\n";
        for (key, allowed) in [
            ("net.ipv4.conf.IFNAME.arp_filter", false),
            ("net.ipv4.conf.eth0.arp_filter", true),
            ("net.core.somaxconn", true),
            ("net.ipv4.ip_forward", false),
        ] {
            let settings = Settings(vec![(key.to_owned(), "1".to_owned())]);
            assert_eq!(check(list, &settings).is_ok(), allowed, "{key}");
        }
        assert!(check("", &Settings(vec![("net.a".to_owned(), "1".to_owned())])).is_err());
        assert!(check("(", &Settings::default()).unwrap_err().message.contains("\"(\""));
    }
}
