use std::net::IpAddr;

use cofferdam_protocol::IpPrefix;

use crate::{Route, bindings::routes};

/// A unicast route through one link.
///
/// ```
/// use cofferdam_guest_sdk::RouteSpec;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let route = RouteSpec {
///     gateway: Some("10.22.0.1".parse()?),
///     mtu: Some(1400),
///     ..RouteSpec::to("0.0.0.0/0".parse()?)
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteSpec {
    /// Where it leads.
    pub destination: IpPrefix,
    /// The next hop; absent: the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// Preferred source address.
    pub source: Option<IpAddr>,
    /// Metric; the lowest wins. Absent leaves the kernel's choice.
    pub priority: Option<u32>,
    /// Routing table; absent means the main one.
    pub table: Option<u32>,
    /// Scope as in `rtnetlink(7)`; absent: 253 (link) for a route without a
    /// gateway, 0 (universe) for one with.
    pub scope: Option<u8>,
    /// Path MTU in bytes.
    pub mtu: Option<u32>,
    /// Largest TCP segment to announce, in bytes.
    pub advmss: Option<u32>,
}

impl RouteSpec {
    /// A route with nothing but a destination.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::RouteSpec;
    /// let route = RouteSpec::to("192.0.2.0/24".parse().unwrap());
    /// assert_eq!(route.gateway, None);
    /// ```
    #[must_use]
    pub fn to(destination: IpPrefix) -> Self {
        Self {
            destination,
            gateway: None,
            source: None,
            priority: None,
            table: None,
            scope: None,
            mtu: None,
            advmss: None,
        }
    }

    pub(crate) fn to_wit(self) -> routes::RouteSpec {
        routes::RouteSpec {
            destination: self.destination.into(),
            gateway: self.gateway.map(Into::into),
            source: self.source.map(Into::into),
            priority: self.priority,
            table: self.table,
            scope: self.scope,
            mtu: self.mtu,
            advmss: self.advmss,
        }
    }
}

impl From<&Route> for RouteSpec {
    fn from(route: &Route) -> Self {
        Self {
            destination: route.destination,
            gateway: route.gateway,
            source: None,
            priority: route.priority,
            table: route.table,
            scope: route.scope,
            mtu: route.mtu,
            advmss: route.advmss,
        }
    }
}

impl From<routes::RouteSpec> for RouteSpec {
    fn from(route: routes::RouteSpec) -> Self {
        Self {
            destination: route.destination.into(),
            gateway: route.gateway.map(Into::into),
            source: route.source.map(Into::into),
            priority: route.priority,
            table: route.table,
            scope: route.scope,
            mtu: route.mtu,
            advmss: route.advmss,
        }
    }
}
