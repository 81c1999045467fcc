//! A link of the node that is moved into the container.

use cofferdam_journal::{Inverse, Operation, Outcome};
use cofferdam_network::{Device, Network as _};
use cofferdam_protocol::Place;

use super::Case;
use crate::ground::Ground;

/// `nic3`, which is `net1` in the container.
pub(crate) fn device(ground: &mut Ground) -> Case {
    let info = ground.kernel.link_by_name(Place::Host, "nic3").unwrap().unwrap();
    let device = Device::from(&info);
    let link = device.link;
    let act = move |ground: &mut Ground| {
        let moved = ground.kernel.move_link(link, Place::Container, "net1", "nic3").unwrap();
        Outcome {
            index: Some(moved.index),
            ..Outcome::default()
        }
    };
    Case {
        operation: Operation::TakeDevice {
            link,
            name: "nic3".to_owned(),
            inside: "net1".to_owned(),
        },
        inverse: Inverse::ReturnDevice {
            device,
            inside: "net1".to_owned(),
        },
        act: Box::new(act),
        meddling: Vec::new(),
    }
}
