//! Address records against the layout of the reference plugin host-local,
//! which writes in place, and against whatever else lies about.

use std::{
    fs,
    net::IpAddr,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, symlink},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cofferdam_journal::{AttachmentId, Error, Owner, Records};

use crate::fixture::{attachment, soon};

/// A node's records and state, as files.
pub(crate) struct Node {
    root: tempfile::TempDir,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.root.path().join("networks/mynet")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    /// Opens the records as an ADD of `c1`, `c2`, …
    pub(crate) fn open(&self, container: &str) -> Records {
        self.try_open(container, soon()).unwrap()
    }

    fn try_open(&self, container: &str, deadline: Instant) -> Result<Records, Error> {
        let id = attachment(container);
        Records::open(&self.directory(), &self.state(), &id, owner(&id), deadline)
    }

    fn open_existing(&self, container: &str) -> Result<Option<Records>, Error> {
        let id = attachment(container);
        Records::open_existing(&self.directory(), &self.state(), &id, owner(&id), soon())
    }

    /// As the reference plugin writes a claim: in place, under the lock.
    pub(crate) fn write_as_reference(&self, name: &str, content: &str) {
        let lock = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.file("lock"))
            .unwrap();
        lock.lock().unwrap();
        let mut file = fs::OpenOptions::new()
            .create_new(true)
            .write(true)
            .open(self.file(name))
            .unwrap();
        std::io::Write::write_all(&mut file, content.as_bytes()).unwrap();
    }
}

fn owner(id: &AttachmentId) -> Owner {
    Owner {
        container_id: id.container_id.clone(),
        interface_name: Some(id.interface_name.clone()),
    }
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

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
        assert!(!node.file("10.22.0.7").exists());
        assert!(records.owned().unwrap().is_empty());
        assert_eq!(records.take_problems(), Vec::<String>::new());
    }
}

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
    let kinds: [(&str, Make); 7] = [
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
        ("a pipe", |path| {
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
        assert!(path.symlink_metadata().is_ok(), "{what} is left alone");
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
    assert!(node.file("lock").exists(), "of what stays, all stays");
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
    assert!(!node.file(".cofferdam.next").exists());
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

#[test]
fn only_an_add_makes_records() {
    let node = Node::new();
    assert!(node.open_existing("c1").unwrap().is_none());
    assert!(!node.directory().exists());
    fs::create_dir_all(node.directory().parent().unwrap()).unwrap();
    fs::write(node.directory(), "no directory").unwrap();
    assert!(
        node.open_existing("c1").unwrap().is_none(),
        "in a file there are no records"
    );
    let text = node.try_open("c1", soon()).unwrap_err().to_string();
    assert!(text.contains("networks/mynet: Not a directory"), "{text}");
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
    assert!(!node.root.path().join("networks").exists());
    assert!(names(&node.state().join("claims")).is_empty());

    // A directory that was there before stays.
    fs::create_dir_all(node.directory()).unwrap();
    assert!(!node.open("c1").tidy().unwrap());
    assert!(node.directory().exists());
}

/// One process waits for the lock of a directory that another removes.
#[test]
fn who_waited_for_records_that_were_removed_makes_them_anew() {
    let node = Node::new();
    let records = node.open("c1");
    let (begun, waits) = mpsc::channel();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            begun.send(()).unwrap();
            node.open("c2").claim(&ip("10.22.0.2")).unwrap()
        });
        waits.recv().unwrap();
        thread::sleep(Duration::from_millis(50));
        assert!(records.tidy().unwrap());
        assert!(waiting.join().unwrap());
    });
    assert_eq!(fs::read(node.file("10.22.0.2")).unwrap(), b"c2\r\neth0");
    assert!(!node.open("c1").claim(&ip("10.22.0.2")).unwrap());
}

#[test]
fn a_lock_that_is_held_is_named_with_its_holder() {
    let node = Node::new();
    let _held = node.open("c1");
    let begin = Instant::now();
    let refusal = node.try_open("c2", begin + Duration::from_millis(50)).unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert!(matches!(refusal, Error::Busy { .. }), "{refusal}");
    let text = refusal.to_string();
    assert!(text.contains("networks/mynet is locked by process"), "{text}");
}

#[test]
fn processes_at_once_never_share_an_address() {
    let node = Node::new();
    let threads = 8;
    let each = 12;
    let claimed: Vec<IpAddr> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| {
                let node = &node;
                scope.spawn(move || {
                    let container = format!("c{number}");
                    let mut own = Vec::new();
                    for _ in 0..each {
                        let mut records = node.open(&container);
                        let free = (2..250_u8)
                            .map(|last| IpAddr::from([10, 22, 0, last]))
                            .find(|address| records.claim(address).unwrap());
                        own.push(free.unwrap());
                    }
                    let mut records = node.open(&container);
                    let mut listed = own.clone();
                    listed.sort();
                    assert_eq!(records.owned().unwrap(), listed);
                    own
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let mut unique = claimed.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), threads * each);
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
