//! Whatever is done in whatever order, undoing it leaves everything as it was;
//! also when who undoes it is killed at any record, and somebody else goes on.

use std::{
    fs,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use cofferdam_journal::{Inverse, Journal, Operation, Outcome};
use cofferdam_network::{Error, LinkId, Network as _, RouteMode, nftables::Element};
use cofferdam_protocol::Place;
use cofferdam_tests::needs_kernel;
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

use crate::{
    cases::cases,
    fixture::soon,
    ground::{COMMENT, Ground},
    things::*,
};

/// How long sequences are begun. What a slow machine leaves out, the next run
/// may try.
const TIME: Duration = Duration::from_secs(20);
const CASES: u32 = 60;
const LONGEST: usize = 24;

/// One step: an operation of some kind, about one of a few things.
#[derive(Clone, Copy, Debug)]
struct Step {
    kind: usize,
    choice: usize,
}

/// What a step comes to in the state that the ones before left; nothing where
/// it makes no sense there.
type Planned = Option<(Operation, Inverse)>;
type Plan = fn(&mut Ground, usize) -> Planned;

const PLANS: [Plan; 14] = [
    mtu,
    up,
    address_of_link,
    promiscuous,
    master,
    hairpin,
    isolated,
    add_address,
    delete_address,
    add_route,
    rule_or_neighbor,
    delete_others,
    setting,
    elements,
];

fn nic_or_port(ground: &Ground, choice: usize) -> (LinkId, String) {
    match choice % 2 {
        0 => (ground.nic, "nic0".to_owned()),
        _ => (ground.port, "nic2".to_owned()),
    }
}

fn port(ground: &Ground) -> (LinkId, String) {
    (ground.port, "nic2".to_owned())
}

fn mtu(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = nic_or_port(ground, choice);
    let old = ground.kernel.link(link).unwrap().unwrap().mtu;
    let mtu = [1300, 1400, 1500][choice % 3];
    let operation = Operation::SetLinkMtu {
        link,
        name: name.clone(),
        mtu,
    };
    (mtu != old).then_some((operation, Inverse::RestoreMtu { link, name, old }))
}

fn up(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().up;
    let up = choice.is_multiple_of(2);
    let operation = Operation::SetLinkUp {
        link,
        name: name.clone(),
        up,
    };
    (up != old).then_some((operation, Inverse::RestoreUp { link, name, old }))
}

fn address_of_link(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().mac.unwrap();
    let new = mac([0x40, 0x41, 0x42][choice % 3]);
    let operation = Operation::SetLinkMac {
        link,
        name: name.clone(),
        mac: new,
    };
    (new != old).then_some((operation, Inverse::RestoreMac { link, name, old }))
}

/// Of the bridge: a port is promiscuous by being one.
fn promiscuous(ground: &mut Ground, choice: usize) -> Planned {
    let link = ground.bridge;
    let name = "br0".to_owned();
    let old = ground.kernel.link(link).unwrap().unwrap().promiscuous;
    let on = choice.is_multiple_of(2);
    let operation = Operation::SetLinkPromiscuous {
        link,
        name: name.clone(),
        on,
    };
    (on != old).then_some((operation, Inverse::RestorePromiscuous { link, name, old }))
}

fn master(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = nic_or_port(ground, choice);
    let old = ground.kernel.link(link).unwrap().unwrap().master;
    let master = (choice % 4 < 2).then_some(ground.bridge.index);
    let operation = Operation::SetLinkMaster {
        link,
        name: name.clone(),
        master,
    };
    (master != old).then_some((operation, Inverse::RestoreMaster { link, name, old }))
}

fn hairpin(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().hairpin?;
    let on = choice.is_multiple_of(2);
    let operation = Operation::SetPortHairpin {
        link,
        name: name.clone(),
        on,
    };
    (on != old).then_some((operation, Inverse::RestoreHairpin { link, name, old }))
}

fn isolated(ground: &mut Ground, choice: usize) -> Planned {
    let (link, name) = port(ground);
    let old = ground.kernel.link(link).unwrap().unwrap().isolated?;
    let on = choice.is_multiple_of(2);
    let operation = Operation::SetPortIsolated {
        link,
        name: name.clone(),
        on,
    };
    (on != old).then_some((operation, Inverse::RestoreIsolated { link, name, old }))
}

const ADDRESSES: [&str; 4] = [
    "203.0.113.5/24",
    "203.0.113.6/24",
    "198.51.100.7/32",
    "2001:db8:5::1/64",
];

fn has_address(ground: &mut Ground, link: LinkId, address: &str) -> bool {
    let found = ground.kernel.addresses(link).unwrap();
    found.iter().any(|found| found.address == prefix(address))
}

fn add_address(ground: &mut Ground, choice: usize) -> Planned {
    let link = ground.nic;
    let text = ADDRESSES[choice % ADDRESSES.len()];
    if has_address(ground, link, text) {
        return None;
    }
    let (name, address) = ("nic0".to_owned(), prefix(text));
    let operation = Operation::AddAddress {
        link,
        name: name.clone(),
        address,
        skip_duplicate_detection: true,
    };
    Some((operation, Inverse::DeleteAddress { link, name, address }))
}

/// The others' one of IPv6: with one of IPv4 routes would go, too.
fn delete_address(ground: &mut Ground, _: usize) -> Planned {
    let link = ground.nic;
    let text = "2001:db8::1/64";
    if !has_address(ground, link, text) {
        return None;
    }
    let (name, address) = ("nic0".to_owned(), prefix(text));
    let operation = Operation::DeleteAddress {
        link,
        name: name.clone(),
        address,
    };
    Some((operation, Inverse::AddAddress { link, name, address }))
}

fn add_route(ground: &mut Ground, choice: usize) -> Planned {
    let link = ground.nic;
    let route = match choice % 4 {
        0 => route("203.0.113.128/25", None),
        1 => route("203.0.113.128/25", Some("192.0.2.253")),
        2 => route("198.51.100.0/24", Some("192.0.2.252")),
        _ => route("2001:db8:9::/48", None),
    };
    let name = "nic0".to_owned();
    let operation = Operation::AddRoute {
        link,
        name: name.clone(),
        route: route.clone(),
        mode: RouteMode::Exclusive,
    };
    Some((operation, Inverse::DeleteRoute { link, name, route }))
}

fn rule_or_neighbor(ground: &mut Ground, choice: usize) -> Planned {
    let link = ground.nic;
    if choice.is_multiple_of(2) {
        let rule = rule(Some(["192.0.2.70/32", "192.0.2.71/32"][choice / 2 % 2]), Some(2000));
        let place = Place::Host;
        if ground
            .kernel
            .rules(place)
            .unwrap()
            .iter()
            .any(|there| rule.describes(there))
        {
            return None;
        }
        let operation = Operation::AddRule {
            place,
            rule: rule.clone(),
        };
        return Some((operation, Inverse::DeleteRule { place, rule }));
    }
    let neighbor = neighbor(["192.0.2.8", "192.0.2.7"][choice / 2 % 2], 0x88);
    let name = "nic0".to_owned();
    let operation = Operation::AddNeighbor {
        link,
        name: name.clone(),
        neighbor: neighbor.clone(),
    };
    Some((operation, Inverse::DeleteNeighbor { link, name, neighbor }))
}

/// A route, rule or neighbour of somebody else's.
fn delete_others(ground: &mut Ground, choice: usize) -> Planned {
    let link = ground.nic;
    let (name, place) = ("nic0".to_owned(), Place::Host);
    match choice % 3 {
        0 => {
            let routes = ground.kernel.routes(link, 254).unwrap();
            let theirs = routes.into_iter().find(|route| others_route().describes(route))?;
            let operation = Operation::DeleteRoute {
                link,
                name: name.clone(),
                route: others_route(),
            };
            Some((
                operation,
                Inverse::AddRoute {
                    link,
                    name,
                    route: theirs,
                },
            ))
        }
        1 => {
            let rules = ground.kernel.rules(place).unwrap();
            rules.iter().find(|there| others_rule().describes(there))?;
            let rule = others_rule();
            let operation = Operation::DeleteRule {
                place,
                rule: rule.clone(),
            };
            Some((operation, Inverse::AddRule { place, rule }))
        }
        _ => {
            let neighbors = ground.kernel.neighbors(link).unwrap();
            let neighbor = neighbors.into_iter().find(|there| *there == others_neighbor())?;
            let operation = Operation::DeleteNeighbor {
                link,
                name: name.clone(),
                neighbor: neighbor.clone(),
            };
            Some((operation, Inverse::AddNeighbor { link, name, neighbor }))
        }
    }
}

fn setting(ground: &mut Ground, choice: usize) -> Planned {
    let (place, key) = (Place::Container, forwarding());
    let old = ground.kernel.sysctl(place, &key).unwrap();
    let new = ["0", "1"][choice % 2].to_owned();
    let operation = Operation::SetSysctl {
        place,
        key: key.clone(),
        value: new.clone(),
    };
    (new != old).then_some((operation, Inverse::RestoreSysctl { place, key, old, new }))
}

fn elements(ground: &mut Ground, choice: usize) -> Planned {
    let (place, table, set) = (Place::Host, table().id, set());
    let address = ["10.0.0.1", "10.0.0.2", "10.0.0.3"][choice % 3];
    let elements: Vec<Element> = vec![element(address)];
    let comment = ground
        .kernel
        .element_comment(place, &table, &set, &elements[0])
        .unwrap();
    Some(if let Some(comment) = comment {
        let operation = Operation::DeleteElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: elements.clone(),
        };
        let inverse = Inverse::AddElements {
            place,
            table,
            set,
            elements,
            comment,
        };
        (operation, inverse)
    } else {
        let comment = COMMENT.to_owned();
        let operation = Operation::AddElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: elements.clone(),
            comment: comment.clone(),
        };
        let inverse = Inverse::DeleteElements {
            place,
            table,
            set,
            elements,
            comment,
        };
        (operation, inverse)
    })
}

/// Asks the kernel for an operation of the ones above.
fn carry_out(ground: &mut Ground, operation: &Operation) -> Result<(), Error> {
    let kernel = &mut ground.kernel;
    match operation {
        Operation::SetLinkMtu { link, mtu, .. } => kernel.set_link_mtu(*link, *mtu),
        Operation::SetLinkUp { link, up, .. } => kernel.set_link_up(*link, *up),
        Operation::SetLinkMac { link, mac, .. } => kernel.set_link_mac(*link, *mac),
        Operation::SetLinkPromiscuous { link, on, .. } => kernel.set_link_promiscuous(*link, *on),
        Operation::SetLinkMaster { link, master, .. } => kernel.set_link_master(*link, *master),
        Operation::SetPortHairpin { link, on, .. } => kernel.set_port_hairpin(*link, *on),
        Operation::SetPortIsolated { link, on, .. } => kernel.set_port_isolated(*link, *on),
        Operation::AddAddress { link, address, .. } => kernel.add_address(*link, *address, true),
        Operation::DeleteAddress { link, address, .. } => kernel.delete_address(*link, *address),
        Operation::AddRoute { link, route, mode, .. } => kernel.add_route(*link, route, *mode),
        Operation::DeleteRoute { link, route, .. } => kernel.delete_route(*link, route),
        Operation::AddRule { place, rule } => kernel.add_rule(*place, rule),
        Operation::DeleteRule { place, rule } => kernel.delete_rule(*place, rule),
        Operation::AddNeighbor { link, neighbor, .. } => kernel.add_neighbor(*link, neighbor),
        Operation::DeleteNeighbor { link, neighbor, .. } => kernel.delete_neighbor(*link, neighbor),
        Operation::SetSysctl { place, key, value } => kernel.set_sysctl(*place, key, value),
        Operation::AddElements {
            place,
            table,
            set,
            elements,
            comment,
        } => kernel.add_elements(*place, table, set, elements, comment),
        Operation::DeleteElements {
            place,
            table,
            set,
            elements,
        } => kernel.delete_elements(*place, table, set, elements),
        other => panic!("{other} is none of the steps"),
    }
}

/// Whether a case stands on nothing that the steps change, so that it can be
/// done anywhere among them, once.
fn stands_alone(inverse: &Inverse) -> bool {
    use cofferdam_journal::SharedObject::LinkSetting;
    match inverse {
        Inverse::LeaveShared { object } => !matches!(object, LinkSetting { .. }),
        Inverse::DeleteLink { .. } | Inverse::FreeSlot { .. } | Inverse::ReleaseClaim { .. } => true,
        _ => false,
    }
}

/// Does the steps, each on record before; how many were done.
fn perform(ground: &mut Ground, journal: &mut Journal, steps: &[Step]) -> usize {
    let mut alone: Vec<_> = cases(ground)
        .into_iter()
        .filter(|case| stands_alone(&case.inverse))
        .map(Some)
        .collect();
    let mut done = 0;
    for step in steps {
        let Some(plan) = PLANS.get(step.kind) else {
            let number = step.choice % alone.len();
            if let Some(case) = alone[number].take() {
                ground.perform(journal, &case.operation, &case.inverse, |ground| (case.act)(ground));
                done += 1;
            }
            continue;
        };
        let Some((operation, inverse)) = plan(ground, step.choice) else {
            continue;
        };
        let sequence = journal.intend("bridge", &operation, &inverse).unwrap();
        // What others of the steps stand in the way of fails, and is nothing.
        match carry_out(ground, &operation) {
            Ok(()) => {
                journal.done(sequence, Outcome::default());
                done += 1;
            }
            Err(_) => journal.abandon(sequence),
        }
    }
    done
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Those that stand alone are as frequent as three kinds together.
    let step = (0..PLANS.len() + 3, 0..48_usize).prop_map(|(kind, choice)| Step { kind, choice });
    prop::collection::vec(step, 1..LONGEST)
}

fn same(now: &str, before: &str, what: &str) -> Result<(), TestCaseError> {
    let only = |here: &str, there: &str| {
        let there: Vec<&str> = there.lines().collect();
        let lines: Vec<&str> = here.lines().filter(|line| !there.contains(line)).collect();
        lines.join("\n  ")
    };
    prop_assert!(
        now == before,
        "{what}\nonly before:\n  {}\nonly now:\n  {}",
        only(before, now),
        only(now, before)
    );
    Ok(())
}

/// Tries sequences until the time is up, and tells how much that was.
fn for_sequences<S: Strategy>(
    what: &str,
    strategy: S,
    mut holds: impl FnMut(&mut Ground, S::Value) -> Result<usize, TestCaseError> + Send,
) where
    S::Value: Send,
{
    let started = Instant::now();
    let counts = Mutex::new((0, 0));
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let holds = Mutex::new(&mut holds);
    let tried = runner.run(&strategy, |value| {
        if started.elapsed() > TIME {
            return Ok(());
        }
        let mut outcome = Ok(0);
        // A case that panicked is none that went well.
        Ground::run(|ground| outcome = holds.lock().unwrap_or_else(PoisonError::into_inner)(ground, value));
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts = (counts.0 + 1, counts.1 + outcome?);
        Ok(())
    });
    let (sequences, operations) = counts.into_inner().unwrap();
    println!("{what}: {operations} operations in {sequences} sequences");
    if let Err(error) = tried {
        panic!("{error}");
    }
}

#[test]
fn whatever_was_done_in_whatever_order_is_taken_back() {
    needs_kernel!();
    for_sequences("undone at once", steps(), |ground, steps| {
        let before = ground.picture();
        let mut journal = ground.begin();
        let done = perform(ground, &mut journal, &steps);

        let report = ground.roll_back(&mut journal);

        prop_assert!(report.is_clean() && !report.has_remarks(), "{}", report);
        same(&ground.picture(), &before, &report.to_string())?;
        journal.finish().unwrap();
        Ok(done)
    });
}

/// The lines of a journal without the operations before the last `count` of
/// those that are to be undone.
fn last_of(journal: &Journal, lines: &str, count: usize) -> String {
    let pending: Vec<u32> = journal.history().pending().map(|entry| entry.sequence.0).collect();
    let first = pending.len().checked_sub(count).and_then(|place| pending.get(place));
    let is_kept = |line: &&str| {
        let record: serde_json::Value = serde_json::from_str(&line[9..]).unwrap();
        let (_, value) = record.as_object().unwrap().iter().next().unwrap();
        let sequence = value["sequence"].as_u64();
        sequence.is_none_or(|sequence| first.is_some_and(|first| sequence >= u64::from(*first)))
    };
    lines.split_inclusive('\n').filter(is_kept).collect()
}

/// Who undid it was killed after some of it, the last of them on record or
/// not, and somebody else goes on.
#[test]
fn whoever_goes_on_after_a_kill_takes_back_the_rest() {
    needs_kernel!();
    let interrupted = (steps(), any::<prop::sample::Index>(), any::<bool>());
    for_sequences(
        "interrupted and resumed",
        interrupted,
        |ground, (steps, place, is_recorded)| {
            let before = ground.picture();
            let mut journal = ground.begin();
            let done = perform(ground, &mut journal, &steps);
            journal.commit("{}").unwrap();
            let pending = journal.history().pending().count();
            let count = place.index(pending + 1);
            let path = ground.state.journal_path(&ground.id);
            let whole = fs::read_to_string(&path).unwrap();
            let last = last_of(&journal, &whole, count);
            drop(journal);

            // The process that is killed comes so far.
            fs::write(&path, &last).unwrap();
            let mut journal = reopen(ground);
            ground.roll_back(&mut journal);
            drop(journal);
            let after = fs::read_to_string(&path).unwrap();
            let mut undone: Vec<&str> = after[last.len()..].split_inclusive('\n').collect();
            if !is_recorded {
                undone.pop();
            }
            fs::write(&path, whole + &undone.concat()).unwrap();

            let mut journal = reopen(ground);
            let report = ground.roll_back(&mut journal);

            prop_assert!(report.is_clean(), "{}", report);
            same(&ground.picture(), &before, &format!("{count} of {pending}: {report}"))?;
            journal.finish().unwrap();
            Ok(done)
        },
    );
}

fn reopen(ground: &Ground) -> Journal {
    let locked = ground.state.directory.lock(&ground.id, soon()).unwrap();
    locked.reopen().unwrap()
}
