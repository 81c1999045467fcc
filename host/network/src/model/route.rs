use std::net::IpAddr;

use cofferdam_protocol::IpPrefix;
use serde::{Deserialize, Serialize};

/// `IP6_RT_PRIO_USER`: the metric of an IPv6 route that was given none.
const IPV6_METRIC: u32 = 1024;
/// What a packet may have, less what the kernel keeps for a link's header.
const LARGEST_MTU: u32 = 65_535 - 15;
/// The same less the headers of IP and TCP.
const LARGEST_ADVMSS: u32 = 65_535 - 40;

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

    /// As the kernel keeps it: a metric of 0 is none, and what is too large is
    /// the largest (`ip_metrics_convert` in `net/ipv4/metrics.c`).
    #[must_use]
    pub fn as_kept(self) -> Self {
        let kept = |given: Option<u32>, largest: u32| given.filter(|value| *value > 0).map(|value| value.min(largest));
        Self {
            mtu: kept(self.mtu, LARGEST_MTU),
            advmss: kept(self.advmss, LARGEST_ADVMSS),
            ..self
        }
    }

    /// Which of the routes of a link and table, in the kernel's order, it would
    /// perhaps delete in place of this one, which is one of them.
    ///
    /// To the kernel, what is left out matches anything. Of IPv4 routes it
    /// takes the first that matches; of IPv6 ones any, and it looks at the
    /// gateway alone.
    #[must_use]
    pub fn mistaken_for<'r>(&self, routes: &'r [Self]) -> Option<&'r Self> {
        let is_ipv6 = self.destination.is_ipv6();
        let matches = |other: &&Self| {
            self.is_in_place_of(other)
                && agrees(self.gateway, other.gateway)
                && (is_ipv6
                    || agrees(self.source, other.source)
                        && agrees(self.scope, other.scope)
                        && agrees(self.mtu, other.mtu)
                        && agrees(self.advmss, other.advmss))
        };
        if is_ipv6 {
            routes.iter().filter(|other| *other != self).find(matches)
        } else {
            routes.iter().take_while(|other| *other != self).find(matches)
        }
    }

    /// Whether every field that is given agrees with that of another route; the
    /// table is not looked at, nor the scope, which the kernel gives to routes
    /// that were added without one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.destination.network() == other.destination.network()
            && agrees(self.gateway, other.gateway)
            && agrees(self.source, other.source)
            && agrees(self.priority, other.priority)
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

/// What is left out agrees with anything.
fn agrees<T: PartialEq>(given: Option<T>, there: Option<T>) -> bool {
    given.is_none() || given == there
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
    fn of_ipv6_routes_the_kernel_tells_gateways_apart_and_nothing_else() {
        let through = Route {
            gateway: Some("fd00::1".parse().unwrap()),
            ..route("2001:db8::/32")
        };
        let direct = Route {
            mtu: Some(1400),
            ..route("2001:db8::/32")
        };
        let dearer = Route {
            priority: Some(2000),
            ..direct.clone()
        };
        let routes = [direct.clone(), through.clone(), dearer.clone()];
        assert_eq!(direct.mistaken_for(&routes), Some(&through));
        assert_eq!(through.mistaken_for(&routes), None);
        assert_eq!(dearer.mistaken_for(&routes), None);
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
