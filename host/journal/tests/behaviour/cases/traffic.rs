//! Limits, redirections and tracked flows.

use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::{Flows, Network as _, RateLimit};
use cofferdam_protocol::Place;

use super::Case;
use crate::ground::Ground;

fn limit(rate: u64) -> RateLimit {
    RateLimit {
        rate,
        burst: 10_000,
        latency: 25_000,
    }
}

pub(super) fn traffic(ground: &Ground) -> Vec<Case> {
    let (nic, port) = (ground.nic, ground.port);
    let bridge = ground.bridge.index;
    let name = || "nic0".to_owned();
    let flows = || Flows {
        ipv6: false,
        port: 53,
        address: None,
    };
    vec![
        Case::new(
            Operation::LimitRate {
                link: nic,
                name: name(),
                limit: limit(1_000_000),
            },
            Inverse::DeleteRateLimit {
                link: nic,
                name: name(),
                limit: limit(1_000_000),
            },
            move |ground| ground.kernel.limit_rate(nic, &limit(1_000_000)).unwrap(),
        )
        .but(move |ground| ground.kernel.delete_rate_limit(nic).unwrap(), None)
        .but(
            move |ground| {
                ground.kernel.delete_rate_limit(nic).unwrap();
                ground.kernel.limit_rate(nic, &limit(2_000_000)).unwrap();
            },
            Some("a rate of 2000000 bytes/s"),
        ),
        Case::new(
            Operation::RedirectIncoming {
                link: nic,
                name: name(),
                to: port.index,
                to_name: "nic2".to_owned(),
            },
            Inverse::DeleteRedirect {
                link: nic,
                name: name(),
                to: port.index,
            },
            move |ground| ground.kernel.redirect_incoming(nic, port.index).unwrap(),
        )
        .but(move |ground| ground.kernel.delete_redirect(nic).unwrap(), None)
        .but(
            move |ground| {
                ground.kernel.delete_redirect(nic).unwrap();
                ground.kernel.redirect_incoming(nic, bridge).unwrap();
            },
            Some("redirected to link"),
        ),
        Case::new(
            Operation::ForgetFlows {
                place: Place::Host,
                flows: vec![flows()],
            },
            Inverse::ForgetFlows {
                place: Place::Host,
                flows: vec![flows()],
            },
            move |ground| ground.kernel.forget_flows(Place::Host, &[flows()]).unwrap(),
        ),
    ]
}
