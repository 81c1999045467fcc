//! Elements of nftables sets.

use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::Network as _;
use cofferdam_protocol::Place;

use super::Case;
use crate::{
    ground::{COMMENT, Ground},
    things::{element, set, table},
};

pub(super) fn elements() -> Vec<Case> {
    let place = Place::Host;
    let (theirs, ours) = (
        vec![element("10.0.0.1")],
        vec![element("10.0.0.2"), element("10.0.0.3")],
    );
    let claimed = |addresses: &'static [&'static str]| {
        move |ground: &mut Ground| {
            for address in addresses {
                let one = [element(address)];
                let _ = ground.kernel.delete_elements(place, &table().id, &set(), &one);
                ground
                    .kernel
                    .add_elements(place, &table().id, &set(), &one, "mynet/c2/eth0")
                    .unwrap();
            }
        }
    };
    let gone = move |ground: &mut Ground| ground.kernel.delete_table(place, &table().id).unwrap();
    let (delete, add) = (theirs.clone(), ours.clone());
    vec![
        Case::new(
            Operation::DeleteElements {
                place,
                table: table().id,
                set: set(),
                elements: theirs.clone(),
            },
            Inverse::AddElements {
                place,
                table: table().id,
                set: set(),
                elements: theirs,
                comment: COMMENT.to_owned(),
            },
            move |ground| {
                ground
                    .kernel
                    .delete_elements(place, &table().id, &set(), &delete)
                    .unwrap();
            },
        )
        .but(
            claimed(&["10.0.0.1"]),
            Some("element 10.0.0.1 belongs to mynet/c2/eth0 by now"),
        )
        .but(gone, None),
        Case::new(
            Operation::AddElements {
                place,
                table: table().id,
                set: set(),
                elements: ours.clone(),
                comment: COMMENT.to_owned(),
            },
            Inverse::DeleteElements {
                place,
                table: table().id,
                set: set(),
                elements: ours,
                comment: COMMENT.to_owned(),
            },
            move |ground| {
                ground
                    .kernel
                    .add_elements(place, &table().id, &set(), &add, COMMENT)
                    .unwrap();
            },
        )
        .but(
            claimed(&["10.0.0.2", "10.0.0.3"]),
            Some("element 10.0.0.3 belongs to mynet/c2/eth0 by now"),
        )
        .but(gone, None),
    ]
}
