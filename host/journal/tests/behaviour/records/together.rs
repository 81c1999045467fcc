//! Several processes at once.

use std::{net::IpAddr, sync::mpsc, thread, time::Duration};

use cofferdam_system::files as fs;

use super::{Node, ip};

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
