//! A firewalld that answers, and what may be in its place.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use cofferdam_firewalld::{Error, Firewalld, Zones as _, role, serve};
use cofferdam_tests::firewalld::MadeUpFirewalld;
use tempfile::TempDir;

const SOON: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_network_is_in_the_zone_that_it_was_put_into() {
    let made_up = MadeUpFirewalld::new();
    let mut firewalld = Firewalld::find(&made_up.bus(), PATIENCE).unwrap().unwrap();
    let (one, two) = ("10.22.0.5/32", "fd00:22::5/128");
    assert!(!firewalld.has_source("trusted", one).unwrap());
    firewalld.add_source("trusted", one).unwrap();
    firewalld.add_source("public", two).unwrap();
    assert!(firewalld.has_source("trusted", one).unwrap());
    assert!(!firewalld.has_source("public", one).unwrap());
    firewalld.remove_source("trusted", one).unwrap();
    assert_eq!(made_up.sources(), [(two.to_owned(), "public".to_owned())]);
}

#[test]
fn a_refusal_has_its_reason() {
    let made_up = MadeUpFirewalld::new();
    let mut firewalld = Firewalld::find(&made_up.bus(), PATIENCE).unwrap().unwrap();
    let source = "10.22.0.5/32";
    firewalld.add_source("trusted", source).unwrap();
    for (reason, told) in [
        ("ZONE_ALREADY_SET", firewalld.add_source("trusted", source)),
        ("ZONE_CONFLICT", firewalld.add_source("public", source)),
        ("ZONE_CONFLICT", firewalld.remove_source("public", source)),
        ("UNKNOWN_SOURCE", firewalld.remove_source("trusted", "10.22.0.6/32")),
        ("INVALID_ZONE", firewalld.add_source("nowhere", source)),
        ("INVALID_ZONE", firewalld.has_source("nowhere", source).map(drop)),
    ] {
        assert_eq!(told.unwrap_err().reason(), Some(reason));
    }
}

#[test]
fn where_nobody_listens_no_firewalld_runs() {
    let directory = TempDir::new().unwrap();
    for bus in ["nothing", "nothing/there"] {
        assert!(Firewalld::find(&directory.path().join(bus), SOON).unwrap().is_none());
    }
    let left = directory.path().join("left");
    drop(UnixListener::bind(&left).unwrap());
    assert!(Firewalld::find(&left, SOON).unwrap().is_none());
}

/// Somebody at a bus who says this to whoever comes, and no more.
fn saying(words: Vec<u8>) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let bus = directory.path().join("bus");
    let listener = UnixListener::bind(&bus).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(&words);
        // What is said to it goes nowhere, until the other side goes.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    (directory, bus)
}

#[test]
fn whoever_is_at_the_bus_a_question_ends() {
    let ok = b"OK 0\r\n".to_vec();
    let after = |bytes: &[u8]| [&ok[..], bytes].concat();
    for (words, expected) in [
        (b"REJECTED EXTERNAL\r\n".to_vec(), "nobody"),
        (Vec::new(), "late"),
        (b"OK".to_vec(), "late"),
        (vec![b'x'; 1000], "unreadable"),
        (ok.clone(), "late"),
        (after(&[b'l', 2, 1, 1]), "late"),
        (after(&[0xff; 64]), "unreadable"),
        // Of a length that nobody waits for.
        (after(b"l\x02\x01\x01\xff\xff\xff\x7f\x01\0\0\0\0\0\0\0"), "unreadable"),
        // Signals without end.
        (
            after(&b"l\x04\x01\x01\0\0\0\0\x01\0\0\0\0\0\0\0".repeat(1000)),
            "unreadable",
        ),
    ] {
        let begun = Instant::now();
        let (_directory, bus) = saying(words.clone());
        let told = match Firewalld::find(&bus, SOON) {
            Ok(None) => "nobody",
            Err(Error::Late) => "late",
            Err(Error::Unreadable) => "unreadable",
            other => panic!("{words:?}: {other:?}"),
        };
        assert_eq!(told, expected, "{words:?}");
        assert!(begun.elapsed() < PATIENCE, "{words:?}");
    }
}

#[test]
fn a_deputy_is_asked_in_lines_and_says_no_more_to_nonsense() {
    let made_up = MadeUpFirewalld::new();
    let firewalld = Firewalld::find(&made_up.bus(), PATIENCE).unwrap().unwrap();
    let (mut employer, its) = UnixStream::pair().unwrap();
    let deputy = thread::spawn(move || serve(&its, firewalld));
    let mut answers = BufReader::new(employer.try_clone().unwrap());
    let mut ask = |question: &str| {
        employer.write_all(format!("{question}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        answer
    };
    for (question, answer) in [
        ("has trusted 10.22.0.5/32", "no\n"),
        ("add trusted 10.22.0.5/32", "yes\n"),
        ("has trusted 10.22.0.5/32", "yes\n"),
        (
            "add public 10.22.0.5/32",
            "refused ZONE_CONFLICT: '10.22.0.5/32' already bound to a zone\n",
        ),
        ("has nowhere 10.22.0.5/32", "refused INVALID_ZONE: nowhere\n"),
        ("remove trusted 10.22.0.5/32", "yes\n"),
        ("reload everything now", ""),
    ] {
        assert_eq!(ask(question), answer, "{question}");
    }
    assert!(deputy.join().unwrap().is_err());
}

#[test]
fn a_program_is_a_deputy_only_by_name() {
    let told = |words: &[&str]| role(words.iter().map(|word| (*word).to_owned()));
    assert_eq!(told(&["firewalld", "1500"]), Some(Duration::from_millis(1500)));
    for other in [&[][..], &["firewalld"], &["firewalld", "soon"], &["courier", "1500"]] {
        assert_eq!(told(other), None, "{other:?}");
    }
}
