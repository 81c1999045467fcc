//! Records that somebody else has the lock of.

use std::time::{Duration, Instant};

use cofferdam_journal::{Error, Header, StateDirectory};

use super::Node;
use crate::fixture::{attachment, soon};

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

/// A process that is confined can't read another's environment.
#[test]
fn the_attachment_that_a_lock_is_held_for_is_told_by_its_journal() {
    let node = Node::new();
    let state = StateDirectory::open(&node.state()).unwrap();
    let header = Header::new(attachment("c1"), None, Vec::new(), 0, String::new());
    let _journal = state.lock(&attachment("c1"), soon()).unwrap().begin(header).unwrap();
    let _held = node.open("c1");

    let refusal = node.try_open("c2", Instant::now()).unwrap_err();

    let text = refusal.to_string();
    assert!(text.contains(&attachment("c1").to_string()), "{text}");
}
