//! Settings that are shared or the container's, and claims on addresses.

use std::path::PathBuf;

use cofferdam_journal::{Inverse, Made, Operation, Owner, Records, Setting, SharedObject};
use cofferdam_network::Network as _;
use cofferdam_protocol::Place;
use cofferdam_system::files::{self as fs, symlink};

use super::{Case, joined};
use crate::{fixture::soon, ground::Ground, things::forwarding};

pub(super) fn settings(ground: &Ground) -> Vec<Case> {
    let nic = ground.nic;
    let set = |place: Place, value: &'static str| {
        move |ground: &mut Ground| ground.kernel.set_sysctl(place, &forwarding(), value).unwrap()
    };
    let operation = |place: Place| Operation::SetSysctl {
        place,
        key: forwarding(),
        value: "1".to_owned(),
    };
    let left = Some("somebody set net/ipv4/ip_forward to \"2\" since");
    vec![
        joined(
            Operation::SetLinkMtu {
                link: nic,
                name: "nic0".to_owned(),
                mtu: 1400,
            },
            SharedObject::LinkSetting {
                place: Place::Host,
                link: "nic0".to_owned(),
                setting: Setting::Mtu,
            },
            Made::LinkSetting {
                old: 1500,
                new: 1400,
                index: Some(nic.index),
            },
            move |ground| ground.kernel.set_link_mtu(nic, 1400).unwrap(),
        )
        .but(
            move |ground| ground.kernel.set_link_mtu(nic, 1300).unwrap(),
            Some("somebody set mtu of link nic0 to 1300 since"),
        ),
        joined(
            operation(Place::Host),
            SharedObject::Sysctl {
                place: Place::Host,
                key: forwarding(),
            },
            Made::Sysctl {
                old: "0".to_owned(),
                new: "1".to_owned(),
            },
            set(Place::Host, "1"),
        )
        .but(set(Place::Host, "2"), left),
        Case::new(
            operation(Place::Container),
            Inverse::RestoreSysctl {
                place: Place::Container,
                key: forwarding(),
                old: "0".to_owned(),
                new: "01".to_owned(),
            },
            set(Place::Container, "01"),
        )
        .but(set(Place::Container, "2"), left),
    ]
}

pub(super) fn claim(ground: &Ground) -> Case {
    let directory = ground.state.root().join("records");
    let address = "10.22.0.2".parse().unwrap();
    let (there, theirs): (PathBuf, _) = (directory.clone(), directory.join("10.22.0.2"));
    Case::new(
        Operation::Claim {
            directory: directory.clone(),
            address,
        },
        Inverse::ReleaseClaim { directory, address },
        move |ground| {
            let owner = Owner {
                container_id: ground.id.container_id.clone(),
                interface_name: Some(ground.id.interface_name.clone()),
            };
            let state = ground.state.directory.path().to_owned();
            let mut records = Records::open(&there, &state, &ground.id, owner, soon()).unwrap();
            assert!(records.claim(&address).unwrap());
        },
    )
    .but(move |_| fs::write(&theirs, "c2\r\neth0").unwrap(), None)
}

pub(super) fn slot() -> Case {
    let place = |ground: &Ground| ground.state.directory.path().join("quota/counter.c/3");
    let lead_to = move |ground: &Ground, owner: &str| {
        let path = place(ground);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        symlink(owner, path).unwrap();
    };
    Case::new(
        Operation::TakeSlot {
            counter: "c".to_owned(),
            number: 3,
        },
        Inverse::FreeSlot {
            counter: "c".to_owned(),
            number: 3,
        },
        move |ground| lead_to(ground, "mynet/c1/eth0/bridge/bridge/"),
    )
    .but(move |ground| lead_to(ground, "mynet/c2/eth0/bridge/bridge/"), None)
}
