use cofferdam_guest_sdk::{
    Failure,
    bindings::{
        conntrack::{self, Flows},
        links::Link,
        traffic_control::{self, RateLimit},
        types::IpAddress,
    },
};

use super::{
    Outcome, Script, address,
    call::{Call, In},
    done, namespace,
};

impl Script {
    /// `None` when the call is of another kind.
    pub(super) fn traffic_call(&mut self, call: &Call) -> Option<Outcome> {
        let outcome = match call {
            Call::Limit { link, rate } => self
                .link(*link)
                .and_then(|link| done(traffic_control::limit_rate(link, limit(*rate)))),
            Call::IsLimited { link, rate } => {
                let told = self
                    .link(*link)
                    .map(|link| traffic_control::is_rate_limited(link, limit(*rate)));
                told.and_then(|told| self.look(told))
            }
            Call::Redirect { link, to } => self
                .both(*link, *to)
                .and_then(|(link, to)| done(traffic_control::redirect_incoming(link, to))),
            Call::IsRedirected { link, to } => {
                let told = self
                    .both(*link, *to)
                    .map(|(link, to)| traffic_control::is_incoming_redirected(link, to));
                told.and_then(|told| self.look(told))
            }
            Call::Forget {
                r#in,
                ports,
                address: to,
            } => forget(*r#in, ports, to.as_deref()),
            _ => return None,
        };
        Some(outcome)
    }

    fn both(&self, link: usize, to: usize) -> Result<(&Link, &Link), Failure> {
        Ok((self.link(link)?, self.link(to)?))
    }
}

fn limit(rate: u64) -> RateLimit {
    RateLimit {
        rate,
        burst: 10_000,
        latency: 25_000,
    }
}

fn forget(place: In, ports: &[u16], to: Option<&str>) -> Outcome {
    let to = to.map(address).transpose()?;
    let flows = |port: &u16| Flows {
        ipv6: to.is_some_and(|to| matches!(to, IpAddress::Ipv6(_))),
        port: *port,
        address: to,
    };
    let flows: Vec<Flows> = ports.iter().map(flows).collect();
    done(conntrack::forget(&namespace(place)?, &flows))
}
