//! What an earlier boot left among the records.

use std::path::Path;

use cofferdam_system::files::{self as fs, File};

use super::{Node, ip, names};
use crate::fixture::soon;

const ATTRIBUTE: &str = "user.cofferdam.boot";
const EARLIER: &[u8] = b"00000000-0000-4000-8000-000000000000";

/// Ends the test where files have no attributes (tmpfs before Linux 6.6).
macro_rules! needs_attributes {
    ($node:expr) => {
        #[cfg(target_os = "linux")]
        {
            let probe = File::create($node.root.path().join("probe")).unwrap();
            if fs::set_attribute(&probe, ATTRIBUTE, b"probe").is_err() {
                return cofferdam_tests::skip("files have no attributes here");
            }
        }
    };
}

/// As if the claim had been made then.
fn make_earlier(path: &Path) {
    let file = File::open(path).unwrap();
    fs::attribute(&file, ATTRIBUTE, &mut []).expect("each claim carries its boot");
    fs::set_attribute(&file, ATTRIBUTE, EARLIER).unwrap();
}

fn reclaim(node: &Node) -> Vec<(String, String)> {
    let mut told = Vec::new();
    let mut records = node.open("next");
    let tell = |address: &_, owner: &cofferdam_journal::Owner| {
        let address: &std::net::IpAddr = address;
        told.push((address.to_string(), owner.container_id.clone()));
    };
    records.reclaim_earlier_boot(soon(), tell).unwrap();
    told
}

#[test]
fn claims_of_an_earlier_boot_are_given_up_and_told_of() {
    let node = Node::new();
    needs_attributes!(node);
    for (container, address) in [("c1", "10.22.0.2"), ("c2", "10.22.0.3"), ("c3", "fd00:22::3")] {
        assert!(node.open(container).claim(&ip(address)).unwrap());
    }
    node.write_as_reference("10.22.0.4", "c4\r\neth0");
    make_earlier(&node.file("10.22.0.2"));
    make_earlier(&node.file("fd00:22::3"));

    let told = reclaim(&node);

    let pair = |address: &str, container: &str| (address.to_owned(), container.to_owned());
    assert_eq!(told, [pair("10.22.0.2", "c1"), pair("fd00:22::3", "c3")]);
    let left = names(&node.directory());
    assert!(!left.contains(&"10.22.0.2".to_owned()), "{left:?}");
    for stays in ["10.22.0.3", "10.22.0.4"] {
        assert!(left.contains(&stays.to_owned()), "{stays}: {left:?}");
    }
}

#[test]
fn they_are_looked_for_once_in_a_boot() {
    let node = Node::new();
    needs_attributes!(node);
    assert!(node.open("c1").claim(&ip("10.22.0.2")).unwrap());
    assert_eq!(reclaim(&node), []);
    make_earlier(&node.file("10.22.0.2"));
    assert_eq!(reclaim(&node), [], "nobody reads every file in each call");
}

#[test]
fn an_attribute_that_names_no_boot_counts_for_nothing() {
    for value in [&b""[..], b"\xff\xfe", &[b'a'; 200]] {
        let node = Node::new();
        needs_attributes!(node);
        assert!(node.open("c1").claim(&ip("10.22.0.2")).unwrap());
        let file = File::open(node.file("10.22.0.2")).unwrap();
        fs::set_attribute(&file, ATTRIBUTE, value).unwrap();
        assert_eq!(reclaim(&node), [], "{value:?}");
        assert!(fs::exists(node.file("10.22.0.2")).unwrap());
    }
}

#[test]
fn without_time_nothing_is_given_up_and_the_next_call_goes_on() {
    let node = Node::new();
    needs_attributes!(node);
    assert!(node.open("c1").claim(&ip("10.22.0.2")).unwrap());
    make_earlier(&node.file("10.22.0.2"));
    let late = std::time::Instant::now();
    assert!(node.open("next").reclaim_earlier_boot(late, |_, _| {}).is_err());
    assert_eq!(reclaim(&node).len(), 1);
}
