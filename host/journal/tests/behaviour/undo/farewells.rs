//! What is sent when an attachment goes.

use std::time::Duration;

use cofferdam_network::{Exchange, LinkId, Network as _, Ports};
use cofferdam_protocol::Place;
use cofferdam_system::files as fs;
use cofferdam_tests::needs_kernel;

use crate::{
    cases::{PLUGIN, PORTS, record, upkeep},
    ground::Ground,
    steps::do_it,
};

/// Listens at the other end of `nic0`.
fn listen(ground: &mut Ground) -> Box<dyn Exchange> {
    let other: LinkId = ground.kernel.link_by_name(Place::Host, "nic1").unwrap().unwrap().id;
    let ports = Ports {
        local: PORTS.remote,
        remote: PORTS.local,
    };
    ground.kernel.open_exchange(other, ports).unwrap()
}

fn heard(listener: &mut dyn Exchange, wait: u64) -> Option<Vec<u8>> {
    let received = listener.receive(Duration::from_millis(wait)).unwrap();
    received.map(|received| received.payload)
}

#[test]
fn a_farewell_is_sent_once_and_its_record_goes() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut listener = listen(ground);
        let mut journal = ground.begin();
        let case = upkeep(ground);
        do_it(ground, &mut journal, &case);
        // What is kept later takes the place of what was kept first.
        let later = record(ground, ground.nic, b"the last word");
        ground.state.directory.upkeep().keep(&later).unwrap();
        journal.commit("{}").unwrap();
        let report = ground.roll_back(&mut journal);
        assert_eq!(
            report.to_string(),
            "rolled back: 1 of 1 operations (keep a record of plugin dhcp)"
        );
        assert_eq!(heard(&mut *listener, 5000).unwrap(), b"the last word");
        assert!(ground.state.directory.upkeep().all().unwrap().is_empty());
        ground.roll_back(&mut journal);
        assert_eq!(heard(&mut *listener, 50), None);
    });
}

#[test]
fn nothing_is_sent_on_a_link_of_another_name_or_one_that_is_down() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut listener = listen(ground);
        let mut kept = record(ground, ground.port, b"on the wrong link");
        ground.state.directory.upkeep().keep(&kept).unwrap();
        let mut journal = ground.begin();
        let case = upkeep(ground);
        ground.perform(&mut journal, &case.operation, &case.inverse, |_| Default::default());
        let report = ground.roll_back(&mut journal);
        assert!(report.is_clean() && !report.has_remarks(), "{report}");
        assert_eq!(heard(&mut *listener, 50), None);

        kept = record(ground, ground.nic, b"unheard");
        ground.kernel.set_link_up(ground.nic, false).unwrap();
        ground.state.directory.upkeep().keep(&kept).unwrap();
        ground.perform(&mut journal, &case.operation, &case.inverse, |_| Default::default());
        let report = ground.roll_back(&mut journal);
        let told = report.to_string();
        assert!(
            report.is_clean() && told.contains("what plugin dhcp wanted to be sent at the end was not sent"),
            "{told}"
        );
    });
}

#[test]
fn a_record_that_can_not_be_read_goes_and_is_told() {
    needs_kernel!();
    Ground::run(|ground| {
        let mut journal = ground.begin();
        let case = upkeep(ground);
        do_it(ground, &mut journal, &case);
        let directory = ground.state.directory.upkeep();
        let (path, read) = directory.all().unwrap().remove(0);
        assert_eq!(read.unwrap().plugin, PLUGIN);
        fs::write(&path, "{").unwrap();
        let report = ground.roll_back(&mut journal);
        assert!(report.is_clean() && report.has_remarks(), "{report}");
        assert!(!fs::is_there(&path));
    });
}
