//! What holds for every declaration, asked of the kernel.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{cell::Cell, thread, time::Duration};

use nix::sched::{CloneFlags, unshare};
use proptest::{prelude::*, test_runner::TestRunner};

use super::NftSocket;
use crate::{Error, nftables::Family, request::nftables::strategies};

#[test]
fn the_kernel_takes_what_makes_sense() {
    let test = || {
        if unshare(CloneFlags::CLONE_NEWNET).is_err() {
            eprintln!("skipped: a network namespace can't be made here");
            return;
        }
        let mut runner = TestRunner::new(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(2_000)
        });
        let socket = std::cell::RefCell::new(NftSocket::open(Duration::from_secs(10)).unwrap());
        let taken = Cell::new(0);
        runner
            .run(&strategies::table(), |table| {
                let mut socket = socket.borrow_mut();
                match socket.create_table(&table) {
                    Ok(()) => {
                        taken.set(taken.get() + 1);
                        socket.replace_chains(&table).unwrap();
                        socket.delete_table(&table.id).unwrap();
                    }
                    // A kernel may lack connection tracking of bridges.
                    Err(Error::Unsupported(_)) if table.id.family == Family::Bridge => {}
                    Err(Error::Invalid(_)) => {}
                    Err(other) => panic!("{other:?}"),
                }
                Ok(())
            })
            .unwrap();
        assert!(taken.get() > 100, "only {} made sense", taken.get());
    };
    thread::spawn(test).join().unwrap();
}
