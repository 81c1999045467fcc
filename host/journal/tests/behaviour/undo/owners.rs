//! What is undone, and belongs to another attachment by then.

use cofferdam_journal::{Inverse, Operation, Outcome, OwnedBy, Thing};
use cofferdam_network::{Network as _, RouteMode};
use cofferdam_tests::needs_kernel;

use crate::{
    fixture::{attachment, soon},
    ground::{Ground, assert_same},
    things::route,
};

/// What is looked for by what it is like is there, and another's by now.
#[test]
fn what_is_another_attachments_by_now_is_not_undone() {
    needs_kernel!();
    Ground::run(|ground| {
        let other = attachment("c2");
        let _other = ground.state.begin(&other);
        let mut journal = ground.begin();
        let (link, name) = (ground.nic, "nic0".to_owned());
        let route = route("203.0.113.0/24", None);
        let operation = Operation::AddRoute {
            link,
            name: name.clone(),
            route: route.clone(),
            mode: RouteMode::Append,
        };
        let inverse = Inverse::DeleteRoute {
            link,
            name,
            route: route.clone(),
        };
        ground.perform(&mut journal, &operation, &inverse, |ground| {
            ground.kernel.add_route(link, &route, RouteMode::Append).unwrap();
            Outcome::default()
        });
        let thing = Thing::Route {
            table: 254,
            destination: route.destination,
        };
        let by = OwnedBy::new(&other, "bridge");
        ground.state.directory.owned().take(vec![thing], &by, soon()).unwrap();
        let before = ground.picture();

        let report = ground.roll_back(&mut journal);

        assert_same(&ground.picture(), &before);
        assert!(report.is_clean() && !report.has_remarks(), "{report}");
    });
}
