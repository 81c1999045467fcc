//! Files as the reference plugin writes and reads them.

use cofferdam_journal::Error;
use cofferdam_system::files::{self as fs, MetadataExt as _};

use super::{Node, ip, names};
use crate::fixture::soon;

#[test]
fn a_claim_is_a_file_as_the_reference_plugin_writes_it() {
    let node = Node::new();
    let mut records = node.open("c1");
    assert!(records.claim(&ip("10.22.0.2")).unwrap());
    assert!(records.claim(&ip("fd00:22::2")).unwrap());
    assert!(
        records
            .compare_and_set("last_reserved_ip.0", None, "10.22.0.2")
            .unwrap()
    );
    drop(records);
    assert_eq!(
        names(&node.directory()),
        ["10.22.0.2", "fd00:22::2", "last_reserved_ip.0", "lock"]
    );
    assert_eq!(fs::read(node.file("10.22.0.2")).unwrap(), b"c1\r\neth0");
    assert_eq!(fs::read(node.file("last_reserved_ip.0")).unwrap(), b"10.22.0.2");
    let mode = |name: &str| fs::metadata(node.file(name)).unwrap().mode() & 0o777;
    assert_eq!(mode("10.22.0.2"), 0o600);
    assert_eq!(fs::metadata(node.file("lock")).unwrap().len(), 0);
}

#[test]
fn claims_of_every_format_are_found() {
    for content in ["c1\r\neth0", "c1\neth0", "c1\neth0\n", " c1 \r\n eth0 ", "c1", "c1\r\n"] {
        let node = Node::new();
        fs::create_dir_all(node.directory()).unwrap();
        node.write_as_reference("10.22.0.7", content);
        node.write_as_reference("10.22.0.8", "c11\r\neth0");
        node.write_as_reference("10.22.0.9", "c1\r\neth1");

        let mut records = node.open("c1");

        assert!(!records.claim(&ip("10.22.0.7")).unwrap(), "{content:?}");
        assert_eq!(records.owned().unwrap(), [ip("10.22.0.7")], "{content:?}");
        assert!(records.release(&ip("10.22.0.7")).unwrap(), "{content:?}");
        assert!(!records.release(&ip("10.22.0.8")).unwrap());
        assert!(!records.release(&ip("10.22.0.9")).unwrap());
        assert!(!fs::is_there(node.file("10.22.0.7")));
        assert!(records.owned().unwrap().is_empty());
        assert_eq!(records.take_problems(), Vec::<String>::new());
    }
}

#[test]
fn a_value_is_there_whole_or_not_at_all() {
    let node = Node::new();
    let mut records = node.open("c1");
    let name = "last_reserved_ip.0";
    assert_eq!(records.get(name).unwrap(), None);
    assert!(!records.compare_and_set(name, Some("10.22.0.1"), "10.22.0.2").unwrap());
    assert!(records.compare_and_set(name, None, "10.22.0.2").unwrap());
    assert!(!records.compare_and_set(name, None, "10.22.0.3").unwrap());
    assert!(records.compare_and_set(name, Some("10.22.0.2"), "10.22.0.3").unwrap());
    assert_eq!(records.get(name).unwrap().as_deref(), Some("10.22.0.3"));
    for (content, value) in [
        (&b"10.22.0.9\n"[..], Some("10.22.0.9")),
        (b"10.22.0.9\r\n", Some("10.22.0.9")),
        (b"", None),
        (b"\0\0\0\0", None),
        (b"\xff\xfe", None),
    ] {
        fs::write(node.file(name), content).unwrap();
        assert_eq!(records.get(name).unwrap().as_deref(), value, "{content:?}");
    }
    for name in ["10.22.0.2", "lock", "../x", ""] {
        assert!(matches!(records.get(name), Err(Error::InvalidName(_))), "{name:?}");
        assert!(
            matches!(records.compare_and_set(name, None, "x"), Err(Error::InvalidName(_))),
            "{name:?}"
        );
    }
}

#[test]
fn only_an_add_makes_records() {
    let node = Node::new();
    assert!(node.open_existing("c1").unwrap().is_none());
    assert!(!fs::is_there(node.directory()));
    fs::create_dir_all(node.directory().parent().unwrap()).unwrap();
    fs::write(node.directory(), "no directory").unwrap();
    assert!(
        node.open_existing("c1").unwrap().is_none(),
        "in a file there are no records"
    );
    let text = node.try_open("c1", soon()).unwrap_err().to_string();
    assert!(
        text.contains("networks/mynet: ") && text.contains("Not a directory"),
        "{text}"
    );
}

#[test]
fn what_was_made_for_records_goes_with_the_last_of_them() {
    let node = Node::new();
    let mut records = node.open("c1");
    assert!(records.claim(&ip("10.22.0.2")).unwrap());
    assert!(
        records
            .compare_and_set("last_reserved_ip.0", None, "10.22.0.2")
            .unwrap()
    );
    assert!(!records.tidy().unwrap(), "a claim is held");
    let mut records = node.open("c1");
    records.release(&ip("10.22.0.2")).unwrap();
    fs::write(node.file("10.22.0.3"), "").unwrap();
    assert!(records.tidy().unwrap());
    assert!(!fs::is_there(node.root.path().join("networks")));
    assert!(names(&node.state().join("claims")).is_empty());

    // A directory that was there before stays.
    fs::create_dir_all(node.directory()).unwrap();
    assert!(!node.open("c1").tidy().unwrap());
    assert!(fs::is_there(node.directory()));
}
