//! What tests of undoing do and look at again and again.

use std::process::Command;

use cofferdam_journal::{Inverse, Journal, Operation, Outcome};
use cofferdam_network::{LinkId, Network as _};
use cofferdam_protocol::Place;

use crate::{cases::Case, ground::Ground};

pub(crate) fn do_it(ground: &mut Ground, journal: &mut Journal, case: &Case) {
    ground.perform(journal, &case.operation, &case.inverse, |ground| (case.act)(ground));
}

pub(crate) fn set_mtu(link: LinkId, old: u32, new: u32) -> (Operation, Inverse) {
    let name = "nic0".to_owned();
    let operation = Operation::SetLinkMtu {
        link,
        name: name.clone(),
        mtu: new,
    };
    (operation, Inverse::RestoreMtu { link, name, old })
}

pub(crate) fn change_mtu(ground: &mut Ground, journal: &mut Journal, old: u32, new: u32) {
    let link = ground.nic;
    let (operation, inverse) = set_mtu(link, old, new);
    ground.perform(journal, &operation, &inverse, |ground| {
        ground.kernel.set_link_mtu(link, new).unwrap();
        Outcome::default()
    });
}

pub(crate) fn mtu(ground: &mut Ground) -> u32 {
    let nic = ground.nic;
    ground.kernel.link(nic).unwrap().unwrap().mtu
}

pub(crate) fn exists(ground: &mut Ground, name: &str) -> bool {
    ground.kernel.link_by_name(Place::Host, name).unwrap().is_some()
}

/// `ip ARGUMENTS` on the node.
pub(crate) fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().unwrap();
    assert!(status.success(), "ip {arguments}");
}

/// `nft ARGUMENTS` on the node.
pub(crate) fn nft(arguments: &str) {
    let status = Command::new("nft").args(arguments.split(' ')).status().unwrap();
    assert!(status.success(), "nft {arguments}");
}
