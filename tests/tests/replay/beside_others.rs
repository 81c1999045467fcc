//! What others have attached is no concern of an ADD: what the kernel is asked,
//! and how much it tells, stays the same beside more of them.

use std::fs;

use cofferdam_tests::{Container, needs_kernel};
use serde_json::Value;

use crate::node::{last, site, whole_chain};

/// What was asked, and the bytes of each answer.
fn told(recording: &Value) -> Vec<(&str, usize)> {
    let told = recording["told"].as_array().unwrap();
    told.iter()
        .map(|told| (told["call"].as_str().unwrap(), told["answer"].to_string().len()))
        .collect()
}

fn bytes(told: &[(&str, usize)]) -> usize {
    told.iter().map(|(_, bytes)| bytes).sum()
}

#[test]
fn an_add_is_told_no_more_beside_many() {
    needs_kernel!();
    let site = site("always", &["bridge"]);
    let containers: Vec<_> = (10..30).map(|number| Container::new(&format!("c{number}"))).collect();
    let mut recordings = containers.iter().zip(8010..).map(|(container, port)| -> Value {
        let output = site.try_add(container, &whole_chain(port));
        assert_eq!(output.code, 0, "{output:?}");
        serde_json::from_slice(&fs::read(last(&site)).unwrap()).unwrap()
    });
    // The first one finds nothing that is shared.
    let beside_one = recordings.nth(1).unwrap();
    let beside_most = recordings.last().unwrap();
    let (few, many) = (told(&beside_one), told(&beside_most));
    assert_eq!(few.len(), many.len(), "{few:#?} {many:#?}");
    // Numbers of links and flows have more digits.
    assert!(bytes(&many) <= bytes(&few) + 64, "{few:#?} {many:#?}");
}
