//! What saves reading every file: never at the price of missing one.

use std::{net::IpAddr, time::Duration};

use cofferdam_system::files as fs;

use super::{Node, ip, names};

#[test]
fn what_the_reference_plugin_writes_between_our_calls_is_seen() {
    let node = Node::new();
    let mut records = node.open("c1");
    assert!(records.claim(&ip("10.22.0.2")).unwrap());
    assert_eq!(records.owned().unwrap(), [ip("10.22.0.2")]);
    drop(records);
    // At once: a clock that stands still between two writes hides nothing.
    for last in 3..200 {
        let address = ip(&format!("10.22.0.{last}"));
        node.write_as_reference(&address.to_string(), "c1\r\neth0");
        let mut records = node.open("c1");
        assert!(records.owned().unwrap().contains(&address), "{address}");
    }
}

#[test]
fn what_only_cofferdam_wrote_is_not_read_again() {
    let node = Node::new();
    for container in ["c1", "c2"] {
        assert!(node.open(container).owned().unwrap().is_empty());
    }
    for (container, address) in [("c1", "10.22.0.2"), ("c2", "10.22.0.3"), ("c1", "10.22.0.4")] {
        assert!(node.open(container).claim(&ip(address)).unwrap());
    }
    assert!(node.open("c2").release(&ip("10.22.0.3")).unwrap());
    // The index names what was claimed since.
    assert_eq!(node.open("c1").owned().unwrap(), [ip("10.22.0.2"), ip("10.22.0.4")]);
    // Behind the host's back, and without a trace in the directory: to see it
    // every file would have to be read.
    fs::write(node.file("10.22.0.4"), "c2\r\neth0").unwrap();
    assert!(node.open("c2").owned().unwrap().is_empty());
    // A trace, and all are read.
    fs::write(node.file("10.22.0.5"), "c3\r\neth0").unwrap();
    assert_eq!(node.open("c2").owned().unwrap(), [ip("10.22.0.4")]);
}

/// A clock that stands still between two writes, as those of many file
/// systems do for milliseconds or seconds, must not hide the second one.
#[test]
fn the_directory_is_left_with_a_time_that_no_write_gives_it() {
    let node = Node::new();
    let mut records = node.open("c1");
    assert!(records.owned().unwrap().is_empty());
    assert!(records.claim(&ip("10.22.0.2")).unwrap());
    drop(records);
    let left = fs::metadata(node.directory()).unwrap().modified().unwrap();
    let age = left.elapsed().unwrap();
    assert!(age >= Duration::from_secs(5), "{age:?}");
}

#[test]
fn hints_that_are_lost_or_damaged_cost_time_only() {
    let node = Node::new();
    fs::create_dir_all(node.directory()).unwrap();
    node.write_as_reference("10.22.0.2", "c1\r\neth0");
    let mut records = node.open("c1");
    assert!(records.claim(&ip("10.22.0.3")).unwrap());
    let both = [ip("10.22.0.2"), ip("10.22.0.3")];
    assert_eq!(records.owned().unwrap(), both);
    drop(records);
    let claims = node.state().join("claims");
    let hints = names(&claims);
    assert_eq!(hints.len(), 3, "{hints:?}");
    let survey = |name: &str| name.contains('.');
    for name in hints.iter().filter(|name| survey(name)) {
        let path = claims.join(name);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            let mut changed = whole.clone();
            changed[cut] ^= 0x10;
            for damaged in [whole[..cut].to_vec(), changed] {
                fs::write(&path, damaged).unwrap();
                assert_eq!(node.open("c1").owned().unwrap(), both, "{name} at {cut}");
                assert!(node.open("c3").owned().unwrap().is_empty());
            }
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(node.open("c1").owned().unwrap(), both, "without {name}");
    }
    // All at once, as after the machine was started anew.
    fs::remove_dir_all(&claims).unwrap();
    assert_eq!(node.open("c1").owned().unwrap(), both);
    assert!(node.open("c1").release(&both[1]).unwrap());
}

#[test]
fn thousands_of_claims_are_no_hindrance() {
    let node = Node::new();
    fs::create_dir_all(node.directory()).unwrap();
    let count: u16 = 5000;
    let address = |number: u16| IpAddr::from([10, 22, number.to_be_bytes()[0], number.to_be_bytes()[1]]);
    for number in 2..count {
        fs::write(node.file(&address(number).to_string()), format!("old{number}\r\neth0")).unwrap();
    }
    let mut records = node.open("old77");
    assert_eq!(records.owned().unwrap(), [address(77)]);
    assert_eq!(records.claims().unwrap().len(), usize::from(count) - 2);
    drop(records);
    for number in 0..20 {
        let mut records = node.open(&format!("new{number}"));
        assert!(records.owned().unwrap().is_empty());
        assert!(records.claim(&address(count + number)).unwrap());
    }
    assert_eq!(node.open("old4999").owned().unwrap(), [address(4999)]);
    assert!(node.open("old4999").release(&address(4999)).unwrap());
    assert!(node.open("old4999").owned().unwrap().is_empty());
}
