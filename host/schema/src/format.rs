use std::net::IpAddr;

use cofferdam_protocol::{IpPrefix, MacAddress};

/// What a text stands for. The empty one is as good as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Ip,
    Cidr,
    Mac,
}

impl Format {
    pub(crate) const ALL: [Self; 3] = [Self::Ip, Self::Cidr, Self::Mac];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Cidr => "cidr",
            Self::Mac => "mac",
        }
    }

    pub(crate) fn holds(self, text: &str) -> bool {
        text.is_empty()
            || match self {
                Self::Ip => text.parse::<IpAddr>().is_ok(),
                Self::Cidr => text.parse::<IpPrefix>().is_ok(),
                Self::Mac => text.parse::<MacAddress>().is_ok(),
            }
    }

    /// With its article.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Ip => "an IP address",
            Self::Cidr => "a network in CIDR notation",
            Self::Mac => "an Ethernet address",
        }
    }

    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Ip => "10.22.0.5 or fd00::5",
            Self::Cidr => "10.22.0.0/16 or fd00::/64",
            Self::Mac => "02:00:5e:10:00:01",
        }
    }
}
