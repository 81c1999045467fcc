use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// Characters of a host's name, and of a part of it.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Where clouds tell a node's secrets to whoever asks, besides link-local
/// addresses.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Where HTTP requests go: `https://ipam.example:8443`. The port is left out
/// where it is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    secure: bool,
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Host {
    Address(IpAddr),
    /// In lower case.
    Name(String),
}

/// What keeps a text from being an origin or a URL that can be read in one way
/// only.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UrlProblem {
    /// It has too many bytes.
    #[error("it has more than {0} bytes")]
    Long(usize),
    /// A blank, a control character, or one that URLs have in disguise only.
    #[error("a URL has no {0:?}")]
    Character(char),
    /// Not `http` or `https`.
    #[error("it does not begin with http:// or https://")]
    Scheme,
    /// `user@`.
    #[error("there is a user name in it, before the @; the operator's policy names the credential")]
    UserInfo,
    /// Neither a name nor an address.
    #[error(
        "{0:?} is no host: a name of letters, digits, '-', '_' and dots, an IPv4 address, or an IPv6 address in brackets"
    )]
    Host(String),
    /// An address in a form that programs read differently.
    #[error("{0:?} is an address in disguise; write it as 10.1.2.3 or [fd00::1]")]
    Disguised(String),
    /// An address that no service has.
    #[error("{0} is no service's address: it is link-local, of a cloud's metadata, unspecified, reserved, or for many")]
    NoService(IpAddr),
    /// Not a number from 1 to 65535.
    #[error("{0:?} is no port: a number from 1 to 65535 without zeros before it")]
    Port(String),
    /// `#…`.
    #[error("there is a fragment in it, after the #, which no server gets")]
    Fragment,
    /// `.` or `..`.
    #[error("the path has a segment {0:?}, which servers read as another path")]
    DotSegment(String),
    /// A percent sign without two digits, or before those of a character that
    /// has a meaning.
    #[error("{0:?} in it is read differently by different servers")]
    Encoding(String),
    /// It does not begin with a slash.
    #[error("a path begins with /")]
    Path,
    /// It has a path.
    #[error("an origin ends with its host or port; paths are granted with the key paths")]
    MoreThanOrigin,
}

impl Origin {
    /// Whether it is spoken to by TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Its TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the host is a name, which has to be resolved.
    #[must_use]
    pub fn has_name(&self) -> bool {
        matches!(self.host, Host::Name(_))
    }

    /// Whether its host may stand for this address: none that no service has,
    /// and the node's loopback only where the origin says so.
    #[must_use]
    pub fn may_lead_to(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if !is_of_services(address) || embedded(address).is_some_and(|inner| !is_of_services(IpAddr::V4(inner))) {
            return false;
        }
        let is_local = |address: IpAddr| address.is_loopback();
        if is_local(address) || embedded(address).is_some_and(|inner| is_local(IpAddr::V4(inner))) {
            return self.is_local();
        }
        true
    }

    /// Whether it names the node itself.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match &self.host {
            Host::Address(address) => address.is_loopback(),
            Host::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    /// Reads the origin that a text begins with; the rest of the text.
    pub(super) fn read(text: &str) -> Result<(Self, &str), UrlProblem> {
        if let Some(character) = text.chars().find(|character| !character.is_ascii_graphic()) {
            return Err(UrlProblem::Character(character));
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlProblem::Scheme)?;
        let secure = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(UrlProblem::Scheme),
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlProblem::UserInfo);
        }
        let (host, port) = host(authority)?;
        if let Host::Address(address) = host
            && !is_of_services(address)
        {
            return Err(UrlProblem::NoService(address));
        }
        let origin = Self {
            secure,
            host,
            port: port.unwrap_or(usual_port(secure)),
        };
        Ok((origin, rest))
    }
}

fn usual_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// The host, and the port if there is one.
fn host(authority: &str) -> Result<(Host, Option<u16>), UrlProblem> {
    let no_host = || UrlProblem::Host(authority.to_owned());
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (text, rest) = bracketed.split_once(']').ok_or_else(no_host)?;
        let address: Ipv6Addr = text.parse().map_err(|_| no_host())?;
        if address.to_ipv4_mapped().is_some() {
            return Err(UrlProblem::Disguised(text.to_owned()));
        }
        let port = match rest.strip_prefix(':') {
            Some(digits) => Some(port(digits)?),
            None if rest.is_empty() => None,
            None => return Err(no_host()),
        };
        return Ok((Host::Address(address.into()), port));
    }
    let (name, digits) = match authority.split_once(':') {
        Some((name, digits)) => (name, Some(digits)),
        None => (authority, None),
    };
    Ok((named(name)?, digits.map(port).transpose()?))
}

fn port(digits: &str) -> Result<u16, UrlProblem> {
    let no_port = || UrlProblem::Port(digits.to_owned());
    if digits.starts_with('0') || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(no_port());
    }
    digits.parse().map_err(|_| no_port())
}

/// A name, or an IPv4 address. What ends in a number is an address to many C
/// libraries, in one of a dozen forms.
fn named(text: &str) -> Result<Host, UrlProblem> {
    let name = text.to_ascii_lowercase();
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty()
            && label.len() <= LONGEST_LABEL
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() > LONGEST_NAME || !name.split('.').all(is_label) {
        return Err(UrlProblem::Host(text.to_owned()));
    }
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_number {
        return Err(UrlProblem::Disguised(text.to_owned()));
    }
    Ok(Host::Name(name))
}

/// Whether a service can have the address.
fn is_of_services(address: IpAddr) -> bool {
    let is_special = match address {
        IpAddr::V4(address) => {
            let [first, ..] = address.octets();
            address.is_link_local() || first == 0 || first >= 240
        }
        IpAddr::V6(address) => address.segments()[0] & 0xffc0 == 0xfe80,
    };
    !is_special && !address.is_unspecified() && !address.is_multicast() && !METADATA.contains(&address)
}

/// The IPv4 address that packets to an IPv6 address may be translated to: by
/// NAT64 (RFC 6052) or 6to4 (RFC 3056), or that it is compatible to.
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let segments = address.segments();
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        // But for `::` and `::1`.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(of(high, low)),
        _ => None,
    }
}

impl FromStr for Origin {
    type Err = UrlProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Self::read(text)? {
            (origin, "") => Ok(origin),
            _ => Err(UrlProblem::MoreThanOrigin),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "https://" } else { "http://" })?;
        match &self.host {
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            Host::Name(name) => f.write_str(name)?,
        }
        if self.port != usual_port(self.secure) {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    #[test]
    fn an_origin_has_one_form() {
        for (text, form) in [
            ("https://ipam.example", "https://ipam.example"),
            ("https://IPAM.Example:443", "https://ipam.example"),
            ("http://ipam.example:443", "http://ipam.example:443"),
            ("http://ipam_1.example:80", "http://ipam_1.example"),
            ("https://10.1.2.3:8443", "https://10.1.2.3:8443"),
            ("https://[FD00:0::1]:8443", "https://[fd00::1]:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(origin(text).to_string(), form, "{text}");
            assert_eq!(origin(&origin(text).to_string()), origin(text));
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_no_origin() {
        for text in [
            "",
            "ipam.example",
            "//ipam.example",
            "ftp://ipam.example",
            "HTTPS://ipam.example",
            "https:/ipam.example",
            "https://",
            "https://:443",
            "https://ipam.example/",
            "https://ipam.example?x",
            "https://ipam.example#x",
            "https://ipam.example\\@other.example",
            "https://user@ipam.example",
            "https://user:word@ipam.example",
            "https://ipam.example:",
            "https://ipam.example:0",
            "https://ipam.example:080",
            "https://ipam.example:+80",
            "https://ipam.example:65536",
            "https://ipam.example:443:443",
            "https://ipam.example.",
            "https://.ipam.example",
            "https://ipam..example",
            "https://-ipam.example",
            "https://ipam%2eexample",
            "https://ip am.example",
            "https://ipam.example\r\n",
            "https://ipäm.example",
            "https://2130706433",
            "https://127.1",
            "https://0x7f000001",
            "https://0x7f.0.0.1",
            "https://0177.0.0.1",
            "https://127.0.0.1.2",
            "https://256.0.0.1",
            "https://fd00::1",
            "https://[fd00::1",
            "https://[fd00::1]8443",
            "https://[fe80::1%25eth0]",
            "https://[::ffff:10.1.2.3]",
            "https://169.254.169.254",
            "https://0.0.0.0",
            "https://0.1.2.3",
            "https://224.0.0.1",
            "https://255.255.255.255",
            "https://100.100.100.200",
            "https://[::]",
            "https://[fe80::1]",
            "https://[ff02::1]",
            "https://[fd00:ec2::254]",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_leads_to_services_only() {
        let named = origin("https://ipam.example");
        for (address, leads) in [
            ("10.1.2.3", true),
            ("192.0.2.1", true),
            ("fd00::1", true),
            ("2001:db8::1", true),
            ("127.0.0.1", false),
            ("127.3.2.1", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("169.254.169.254", false),
            ("::ffff:169.254.169.254", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("64:ff9b::7f00:1", false),
            ("2002:a9fe:a9fe::1", false),
            ("::169.254.169.254", false),
            ("64:ff9b::a01:203", true),
            ("fe80::1", false),
            ("fd00:ec2::254", false),
            ("0.0.0.0", false),
            ("::", false),
            ("224.0.0.1", false),
            ("ff02::1", false),
            ("255.255.255.255", false),
        ] {
            assert_eq!(named.may_lead_to(address.parse().unwrap()), leads, "{address}");
        }
    }

    #[test]
    fn only_an_origin_that_says_so_leads_to_loopback() {
        for text in [
            "http://localhost",
            "http://127.0.0.1:8080",
            "http://[::1]",
            "http://ipam.localhost",
        ] {
            assert!(origin(text).may_lead_to("127.0.0.1".parse().unwrap()), "{text}");
        }
        assert!(!origin("http://localhost.example").may_lead_to("127.0.0.1".parse().unwrap()));
    }
}
