//! What other attachments did since is no difference.

use cofferdam_journal::{AttachmentId, Inverse, Made, Operation, Outcome, SharedObject};
use cofferdam_network::{Network as _, nftables::Table};
use cofferdam_protocol::Place;
use cofferdam_tests::needs_kernel;

use super::differences;
use crate::{
    cases::{joined, shared_bridge},
    fixture::{attachment, soon},
    ground::Ground,
    steps::do_it,
    things::{bridge_object, chain, forwarding, other_table},
};

fn mtu(ground: &Ground, mtu: u32) -> (Operation, Inverse) {
    let (link, name) = (ground.nic, "nic0".to_owned());
    let operation = Operation::SetLinkMtu {
        link,
        name: name.clone(),
        mtu,
    };
    (operation, Inverse::RestoreMtu { link, name, old: 1500 })
}

/// A link of the node that both were granted: the last one's DEL puts back
/// what the other one set.
#[test]
fn what_a_later_attachment_set_is_no_difference() {
    needs_kernel!();
    Ground::run(|ground| {
        let nic = ground.nic;
        let mut journals = Vec::new();
        for (started, id, value) in [(1, attachment("c1"), 1400), (2, attachment("c2"), 1350)] {
            let (operation, inverse) = mtu(ground, value);
            let mut journal = ground.state.begin_at(&id, started);
            ground.perform(&mut journal, &operation, &inverse, |ground| {
                ground.kernel.set_link_mtu(nic, value).unwrap();
                Outcome::default()
            });
            journal.commit("{}").unwrap();
            journals.push(journal);
        }
        let first = journals[0].history().clone();
        assert_eq!(differences(ground, &first), [""; 0]);
        // By the later one's record it is wrong now.
        ground.kernel.set_link_mtu(nic, 1300).unwrap();
        let second = journals[1].history().clone();
        let wrong = ["mtu of link nic0 in the host namespace is 1300 instead of 1350"];
        ground.id = attachment("c2");
        assert_eq!(differences(ground, &second), wrong);
    });
}

/// The value is what those who share it agreed on last.
#[test]
fn a_shared_setting_has_the_value_that_is_on_record_of_all() {
    needs_kernel!();
    Ground::run(|ground| {
        let object = SharedObject::Sysctl {
            place: Place::Host,
            key: forwarding(),
        };
        let made = |old: &str, new: &str| Made::Sysctl {
            old: old.to_owned(),
            new: new.to_owned(),
        };
        let operation = Operation::SetSysctl {
            place: Place::Host,
            key: forwarding(),
            value: "1".to_owned(),
        };
        let case = joined(operation, object.clone(), made("0", "1"), |ground| {
            ground.kernel.set_sysctl(Place::Host, &forwarding(), "1").unwrap();
        });
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &case);
        journal.commit("{}").unwrap();
        let history = journal.history().clone();
        let mut guard = ground.shared().join(&object, &attachment("c2"), soon()).unwrap();
        guard.set_made(made("1", "2")).unwrap();
        drop(guard);
        ground.kernel.set_sysctl(Place::Host, &forwarding(), "2").unwrap();
        assert_eq!(differences(ground, &history), [""; 0]);
        ground.kernel.set_sysctl(Place::Host, &forwarding(), "1").unwrap();
        assert_eq!(
            differences(ground, &history),
            [r#"sysctl net/ipv4/ip_forward in the host namespace is "1" instead of "2""#]
        );
    });
}

#[test]
fn a_bridge_of_several_is_compared_by_what_is_on_record_of_it() {
    needs_kernel!();
    Ground::run(|ground| {
        let case = shared_bridge();
        let mut journal = ground.begin();
        do_it(ground, &mut journal, &case);
        let second = attachment("c2");
        let mut other = ground.state.begin(&second);
        // Who joins did not make it: its own choice of an address counts for
        // nothing.
        let Operation::CreateBridge { bridge } = &case.operation else {
            panic!("a bridge");
        };
        let mut wanted = bridge.clone();
        wanted.mac = crate::things::mac(0x59);
        let joining = Operation::CreateBridge { bridge: wanted };
        ground.perform(&mut other, &joining, &case.inverse, |ground| {
            drop(ground.shared().join(&bridge_object(), &second, soon()).unwrap());
            Outcome::default()
        });
        other.commit("{}").unwrap();
        let history = other.history().clone();
        ground.id = second.clone();
        assert_eq!(differences(ground, &history), [""; 0]);
        crate::steps::ip("link del cni0");
        assert_eq!(
            differences(ground, &history),
            ["bridge cni0 in the host namespace is gone"]
        );
    });
}

pub(super) fn declare(
    ground: &mut Ground,
    id: &AttachmentId,
    table: &Table,
    first: bool,
) -> cofferdam_journal::Journal {
    let object = SharedObject::Table {
        place: Place::Host,
        table: table.id.clone(),
    };
    let operation = Operation::CreateTable {
        place: Place::Host,
        table: table.clone(),
    };
    let inverse = Inverse::LeaveShared { object: object.clone() };
    let mut journal = ground.state.begin(id);
    ground.perform(&mut journal, &operation, &inverse, |ground| {
        let mut guard = ground.shared().join(&object, id, soon()).unwrap();
        let made = Made::Table {
            plugin: "bridge".to_owned(),
            digest: cofferdam_journal::digest_of(table),
            sets: table.sets.clone(),
            chains: table.chains.iter().map(|chain| chain.name.clone()).collect(),
        };
        guard.set_made(made).unwrap();
        if first {
            ground.kernel.create_table(Place::Host, table).unwrap();
        } else {
            ground.kernel.replace_chains(Place::Host, table).unwrap();
        }
        Outcome::default()
    });
    journal.commit("{}").unwrap();
    journal
}

pub(super) fn with_rules(rules: usize) -> Table {
    use cofferdam_network::nftables::{Action, Rule, Verdict};
    let mut base = chain("forward");
    base.rules = vec![
        Rule {
            matches: Vec::new(),
            actions: vec![Action::Verdict(Verdict::Accept)],
            comment: None,
        };
        rules
    ];
    Table {
        chains: vec![base],
        ..other_table()
    }
}

#[test]
fn a_table_is_compared_with_its_last_declaration() {
    needs_kernel!();
    Ground::run(|ground| {
        let ids = [attachment("c1"), attachment("c2")];
        let first = declare(ground, &ids[0], &with_rules(2), true);
        let second = declare(ground, &ids[1], &with_rules(3), false);
        for (id, journal) in ids.iter().zip([&first, &second]) {
            ground.id = id.clone();
            assert_eq!(differences(ground, journal.history()), [""; 0]);
        }
        crate::steps::nft("flush table inet other");
        let wrong = "the number of rules of chain forward of nftables table inet other in the host namespace \
                     is 0 instead of 3";
        for (id, journal) in ids.iter().zip([&first, &second]) {
            ground.id = id.clone();
            assert_eq!(differences(ground, journal.history()), [wrong]);
        }
    });
}

#[test]
fn rules_that_somebody_added_are_told_of() {
    needs_kernel!();
    Ground::run(|ground| {
        let id = ground.id.clone();
        let journal = declare(ground, &id, &with_rules(1), true);
        crate::steps::nft("add rule inet other forward accept");
        assert_eq!(
            differences(ground, journal.history()),
            [
                "the number of rules of chain forward of nftables table inet other in the host namespace \
              is 2 instead of 1"
            ]
        );
        crate::steps::nft("delete table inet other");
        crate::steps::nft("add table inet other");
        assert_eq!(
            differences(ground, journal.history()),
            ["nftables table inet other in the host namespace is another one of that name, or has lost all its chains"]
        );
    });
}
