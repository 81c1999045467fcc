//! `cofferctl keep`: what becomes of a lease while a container is attached.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use cofferdam_tests::{
    Container,
    dhcp::{
        Server,
        wire::{NAK, RELEASE, REQUEST, answer, lend},
    },
    needs_kernel,
};
use serde_json::{Value, json};

use crate::lan::{Lan, keeper, network, wait_for};

const LENT: [u8; 4] = [10, 77, 0, 50];
const MASK: (u8, &[u8]) = (1, &[255, 255, 255, 0]);

/// How a server takes requests for more time.
const GRANTS: u8 = 0;
const REFUSES: u8 = 1;
const IS_SILENT: u8 = 2;

/// A server that lends for some seconds, and can be told how to go on.
fn server(lan: &Lan, seconds: u8) -> (Server, Arc<AtomicU8>) {
    let mood = Arc::new(AtomicU8::new(GRANTS));
    let told = Arc::clone(&mood);
    let server = Server::start(&lan.server, move |message| {
        let time = [0, 0, 0, seconds];
        let options = [MASK, (51, &time[..])];
        match (message.address, told.load(Ordering::Relaxed)) {
            ([0, 0, 0, 0], _) | (_, GRANTS) => lend(message, LENT, &options),
            (_, REFUSES) => vec![answer(message, NAK, [0; 4], &[])],
            _ => Vec::new(),
        }
    });
    (server, mood)
}

/// A container with a lease.
struct Leased {
    lan: Lan,
    server: Server,
    mood: Arc<AtomicU8>,
    config: Value,
    pod: Container,
    result: Value,
}

impl Leased {
    fn for_seconds(seconds: u8) -> Self {
        let lan = Lan::new();
        let (server, mood) = server(&lan, seconds);
        let config = network(json!({}));
        let pod = Container::new("one");
        let result = lan.site.add(&pod, &config);
        Self {
            lan,
            server,
            mood,
            config,
            pod,
            result,
        }
    }
}

fn is_up(pod: &Container) -> bool {
    let link = pod.namespace.link("eth0").unwrap();
    link["flags"].as_array().unwrap().iter().any(|flag| flag == "UP")
}

#[test]
fn a_lease_is_renewed_by_whichever_keeper_runs() {
    needs_kernel!();
    let Leased {
        lan,
        server,
        config,
        pod,
        result,
        ..
    } = Leased::for_seconds(6);
    let renewals = || server.count(REQUEST, Some(LENT));
    // Two at once do not ask twice as often.
    for keepers in [1, 2] {
        let before = renewals();
        let _running: Vec<_> = (0..keepers).map(|_| keeper(&lan)).collect();
        wait_for("the lease is renewed", || renewals() >= before + 2);
    }
    lan.site.check(&pod, &config, &result).silent_success();
    assert!(is_up(&pod));
    // None runs any more.
    lan.site.del(&pod, &config);
    wait_for("the lease is given back", || server.count(RELEASE, Some(LENT)) == 1);
    let kept = lan.site.installation().state().join("upkeep");
    assert_eq!(
        fs::read_dir(kept).map_or(0, Iterator::count),
        0,
        "nothing is kept any more"
    );
}

#[test]
fn a_lease_that_nobody_renews_ends_with_its_link_down_and_told() {
    needs_kernel!();
    let Leased {
        lan,
        server,
        mood,
        config,
        pod,
        result,
    } = Leased::for_seconds(4);
    mood.store(IS_SILENT, Ordering::Relaxed);
    let running = keeper(&lan);
    wait_for("the link goes down", || !is_up(&pod));
    assert!(server.count(REQUEST, Some(LENT)) > 0, "the server was asked");
    drop(running);
    let error = lan.site.check(&pod, &config, &result).error();
    assert!(error.message.contains("the lease of 10.77.0.50 is over"), "{error:?}");
    lan.site.del(&pod, &config);
    assert_eq!(server.count(RELEASE, None), 0, "what is over is not given back");
}

#[test]
fn a_lease_that_is_refused_ends_at_once() {
    needs_kernel!();
    let Leased {
        lan,
        server: _server,
        mood,
        pod,
        ..
    } = Leased::for_seconds(200);
    mood.store(REFUSES, Ordering::Relaxed);
    make_due(&lan);
    let ended = lan.site.cofferctl(&["keep", "--once"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stderr.contains("the server does not lend 10.77.0.50 any more"),
        "{ended:?}"
    );
    assert!(!is_up(&pod));
}

#[test]
fn a_check_without_a_keeper_tells_that_the_lease_ran_out() {
    needs_kernel!();
    let Leased {
        lan,
        server: _server,
        config,
        pod,
        result,
        ..
    } = Leased::for_seconds(1);
    let checked = || lan.site.check(&pod, &config, &result);
    wait_for("CHECK tells it", || !checked().stdout.is_empty());
    let error = checked().error();
    assert!(
        error
            .message
            .contains("nobody renewed it: is `cofferctl keep` running?"),
        "{error:?}"
    );
}

#[test]
fn a_failure_is_told_and_tried_again_later() {
    needs_kernel!();
    let Leased {
        lan, server, pod: _pod, ..
    } = Leased::for_seconds(200);
    make_due(&lan);
    lan.site.installation().remove_policies();
    let ended = lan.site.cofferctl(&["keep", "--once"]);
    assert!(
        ended
            .stderr
            .contains("keep: container one interface eth0 of network lan")
            && ended.stderr.contains("(plugin dhcp)"),
        "{ended:?}"
    );
    assert_eq!(server.count(REQUEST, Some(LENT)), 0);
    lan.site.installation().default_policies();
    let again = lan.site.cofferctl(&["keep", "--once"]);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (Some(0), ""),
        "it is not due before a minute"
    );
}

#[test]
fn what_belongs_to_a_container_that_is_gone_is_forgotten() {
    needs_kernel!();
    let Leased { lan, server, pod, .. } = Leased::for_seconds(200);
    make_due(&lan);
    drop(pod);
    let ended = lan.site.cofferctl(&["keep", "--once"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let kept = lan.site.installation().state().join("upkeep");
    assert_eq!(fs::read_dir(kept).unwrap().count(), 0);
    assert_eq!(server.count(REQUEST, Some(LENT)), 0);
}

/// Has what is kept be due now.
fn make_due(lan: &Lan) {
    let kept = lan.site.installation().state().join("upkeep");
    for entry in fs::read_dir(kept).unwrap() {
        let path = entry.unwrap().path();
        let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        record["due"] = record["kept"].clone();
        fs::write(&path, record.to_string()).unwrap();
    }
}
