use std::{net::IpAddr, str::FromStr};

use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::{Value, json};

/// How it is written.
pub(super) const FORM: &str = "[HOSTIP:]HOSTPORT:CONTAINERPORT[/PROTOCOL]";

/// A port of the node that leads to one of the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PublishedPort {
    host_ip: Option<IpAddr>,
    host_port: u16,
    container_port: u16,
    protocol: &'static str,
}

impl PublishedPort {
    /// An item of the capability `portMappings`.
    pub(super) fn mapping(&self) -> Value {
        let mut mapping = json!({
            "hostPort": self.host_port,
            "containerPort": self.container_port,
            "protocol": self.protocol,
        });
        if let (Some(ip), Some(keys)) = (self.host_ip, mapping.as_object_mut()) {
            keys.insert("hostIP".to_owned(), json!(ip));
        }
        mapping
    }
}

impl FromStr for PublishedPort {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        parse(text).map_err(|error| anyhow!("{error}; write {FORM}, such as 8080:80 or [::1]:5353:53/udp"))
    }
}

fn parse(text: &str) -> anyhow::Result<PublishedPort> {
    let (ports, protocol) = match text.split_once('/') {
        Some((ports, name)) => (ports, protocol(name)?),
        None => (text, "tcp"),
    };
    let (host, container_port) = ports.rsplit_once(':').context("there is only one port")?;
    let (host_ip, host_port) = match host.rsplit_once(':') {
        Some((ip, port)) => (Some(address(ip)?), port),
        None => (None, host),
    };
    Ok(PublishedPort {
        host_ip,
        host_port: port(host_port)?,
        container_port: port(container_port)?,
        protocol,
    })
}

fn protocol(name: &str) -> anyhow::Result<&'static str> {
    let known = ["tcp", "udp", "sctp"];
    let found = known.into_iter().find(|known| known.eq_ignore_ascii_case(name));
    found.with_context(|| format!("{name:?} is none of tcp, udp and sctp"))
}

fn address(text: &str) -> anyhow::Result<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let ip = bare.unwrap_or(text).parse::<IpAddr>();
    let Ok(ip) = ip else {
        bail!("{text:?} is not an IP address")
    };
    ensure!(
        ip.is_ipv6() == bare.is_some(),
        "IPv6 addresses, and no others, are in brackets"
    );
    Ok(ip)
}

fn port(text: &str) -> anyhow::Result<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port > 0);
    port.with_context(|| format!("{text:?} is not a port from 1 to 65535"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_port_is_published_at_all_addresses_or_at_one() {
        for (text, mapping) in [
            (
                "8080:80",
                json!({ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }),
            ),
            (
                "127.0.0.1:5353:53/UDP",
                json!({ "hostPort": 5353, "containerPort": 53, "protocol": "udp", "hostIP": "127.0.0.1" }),
            ),
            (
                "[::1]:8080:80/sctp",
                json!({ "hostPort": 8080, "containerPort": 80, "protocol": "sctp", "hostIP": "::1" }),
            ),
        ] {
            assert_eq!(text.parse::<PublishedPort>().unwrap().mapping(), mapping, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_form() {
        for (text, said) in [
            ("80", "only one port"),
            ("", "only one port"),
            ("0:80", "\"0\" is not a port"),
            ("80:65536", "\"65536\" is not a port"),
            ("80:+8", "\"+8\" is not a port"),
            (":80", "\"\" is not a port"),
            ("80:80/icmp", "\"icmp\" is none of"),
            ("::1:80:80", "in brackets"),
            ("[127.0.0.1]:80:80", "in brackets"),
            ("node:80:80", "\"node\" is not an IP address"),
        ] {
            let error = format!("{:#}", text.parse::<PublishedPort>().unwrap_err());
            assert!(error.contains(said) && error.contains(FORM), "{text}: {error}");
        }
    }
}
