//! What is looked after, with what is sent at the end.

use std::net::Ipv4Addr;

use cofferdam_journal::{Farewell, Inverse, Operation, UpkeepRecord, since_boot};
use cofferdam_network::{Datagram, LinkId, Ports};

use super::Case;
use crate::ground::Ground;

pub(crate) const PLUGIN: &str = "dhcp";
pub(crate) const PORTS: Ports = Ports { local: 68, remote: 67 };

/// A record that is kept on `nic0`, with a farewell.
pub(crate) fn upkeep(ground: &Ground) -> Case {
    let nic = ground.nic;
    Case::new(
        Operation::Keep {
            plugin: PLUGIN.to_owned(),
            address: None,
        },
        Inverse::EndUpkeep {
            plugin: PLUGIN.to_owned(),
        },
        move |ground| {
            let upkeep = ground.state.directory.upkeep();
            upkeep.keep(&record(ground, nic, b"goodbye")).unwrap();
        },
    )
    .but(
        |ground| {
            let removed = ground.state.directory.upkeep().remove(&ground.id, PLUGIN);
            assert!(removed.unwrap());
        },
        None,
    )
}

pub(crate) fn record(ground: &Ground, link: LinkId, farewell: &[u8]) -> UpkeepRecord {
    UpkeepRecord {
        attachment: ground.id.clone(),
        plugin: PLUGIN.to_owned(),
        namespace: None,
        config: "{}".to_owned(),
        args: String::new(),
        address: Some(Ipv4Addr::new(192, 0, 2, 9)),
        kept: since_boot(),
        due: None,
        state: vec![1, 2, 3],
        farewell: Some(Farewell {
            link,
            name: "nic0".to_owned(),
            ports: PORTS,
            datagram: Datagram {
                source: Ipv4Addr::new(192, 0, 2, 9),
                destination: Ipv4Addr::BROADCAST,
                mac: None,
                payload: farewell.to_vec(),
            },
        }),
    }
}
