//! Servers that are broken, slow or hostile: an ADD fails with what is wrong
//! and leaves nothing, or is not impressed.

use cofferdam_tests::{
    Container,
    dhcp::{
        Server,
        wire::{ACK, DISCOVER, Message, NAK, OFFER, REQUEST, answer, lend},
    },
    needs_kernel,
};
use serde_json::json;

use crate::lan::{Lan, network};

const LENT: [u8; 4] = [10, 77, 0, 50];
const MASK: (u8, &[u8]) = (1, &[255, 255, 255, 0]);

type Answer = fn(&Message) -> Vec<Vec<u8>>;

#[test]
fn what_makes_no_sense_fails_the_add_and_leaves_nothing() {
    needs_kernel!();
    let cases: [(&str, Answer); 6] = [
        ("Subnet Mask not found in DHCPACK", |message| lend(message, LENT, &[])),
        ("255.0.255.0, which is no mask", |message| {
            lend(message, LENT, &[(1, &[255, 0, 255, 0])])
        }),
        ("for no time at all", |message| {
            lend(message, LENT, &[MASK, (51, &[0; 4])])
        }),
        ("which no link can have", |message| {
            lend(message, [127, 0, 0, 1], &[MASK])
        }),
        ("Classless Static Routes", |message| {
            lend(message, LENT, &[MASK, (121, &[33, 1, 2, 3])])
        }),
        ("each offer was taken back", |message| match message.kind {
            DISCOVER => vec![answer(message, OFFER, LENT, &[MASK])],
            _ => vec![answer(message, NAK, [0; 4], &[])],
        }),
    ];
    for (words, answer) in cases {
        let lan = Lan::new();
        let _server = Server::start(&lan.server, answer);
        let before = lan.site.snapshot();
        let pod = Container::new("one");
        let error = lan.site.try_add(&pod, &network(json!({}))).error();
        assert!(error.message.contains(words), "{words}: {error:?}");
        assert_eq!(pod.namespace.link_names(), ["lo"], "{words}");
        before.assert_same(&lan.site.snapshot());
    }
}

#[test]
fn junk_and_answers_to_others_are_passed_over() {
    needs_kernel!();
    let lan = Lan::new();
    let _server = Server::start(&lan.server, |message| {
        let kind = if message.kind == DISCOVER { OFFER } else { ACK };
        let good = answer(message, kind, LENT, &[MASK]);
        let changed = |position: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[position] = value;
            bytes
        };
        let mut other = answer(message, NAK, [0; 4], &[]);
        // Of another server.
        other[245..249].copy_from_slice(&[10, 77, 0, 99]);
        let mut answers: Vec<Vec<u8>> = (0..60).map(|length| vec![0xa5; length * 23]).collect();
        answers.extend([
            changed(4, message.transaction[0] ^ 0xff),
            changed(33, message.mac[5] ^ 0xff),
            changed(239, 0),
            changed(0, 1),
            // An option that goes on beyond the end.
            changed(good.len() - 6, 250),
            good[..250].to_vec(),
            other,
            Vec::new(),
        ]);
        if matches!(message.kind, DISCOVER | REQUEST) {
            answers.push(good);
        }
        answers
    });
    let pod = Container::new("one");
    let result = lan.site.add(&pod, &network(json!({})));
    assert_eq!(result["ips"][0]["address"], "10.77.0.50/24");
}

#[test]
fn where_nobody_answers_the_add_says_so_and_can_be_tried_again() {
    needs_kernel!();
    let lan = Lan::new();
    let before = lan.site.snapshot();
    let pod = Container::new("one");
    let error = lan.site.try_add(&pod, &network(json!({}))).error();
    assert_eq!(error.code, 11);
    assert!(
        error.message.contains("no server offered an address: no more tries"),
        "{error:?}"
    );
    before.assert_same(&lan.site.snapshot());
}
