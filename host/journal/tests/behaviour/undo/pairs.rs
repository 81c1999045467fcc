//! Finding a veth pair again, whatever became of its ends.

use cofferdam_journal::{Inverse, Operation, Outcome};
use cofferdam_network::{Network as _, VethEnd};
use cofferdam_protocol::Place;
use cofferdam_tests::{Namespace, needs_kernel};

use crate::{
    cases::{shared_bridge, veth, veth_ends},
    ground::{Ground, assert_same, kernel_of},
    steps::{do_it, exists, ip},
};

/// What a container can do to its end to keep it.
#[test]
fn a_veth_pair_is_found_by_its_other_end() {
    needs_kernel!();
    type Disguise = fn(&mut Ground, &Namespace);
    let disguises: [(&str, Disguise); 5] = [
        ("renamed, with another address", |_, container| {
            container.ip(&["link", "set", "e0", "name", "x0", "address", "02:00:00:00:00:66"]);
        }),
        ("moved on", |_, container| {
            let other = Namespace::container();
            container.ip(&["link", "set", "e0", "netns", &other.path()]);
            std::mem::forget(other);
        }),
        ("moved on, with a decoy in its place", |_, container| {
            let other = Namespace::container();
            let index = container.link("e0").unwrap()["ifindex"].to_string();
            container.ip(&["link", "set", "e0", "netns", &other.path()]);
            let decoy = ["link", "add", "e0", "index", &index, "type", "veth"];
            container.ip(&decoy);
            std::mem::forget(other);
        }),
        ("replaced", |_, container| {
            container.ip(&["link", "set", "e0", "name", "x0"]);
            container.ip(&["link", "add", "e0", "type", "bridge"]);
        }),
        ("with a namespace that is not there any more", |ground, _| {
            ground.lose_container()
        }),
    ];
    for (what, disguise) in disguises {
        Ground::run(|ground| {
            let container = Namespace::container();
            ground.kernel = kernel_of(&container);
            // The container's end comes first: it is looked for first.
            let (outside, inside) = veth_ends();
            let operation = Operation::CreateVeth {
                first: inside.clone(),
                second: outside.clone(),
            };
            let inverse = delete_link(&inside);
            let mut journal = ground.begin();
            ground.perform(&mut journal, &operation, &inverse, |ground| {
                let (first, second) = ground.kernel.create_veth(&inside, &outside).unwrap();
                Outcome {
                    index: Some(first.index),
                    second_index: Some(second.index),
                }
            });
            disguise(ground, &container);

            let report = ground.roll_back(&mut journal);

            assert!(!exists(ground, "w0"), "{what}: {report}");
            assert!(report.items[0].restored, "{what}: {report}");
        });
    }
}

fn delete_link(end: &VethEnd) -> Inverse {
    Inverse::DeleteLink {
        place: end.place,
        name: end.name.clone(),
        kind: "veth".to_owned(),
        mac: end.mac,
        index: None,
    }
}

#[test]
fn a_link_of_ours_is_found_under_another_name() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &veth());
        ip("link set w0 name renamed");

        let report = ground.roll_back(&mut journal);

        assert!(!exists(ground, "renamed"), "{report}");
    });
}

#[test]
fn a_bridge_of_ours_is_found_under_another_name() {
    needs_kernel!();
    Ground::run(|ground| {
        let before = ground.picture();
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &shared_bridge());
        ip("link set cni0 name renamed");

        let report = ground.roll_back(&mut journal);

        assert!(!exists(ground, "renamed"), "{report}");
        assert_same(&ground.picture(), &before);
    });
}

/// The number is on record, and belongs to another link by now.
#[test]
fn a_link_of_others_with_our_number_is_left_alone() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &veth());
        let ours = ground.kernel.link_by_name(Place::Host, "w0").unwrap().unwrap().id;
        ground.kernel.delete_link(ours).unwrap();
        ip(&format!(
            "link add x0 index {} address 02:00:00:00:00:67 type veth peer name x1",
            ours.index
        ));

        let report = ground.roll_back(&mut journal);

        assert!(exists(ground, "x0"), "{report}");
        assert!(report.is_clean(), "{report}");
    });
}
