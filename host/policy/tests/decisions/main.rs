//! Which grant allows what.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod devices;
mod links;
mod nftables;
mod records;
mod requests;
mod routing;
mod sysctls;
mod traffic;

use cofferdam_policy::Asked;

/// Checks one grant against questions, and whether each is allowed.
fn decide(grant: &str, questions: &[(&str, bool)]) {
    let grants = support::grants(&[grant]);
    for (question, expected) in questions {
        let mut words = question.split(' ');
        let asked = Asked::read(words.next().unwrap(), words).unwrap_or_else(|error| panic!("{question}: {error}"));
        let allowed = asked.ask(|question| grants.decide(question).is_ok());
        assert_eq!(allowed, *expected, "{grant:?} on {question:?}");
    }
}
