use std::{
    env,
    fs::{self, File},
    io::{Read as _, Write as _},
    net::Ipv4Addr,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

use cofferdam_confinement::{Access, Capabilities, Confinement};
use cofferdam_network::{
    Ahead, Datagram, Error, Kernel, LinkId, LinkSettings, Network as _, NewLink, Ports, SysctlKey, VethEnd,
    nftables::{Family, Table, TableId},
};
use cofferdam_protocol::{MacAddress, Place};
use nix::sched::{CloneFlags, unshare};

use crate::scenario::{command, run_to_any_end, tell};

tests![what_a_host_does_works_as_before,];

/// The directory that stays accessible. A confined process could not remove
/// it: it is below one that does not.
const STATE: &str = "COFFERDAM_STATE";

/// Makes this process a node with a container, if it may.
fn node_with_container() -> Option<Kernel> {
    unshare(CloneFlags::CLONE_NEWNET).ok()?;
    let container = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        File::open("/proc/thread-self/ns/net").unwrap()
    });
    let container = container.join().unwrap().into();
    Some(Kernel::new(Duration::from_secs(5)).with_container(container))
}

/// What a host does after confinement.
pub(crate) fn work() {
    let Some(mut kernel) = node_with_container() else {
        tell("skipped", "network namespaces can't be made");
        return;
    };
    let state = PathBuf::from(env::var_os(STATE).unwrap());
    // The container's namespace can be joined no more after that.
    let ahead = Ahead {
        nftables: true,
        packets: [Place::Host, Place::Container].into(),
        taps: 1,
        settings: ["ipv4", "core"].map(str::to_owned).into(),
    };
    kernel.open_ahead(&ahead).unwrap();
    Confinement::new()
        .keep_capability(Capabilities::NET_ADMIN)
        .directory(&state, Access::WriteAndLink)
        .directory("/proc/sys/net", Access::Write)
        .file("/proc/locks")
        .allow_taps()
        .allow_threads()
        .enforce()
        .unwrap();
    network(&mut kernel);
    files(&state);
    memory_and_time();
    tell("all", "done");
}

fn network(kernel: &mut Kernel) {
    let end = |place, name: &str, last| VethEnd {
        place,
        name: name.to_owned(),
        mac: MacAddress([2, 0, 0, 0, 0, last]),
        mtu: Some(1400),
        master: None,
    };
    let (host, container) = kernel
        .create_veth(&end(Place::Host, "veth0", 1), &end(Place::Container, "eth0", 2))
        .unwrap();
    kernel.set_link_up(host, true).unwrap();
    kernel
        .add_address(container, "192.0.2.1/24".parse().unwrap(), true)
        .unwrap();
    assert_eq!(kernel.addresses(container).unwrap().len(), 1);
    assert_eq!(kernel.links(Place::Container).unwrap().len(), 2);
    for place in [Place::Host, Place::Container] {
        for key in ["net/ipv4/conf/lo/proxy_arp", "net/core/somaxconn"] {
            let key = SysctlKey::new(key.split('/').map(str::to_owned).collect()).unwrap();
            kernel.set_sysctl(place, &key, "1").unwrap();
            assert_eq!(kernel.sysctl(place, &key).unwrap(), "1");
        }
        let id = TableId {
            family: Family::Inet,
            name: "test".to_owned(),
        };
        let table = Table {
            id: id.clone(),
            sets: Vec::new(),
            chains: Vec::new(),
        };
        kernel.create_table(place, &table).unwrap();
        assert!(kernel.has_table(place, &id).unwrap());
        kernel.delete_table(place, &id).unwrap();
    }
    exchange(kernel, host, container);
    kernel.delete_link(host).unwrap();
    // The other way round: the node's namespace is found by its descriptor.
    let (inner, _) = kernel
        .create_veth(&end(Place::Container, "eth0", 3), &end(Place::Host, "veth0", 4))
        .unwrap();
    // So it is where a link goes, and comes back from.
    let out = kernel.move_link(inner, Place::Host, "dev0", "").unwrap();
    let inner = kernel.move_link(out, Place::Container, "eth0", "dev0").unwrap();
    kernel.delete_link(inner).unwrap();
    assert_eq!(kernel.links(Place::Container).unwrap().len(), 1);
    tap(kernel);
}

fn tap(kernel: &mut Kernel) {
    let wanted = NewLink {
        place: Place::Container,
        name: "tap0".to_owned(),
        mac: Some(MacAddress([2, 0, 0, 0, 0, 5])),
        mtu: Some(1400),
        transmit_queue_length: None,
        parent: None,
        settings: LinkSettings::Tap {
            owner: Some(1000),
            group: Some(1000),
            multi_queue: false,
        },
    };
    match kernel.create_link(&wanted) {
        Ok(tap) => kernel.delete_link(tap).unwrap(),
        Err(Error::Unsupported(text)) => tell("skipped a part", text),
        Err(error) => panic!("{error}"),
    }
}

/// Datagrams, on sockets that were opened before.
fn exchange(kernel: &mut Kernel, host: LinkId, container: LinkId) {
    kernel.set_link_up(container, true).unwrap();
    let (client, server) = (Ports { local: 68, remote: 67 }, Ports { local: 67, remote: 68 });
    let mut there = kernel.open_exchange(host, server).unwrap();
    let mut here = kernel.open_exchange(container, client).unwrap();
    let datagram = Datagram {
        source: Ipv4Addr::UNSPECIFIED,
        destination: Ipv4Addr::BROADCAST,
        mac: None,
        payload: b"hello".to_vec(),
    };
    here.send(&datagram).unwrap();
    let received = there.receive(Duration::from_secs(5)).unwrap().unwrap();
    assert_eq!(received.payload, datagram.payload);
}

fn files(state: &Path) {
    let next = state.join("next");
    let file = state.join("file");
    let mut written = File::create(&next).unwrap();
    written.try_lock().unwrap();
    written.write_all(b"text").unwrap();
    written.sync_data().unwrap();
    written.set_len(2).unwrap();
    written.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    fs::rename(&next, &file).unwrap();
    fs::hard_link(&file, &next).unwrap();
    fs::remove_file(&next).unwrap();
    let mut text = String::new();
    File::open(&file).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "te");
    symlink("elsewhere", state.join("link")).unwrap();
    assert_eq!(fs::read_link(state.join("link")).unwrap(), Path::new("elsewhere"));
    fs::remove_file(state.join("link")).unwrap();
    fs::create_dir(state.join("directory")).unwrap();
    assert_eq!(fs::read_dir(state).unwrap().count(), 2);
    fs::remove_dir(state.join("directory")).unwrap();
    assert!(fs::read_to_string("/proc/locks").is_ok());
}

fn memory_and_time() {
    // A thread of its own, with an arena of its own, that ends.
    let sum = thread::spawn(|| (0..1_000_000_u64).collect::<Vec<_>>().iter().sum::<u64>());
    assert_eq!(sum.join().unwrap(), 499_999_500_000);
    let started = Instant::now();
    thread::sleep(Duration::from_millis(1));
    assert!(started.elapsed() >= Duration::from_millis(1));
    let panicked = thread::spawn(|| panic!("on purpose")).join();
    assert!(panicked.is_err());
}

fn what_a_host_does_works_as_before() {
    let state = tempfile::tempdir().unwrap();
    let outcome = run_to_any_end(command("work").env(STATE, state.path()));
    assert!(outcome.status.success(), "{outcome:?}");
    match outcome.found.get("skipped") {
        Some(reason) => eprintln!("skipped: {reason}"),
        None => assert_eq!(outcome.of("all"), "done"),
    }
}
