use std::net::IpAddr;

use cofferdam_protocol::IpPrefix;
use serde::{Deserialize, Serialize};

/// `IP6_RT_PRIO_USER`: the metric of an IPv6 route that was given none.
const IPV6_METRIC: u32 = 1024;

/// A unicast route through one link. What is absent is the kernel's choice
/// when adding, and matches anything when deleting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where to.
    pub destination: IpPrefix,
    /// Through whom.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gateway: Option<IpAddr>,
    /// Preferred source address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<IpAddr>,
    /// Metric; the lowest wins.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub priority: Option<u32>,
    /// Routing table; absent means the main one (254).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub table: Option<u32>,
    /// `RT_SCOPE_*`; absent: link without a gateway, universe with one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scope: Option<u8>,
    /// `RTAX_MTU`, bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mtu: Option<u32>,
    /// `RTAX_ADVMSS`, bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub advmss: Option<u32>,
}

impl Route {
    /// Whether a route as the kernel tells it is just the one that was added
    /// by this description, with the kernel's choice for what it leaves out.
    #[must_use]
    pub fn describes(&self, present: &Self) -> bool {
        self.is_in_place_of(present)
            && present.gateway == self.gateway
            && present.source == self.source
            && present.mtu == self.mtu
            && present.advmss == self.advmss
            && self.scope.is_none_or(|scope| present.scope == Some(scope))
    }

    /// Whether the kernel, asked to delete this one, would take the other for
    /// it: what this one leaves out matches anything.
    #[must_use]
    pub fn is_deleted_as(&self, other: &Self) -> bool {
        fn agrees<T: PartialEq>(given: Option<T>, there: Option<T>) -> bool {
            given.is_none() || given == there
        }
        self.is_in_place_of(other)
            && agrees(self.gateway, other.gateway)
            && agrees(self.source, other.source)
            && agrees(self.scope, other.scope)
            && agrees(self.mtu, other.mtu)
            && agrees(self.advmss, other.advmss)
    }

    /// Whether both lead to the same destination with the same metric, of
    /// which the kernel by itself has one. The table is not looked at.
    #[must_use]
    pub fn is_in_place_of(&self, other: &Self) -> bool {
        self.destination.network() == other.destination.network() && self.metric() == other.metric()
    }

    fn metric(&self) -> u32 {
        match self.priority {
            None | Some(0) if self.destination.is_ipv6() => IPV6_METRIC,
            given => given.unwrap_or(0),
        }
    }
}

/// What happens when a route to the destination exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteMode {
    /// An error, whatever its gateway (`NLM_F_CREATE | NLM_F_EXCL`).
    Exclusive,
    /// An error only for the very same route (`NLM_F_CREATE | NLM_F_APPEND`).
    Append,
    /// It is replaced (`NLM_F_CREATE | NLM_F_REPLACE`).
    Replace,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn route(destination: &str) -> Route {
        Route {
            destination: destination.parse().unwrap(),
            gateway: None,
            source: None,
            priority: None,
            table: None,
            scope: None,
            mtu: None,
            advmss: None,
        }
    }

    #[test]
    fn a_description_is_of_one_route() {
        let gateway = Some("10.0.0.1".parse().unwrap());
        let v4 = route("10.1.2.3/16");
        for (present, described) in [
            (route("10.1.0.0/16"), true),
            (
                Route {
                    table: Some(254),
                    scope: Some(253),
                    ..v4.clone()
                },
                true,
            ),
            (
                Route {
                    priority: Some(0),
                    ..v4.clone()
                },
                true,
            ),
            (route("10.1.0.0/17"), false),
            (Route { gateway, ..v4.clone() }, false),
            (
                Route {
                    priority: Some(1024),
                    ..v4.clone()
                },
                false,
            ),
            (
                Route {
                    source: gateway,
                    ..v4.clone()
                },
                false,
            ),
            (
                Route {
                    mtu: Some(1400),
                    ..v4.clone()
                },
                false,
            ),
            (
                Route {
                    advmss: Some(1360),
                    ..v4.clone()
                },
                false,
            ),
        ] {
            assert_eq!(v4.describes(&present), described, "{present:?}");
        }
        let v6 = route("fd00::/64");
        for (priority, described) in [(None, true), (Some(1024), true), (Some(256), false)] {
            assert_eq!(
                v6.describes(&Route { priority, ..v6.clone() }),
                described,
                "{priority:?}"
            );
        }
        let scoped = Route {
            scope: Some(0),
            ..v4.clone()
        };
        assert!(!scoped.describes(&Route { scope: Some(253), ..v4 }));
    }
}
