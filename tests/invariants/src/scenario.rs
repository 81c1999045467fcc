//! Files of scenarios: whatever is in one, it is read or refused with its line,
//! and the network that it gives is made or refused.

use std::path::Path;

use cofferdam_protocol::Place;
use cofferdam_scenario::{Action, Deed, Fact, Given, Pictures, ScenarioFile, apply, fresh};
use cofferdam_simulation::Simulated;

/// Where files are that a scenario names: there are none.
const PLACE: &str = "/nowhere/at/all/scenarios.toml";

/// One input: the text of a file.
pub fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let file = match ScenarioFile::parse(Path::new(PLACE), text) {
        Ok(file) => file,
        Err(error) => {
            assert!(!error.problem.is_empty());
            // The line after the last has a number, too.
            assert!((1..=text.lines().count() + 1).contains(&error.line), "{error}");
            return;
        }
    };
    for scenario in &file.scenarios {
        let mut network = fresh();
        if !give(&mut network, &scenario.given) {
            continue;
        }
        for step in &scenario.steps {
            for (_, fact) in step.expected.there.iter().chain(&step.expected.gone) {
                read_again(fact);
            }
            if let Action::Change(changes) = &step.action {
                for (place, deed, fact) in changes {
                    change(&mut network, *place, *deed, fact);
                }
            }
        }
    }
}

/// Whether all that is given could be made.
fn give(network: &mut Simulated, given: &Given) -> bool {
    let node = given.node.iter().map(|fact| (Place::Host, fact));
    let container = given.container.iter().map(|fact| (Place::Container, fact));
    node.chain(container)
        .all(|(place, fact)| change(network, place, Deed::Add, fact))
}

/// Whether it could be done; what is refused changes nothing but what stands
/// before it in the same line.
fn change(network: &mut Simulated, place: Place, deed: Deed, fact: &Fact) -> bool {
    read_again(fact);
    let done = apply(network, place, deed, fact);
    let pictures = Pictures::of(network);
    match &done {
        Ok(()) if deed == Deed::Add && ["address", "table"].contains(&fact.subject) => {
            assert!(pictures.at(place).has(fact), "{fact} was added and is not there");
        }
        Ok(()) => {}
        Err(problem) => assert!(!problem.is_empty()),
    }
    done.is_ok()
}

/// What is printed of a line is that line.
fn read_again(fact: &Fact) {
    let printed = fact.to_string();
    match printed.parse::<Fact>() {
        Ok(again) => assert_eq!(&again, fact, "{printed}"),
        Err(problem) => panic!("{printed}: {problem}"),
    }
}
