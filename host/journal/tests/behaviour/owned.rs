//! What attachments own.

use std::{collections::BTreeSet, net::IpAddr, path::PathBuf, sync::Barrier, thread, time::Duration};

use cofferdam_journal::{
    AttachmentId, Header, Inverse, Journal, Operation, Outcome, OwnedBy, Scope, Taken, Thing, Undo,
};
use cofferdam_network::{Kernel, LinkId};
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_system::files as fs;

use crate::fixture::{State, attachment, soon};

fn address(last: u8) -> Thing {
    Thing::Address {
        network: "mynet".to_owned(),
        address: [10, 22, 0, last].into(),
    }
}

fn by(id: &AttachmentId) -> OwnedBy {
    OwnedBy::new(id, "bridge")
}

#[track_caller]
fn take(state: &State, id: &AttachmentId, things: &[Thing]) -> Taken {
    state.directory.owned().take(things.to_vec(), &by(id), soon()).unwrap()
}

fn owner(state: &State, thing: &Thing) -> Option<String> {
    let owner = state.directory.owned().owner(thing).unwrap();
    owner.map(|owner| owner.attachment.container_id)
}

/// An operation that makes an address of the container the attachment's, and
/// touches nothing when it is undone.
fn add_address(last: u8) -> (Operation, Inverse) {
    let link = LinkId {
        place: Place::Container,
        index: 7,
    };
    let operation = Operation::AddAddress {
        link,
        name: "eth0".to_owned(),
        address: format!("10.22.0.{last}/16").parse().unwrap(),
        skip_duplicate_detection: true,
    };
    (operation, Inverse::WithLink { link })
}

/// Line, registry, kernel, as the host does it.
fn perform(state: &State, journal: &mut Journal, last: u8) {
    let (operation, inverse) = add_address(last);
    let sequence = journal.intend("bridge", &operation, &inverse).unwrap();
    let scope = Scope {
        network: "mynet",
        namespace: None,
    };
    let things = scope.things(&operation, &inverse);
    assert_eq!(things, [address(last)]);
    assert_eq!(
        take(state, journal.id(), &things),
        Taken::All(things),
        "{last} was free before"
    );
    journal.done(sequence, Outcome::default());
}

fn roll_back(state: &State, id: &AttachmentId, journal: &mut Journal) {
    let report = journal.roll_back(&mut Undo {
        network: &mut Kernel::new(Duration::from_secs(1)),
        shared: &state.directory.shared(),
        id,
        deadline: soon(),
    });
    assert!(report.is_clean(), "{report}");
}

#[test]
fn an_address_has_owners_in_all_networks_whatever_their_names() {
    let state = State::new();
    let asked: BTreeSet<IpAddr> = [[10, 22, 0, 5].into(), [10, 22, 0, 6].into()].into();
    let mut expected = BTreeSet::new();
    let mut journals = Vec::new();
    for (network, last) in [
        ("mynet", 5),
        ("other.net", 5),
        (&*"n".repeat(250), 5),
        ("mynet", 7),
        (&*"n".repeat(250), 8),
    ] {
        let id = AttachmentId {
            network: network.to_owned(),
            ..attachment(&format!("c{last}"))
        };
        journals.push(state.begin(&id));
        let address = [10, 22, 0, last].into();
        let thing = Thing::Address {
            network: network.to_owned(),
            address,
        };
        assert!(matches!(take(&state, &id, &[thing]), Taken::All(_)));
        if last == 5 {
            expected.insert((address, network.to_owned()));
        }
    }
    let owners = state.directory.owned().survey().owners_of(&asked).unwrap();
    let owners = owners.into_iter().map(|(address, by)| (address, by.attachment.network));
    assert_eq!(owners.collect::<BTreeSet<(IpAddr, String)>>(), expected);
}

/// The only file of the registry.
fn only_link(state: &State) -> PathBuf {
    let mut path = state.directory.path().join("owned");
    while fs::symlink_metadata(&path).unwrap().is_dir() {
        let mut entries = fs::read_dir(&path).unwrap();
        path = entries.next().unwrap().unwrap().path();
        assert!(entries.next().is_none(), "there is one thing");
    }
    path
}

#[test]
fn what_one_attachment_has_no_other_gets() {
    let state = State::new();
    let (first, second) = (attachment("c1"), attachment("c2"));
    let _journals = (state.begin(&first), state.begin(&second));
    assert_eq!(take(&state, &first, &[address(2)]), Taken::All(vec![address(2)]));
    let refused = Taken::Belongs {
        thing: address(2),
        to: by(&first),
    };
    assert_eq!(take(&state, &second, &[address(2)]), refused);
    state.directory.owned().give_up(&[address(2)], &second);
    assert_eq!(owner(&state, &address(2)).as_deref(), Some("c1"));
    state.directory.owned().give_up(&[address(2)], &first);
    assert_eq!(owner(&state, &address(2)), None);
    assert_eq!(take(&state, &second, &[address(2)]), Taken::All(vec![address(2)]));
}

#[test]
fn all_are_taken_or_none() {
    let state = State::new();
    let (first, second) = (attachment("c1"), attachment("c2"));
    let _journals = (state.begin(&first), state.begin(&second));
    take(&state, &first, &[address(3)]);
    let taken = take(&state, &second, &[address(2), address(3), address(4)]);
    assert!(matches!(taken, Taken::Belongs { thing, .. } if thing == address(3)));
    assert_eq!([2, 4].map(|last| owner(&state, &address(last))), [None, None]);
}

/// Two plugins of a list that the runtime walks.
#[test]
fn another_unit_of_the_attachment_may_have_it_and_does_not_give_it_up() {
    let state = State::new();
    let first = attachment("c1");
    let other_unit = AttachmentId {
        unit: "tuning".to_owned(),
        ..first.clone()
    };
    let _journals = (state.begin(&first), state.begin(&other_unit));
    take(&state, &first, &[address(2)]);
    assert_eq!(take(&state, &other_unit, &[address(2)]), Taken::All(Vec::new()));
    state.directory.owned().give_up(&[address(2)], &other_unit);
    assert_eq!(owner(&state, &address(2)).as_deref(), Some("c1"));
}

#[test]
fn what_belongs_to_nobody_with_a_journal_is_taken_over() {
    let state = State::new();
    let (first, second) = (attachment("c1"), attachment("c2"));
    let journal = state.begin(&first);
    let _other = state.begin(&second);
    take(&state, &first, &[address(2)]);
    journal.finish().unwrap();
    assert_eq!(owner(&state, &address(2)), None);
    assert_eq!(take(&state, &second, &[address(2)]), Taken::All(vec![address(2)]));
    assert_eq!(owner(&state, &address(2)).as_deref(), Some("c2"));
}

/// Where the state directory outlives a boot.
#[test]
fn what_belongs_to_an_earlier_boot_is_taken_over() {
    let state = State::new();
    let (first, second) = (attachment("c1"), attachment("c2"));
    let _journals = (state.begin(&first), state.begin(&second));
    take(&state, &first, &[address(2)]);
    let path = only_link(&state);
    let target = fs::read_link(&path).unwrap().into_os_string().into_string().unwrap();
    let (rest, _) = target.rsplit_once('/').unwrap();
    fs::remove_file(&path).unwrap();
    fs::symlink(format!("{rest}/00000000"), &path).unwrap();
    assert_eq!(owner(&state, &address(2)), None);
    assert_eq!(take(&state, &second, &[address(2)]), Taken::All(vec![address(2)]));
}

#[test]
fn what_is_no_owners_name_belongs_to_nobody() {
    let state = State::new();
    let id = attachment("c1");
    let _journal = state.begin(&id);
    for garbage in ["/etc/passwd", "a/b", "%/c1/eth0/bridge/bridge/"] {
        take(&state, &id, &[address(2)]);
        let path = only_link(&state);
        fs::remove_file(&path).unwrap();
        fs::symlink(garbage, &path).unwrap();
        assert_eq!(owner(&state, &address(2)), None, "{garbage}");
        assert_eq!(
            take(&state, &id, &[address(2)]),
            Taken::All(vec![address(2)]),
            "{garbage}"
        );
    }
    let path = only_link(&state);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "a file").unwrap();
    assert_eq!(take(&state, &id, &[address(2)]), Taken::All(vec![address(2)]));
}

#[test]
fn an_operation_that_is_undone_gives_up_what_it_took() {
    let state = State::new();
    let id = attachment("c1");
    let mut journal = state.begin(&id);
    for last in [2, 3] {
        perform(&state, &mut journal, last);
    }
    assert_eq!(owner(&state, &address(3)).as_deref(), Some("c1"));
    roll_back(&state, &id, &mut journal);
    let left = fs::read_dir(state.directory.path().join("owned")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn what_two_operations_took_goes_with_the_first_of_them() {
    let state = State::new();
    let id = attachment("c1");
    let mut journal = state.begin(&id);
    perform(&state, &mut journal, 2);
    let (operation, inverse) = add_address(2);
    let again = journal.intend("bridge", &operation, &inverse).unwrap();
    assert_eq!(take(&state, &id, &[address(2)]), Taken::All(Vec::new()));
    journal.abandon(again);
    assert_eq!(owner(&state, &address(2)).as_deref(), Some("c1"));
    roll_back(&state, &id, &mut journal);
    assert_eq!(owner(&state, &address(2)), None);
}

/// The line is on record, and the process dies before anything is taken.
#[test]
fn what_was_not_taken_any_more_stays_its_owners() {
    let state = State::new();
    let (first, second) = (attachment("c1"), attachment("c2"));
    let mut journal = state.begin(&first);
    let _other = state.begin(&second);
    let (operation, inverse) = add_address(2);
    journal.intend("bridge", &operation, &inverse).unwrap();
    take(&state, &second, &[address(2)]);
    roll_back(&state, &first, &mut journal);
    assert_eq!(owner(&state, &address(2)).as_deref(), Some("c2"));
}

#[test]
fn a_journal_of_an_earlier_boot_gives_up_what_it_took() {
    let state = State::new();
    let id = attachment("c1");
    let mut header = Header::new(id.clone(), None, Vec::new(), 0, String::new());
    header.boot_id = "00000000-0000-0000-0000-000000000000".to_owned();
    let mut journal = state.directory.lock(&id, soon()).unwrap().begin(header).unwrap();
    perform(&state, &mut journal, 2);
    roll_back(&state, &id, &mut journal);
    let left = fs::read_dir(state.directory.path().join("owned")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn names_may_hold_anything_and_be_long() {
    let state = State::new();
    let long = "c".repeat(300);
    let ids = ["a/b", "..", "%2F", "a.b", "\n", "ä", &long].map(attachment);
    let _journals: Vec<Journal> = ids.iter().map(|id| state.begin(id)).collect();
    for (number, id) in ids.iter().enumerate() {
        let things = [
            Thing::Link {
                container: Some(id.container_id.clone()),
                name: "../eth0".to_owned(),
            },
            Thing::Mac(MacAddress([2, 0, 0, 0, 0, u8::try_from(number).unwrap()])),
        ];
        assert_eq!(take(&state, id, &things), Taken::All(things.to_vec()), "{id}");
        for thing in &things {
            assert_eq!(owner(&state, thing), Some(id.container_id.clone()));
        }
    }
}

/// Who has an address within a prefix, on whichever network.
#[test]
fn addresses_are_found_by_what_they_are() {
    let state = State::new();
    let (first, second, gone) = (attachment("c1"), attachment("c2"), attachment("gone"));
    let _journals = (state.begin(&first), state.begin(&second));
    let long = Thing::Address {
        network: "n".repeat(300),
        address: [10, 22, 0, 9].into(),
    };
    take(&state, &first, &[address(5)]);
    take(&state, &second, &[long]);
    take(&state, &gone, &[address(4)]);
    let within = |prefix: &str| {
        let owned = state.directory.owned();
        let survey = owned.survey();
        let mut found: Vec<String> = survey
            .addresses_within(&prefix.parse().unwrap())
            .unwrap()
            .into_iter()
            .map(|(address, owner)| format!("{address} {}", owner.attachment.container_id))
            .collect();
        found.sort();
        found
    };
    assert_eq!(within("10.22.0.4/31"), ["10.22.0.5 c1"]);
    assert_eq!(within("10.22.0.0/16"), ["10.22.0.5 c1", "10.22.0.9 c2"]);
    assert!(within("10.23.0.0/16").is_empty());
}

/// What leads to all of a prefix.
#[test]
fn ways_are_found_by_where_they_lead() {
    let state = State::new();
    let id = attachment("c1");
    let _journal = state.begin(&id);
    let route = Thing::Route {
        table: 100,
        destination: "10.0.0.0/8".parse().unwrap(),
    };
    let link_address = Thing::LinkAddress {
        link: "up0".to_owned(),
        address: "10.22.0.1/16".parse().unwrap(),
    };
    take(&state, &id, &[route.clone(), link_address.clone(), address(5)]);
    let ways = |prefix: &str| {
        let owned = state.directory.owned();
        let ways = owned.survey().ways_to(&prefix.parse().unwrap()).unwrap();
        let things: Vec<Thing> = ways.into_iter().map(|(thing, _)| thing).collect();
        [&route, &link_address].map(|thing| things.contains(thing))
    };
    assert_eq!(ways("10.22.7.0/24"), [true, true]);
    assert_eq!(ways("10.22.0.0/15"), [true, false]);
    assert_eq!(ways("192.0.2.0/24"), [false, false]);
}

/// Whether it is free or was left by somebody.
#[test]
fn of_many_at_once_one_gets_it() {
    const TAKERS: usize = 8;
    let state = State::new();
    let gone = attachment("gone");
    for round in 0..100 {
        if round % 2 == 0 {
            take(&state, &gone, &[address(2)]);
        }
        let ids: Vec<AttachmentId> = (0..TAKERS).map(|number| attachment(&format!("c{number}"))).collect();
        let journals: Vec<Journal> = ids.iter().map(|id| state.begin(id)).collect();
        let start = Barrier::new(TAKERS);
        let winners: BTreeSet<usize> = thread::scope(|scope| {
            let (state, start) = (&state, &start);
            let takers: Vec<_> = ids
                .iter()
                .map(|id| {
                    scope.spawn(move || {
                        start.wait();
                        matches!(take(state, id, &[address(2)]), Taken::All(_))
                    })
                })
                .collect();
            let took = takers.into_iter().map(|taker| taker.join().unwrap());
            took.enumerate()
                .filter_map(|(number, took)| took.then_some(number))
                .collect()
        });
        assert_eq!(winners.len(), 1, "round {round}");
        for (id, journal) in ids.iter().zip(journals) {
            state.directory.owned().give_up(&[address(2)], id);
            journal.finish().unwrap();
        }
    }
}
