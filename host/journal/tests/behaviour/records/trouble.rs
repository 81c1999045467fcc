//! Files that are empty, half-written, foreign, or no files at all.

use std::path::Path;

use cofferdam_journal::Owner;
use cofferdam_system::files::{self as fs, symlink};

use super::{Node, ip, names};
use crate::fixture::soon;

#[test]
fn a_file_that_a_crash_left_empty_gives_its_address_back() {
    for content in ["", "\0", "\0\0\0\0\0\0\0\0", "\r\n", "  \n"] {
        let node = Node::new();
        drop(node.open("c1"));
        fs::write(node.file("10.22.0.2"), content).unwrap();

        let mut records = node.open("c1");

        assert_eq!(records.owner(&ip("10.22.0.2")).unwrap(), None, "{content:?}");
        assert!(records.claim(&ip("10.22.0.2")).unwrap(), "{content:?}");
        assert_eq!(fs::read(node.file("10.22.0.2")).unwrap(), b"c1\r\neth0");
        let problems = records.take_problems();
        assert_eq!(problems.len(), 1, "it is told of, once: {problems:?}");
        assert!(
            problems[0].contains("10.22.0.2 is empty, as a crash leaves it"),
            "{problems:?}"
        );
        assert!(records.take_problems().is_empty());
    }
}

#[test]
fn what_does_not_tell_whose_it_is_counts_as_taken() {
    type Make = fn(&Path);
    let kinds: &[(&str, Make)] = &[
        ("garbage", |path| fs::write(path, b"\xff\xfe\xfd").unwrap()),
        ("control characters", |path| fs::write(path, "c1\x1b[31m").unwrap()),
        ("a large file", |path| fs::write(path, "c1".repeat(10_000)).unwrap()),
        ("a directory", |path| fs::create_dir(path).unwrap()),
        ("a link to nothing", |path| symlink("nowhere", path).unwrap()),
        ("a link to a claim of ours", |path| {
            let target = path.with_file_name("target");
            fs::write(&target, "c1\r\neth0").unwrap();
            symlink(target, path).unwrap();
        }),
        #[cfg(all(target_os = "linux", not(cofferdam_memory_files)))]
        ("a pipe", |path| {
            use std::os::unix::fs::FileTypeExt as _;
            nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
            assert!(fs::metadata(path).unwrap().file_type().is_fifo());
        }),
    ];
    for (what, make) in kinds {
        let node = Node::new();
        drop(node.open("c1"));
        let path = node.file("10.22.0.2");
        make(&path);

        let mut records = node.open("c1");

        let address = ip("10.22.0.2");
        assert_eq!(records.owner(&address).unwrap(), Some(Owner::default()), "{what}");
        assert!(!records.claim(&address).unwrap(), "{what}");
        assert!(!records.release(&address).unwrap(), "{what}");
        records.release_for(&address, &Owner::default()).unwrap();
        assert!(records.owned().unwrap().is_empty(), "{what}");
        assert!(fs::symlink_metadata(&path).is_ok(), "{what} is left alone");
        let problems = records.take_problems();
        assert!(
            problems[0].contains("10.22.0.2 does not tell who has the address"),
            "{problems:?}"
        );
        assert!(
            records.claim(&ip("10.22.0.3")).unwrap(),
            "{what} is in nobody else's way"
        );
    }
}

#[test]
fn files_that_are_no_records_are_left_alone() {
    let foreign = [
        "README",
        "10.22.0.300",
        "010.22.0.2",
        "10.22.0.2.bak",
        "FD00::1",
        "fd00::0:1",
        ".hidden",
        "10.22.0.2 ",
    ];
    let node = Node::new();
    drop(node.open("c1"));
    for name in foreign {
        fs::write(node.file(name), "c1\r\neth0").unwrap();
    }
    fs::create_dir(node.file("sub")).unwrap();
    fs::write(node.file("sub/10.22.0.4"), "c1\r\neth0").unwrap();

    let mut records = node.open("c1");

    assert!(records.owned().unwrap().is_empty());
    assert!(records.claims().unwrap().is_empty());
    assert!(!records.tidy().unwrap());
    for name in foreign {
        assert_eq!(fs::read(node.file(name)).unwrap(), b"c1\r\neth0", "{name}");
    }
    assert!(fs::is_there(node.file("lock")), "of what stays, all stays");
}

#[test]
fn a_half_written_file_of_ours_is_no_claim_and_in_nobodys_way() {
    let node = Node::new();
    assert!(node.open("c1").claim(&ip("10.22.0.2")).unwrap());
    // A crash left it, and (where files can't be put in place otherwise) it is
    // another name of a claim.
    fs::hard_link(node.file("10.22.0.2"), node.file(".cofferdam.next")).unwrap();
    let mut records = node.open("c2");
    assert_eq!(records.claims().unwrap().len(), 1);
    assert!(records.claim(&ip("10.22.0.3")).unwrap());
    assert_eq!(fs::read(node.file("10.22.0.2")).unwrap(), b"c1\r\neth0");
    assert_eq!(fs::read(node.file("10.22.0.3")).unwrap(), b"c2\r\neth0");
    assert!(records.compare_and_set("cursor", None, "1").unwrap());
    assert!(!fs::is_there(node.file(".cofferdam.next")));
}

#[test]
fn a_link_in_the_place_of_the_directory_is_refused_by_name() {
    let node = Node::new();
    let real = node.root.path().join("real");
    fs::create_dir_all(&real).unwrap();
    fs::create_dir_all(node.directory().parent().unwrap()).unwrap();
    symlink(&real, node.directory()).unwrap();
    let refusals = [
        node.try_open("c1", soon()).unwrap_err(),
        node.open_existing("c1").unwrap_err(),
    ];
    for refusal in refusals {
        let text = refusal.to_string();
        assert!(
            text.contains("networks/mynet is not used: it is a symbolic link"),
            "{text}"
        );
    }
    assert!(names(&real).is_empty());
}
