//! Components that were cut off or altered somewhere.

use cofferdam_tests::{Container, Site, Snapshot, needs_kernel};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use serde_json::json;

use super::component::Raw;
use crate::arena::{NARROW, config};

/// Cases, the same in each run: what fails here can be looked at.
const CASES: u32 = 64;

#[derive(Clone, Debug)]
enum Damage {
    CutOff(prop::sample::Index),
    Altered(Vec<(prop::sample::Index, u8)>),
}

impl Damage {
    fn done_to(&self, component: &[u8]) -> Vec<u8> {
        let mut bytes = component.to_owned();
        match self {
            Self::CutOff(at) => bytes.truncate(at.index(component.len())),
            Self::Altered(bits) => {
                for (at, bit) in bits {
                    bytes[at.index(component.len())] ^= 1 << bit;
                }
            }
        }
        bytes
    }
}

fn damages() -> impl Strategy<Value = Damage> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        1 => place().prop_map(Damage::CutOff),
        3 => prop::collection::vec((place(), 0..8_u8), 1..3).prop_map(Damage::Altered),
    ]
}

/// It is refused, or it is another component that runs within its bounds.
#[test]
fn a_damaged_component_is_refused_or_is_another_one() {
    needs_kernel!();
    let component = Raw::new().add("(call $forward) (i32.const 1024)").after("").wasm();
    let site = Site::new();
    site.installation().policy("hostile.toml", NARROW);
    let settings = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let generator = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(settings, generator);
    let outcome = runner.run(&damages(), |damage| {
        let ended = site
            .installation()
            .add_component("hostile", &damage.done_to(&component));
        prop_assert!(matches!(ended.code, Some(0 | 1)), "{:?} {}", ended.code, ended.stderr);
        prop_assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        if ended.code == Some(0) {
            runs_within_bounds(&site)?;
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

fn runs_within_bounds(site: &Site) -> Result<(), TestCaseError> {
    let container = Container::new("damaged");
    let config = config(&json!([]));
    let before = (site.snapshot(), Snapshot::of(&container.namespace));
    let call = site.call("ADD", &container, &config);
    let output = call.argument("--budget").argument("1000").run();
    prop_assert!(output.stdout_json.is_some(), "no document: {output}");
    if output.code == 0 {
        let deleted = site
            .call("DEL", &container, &config)
            .argument("--budget")
            .argument("1000")
            .run();
        prop_assert_eq!(deleted.code, 0, "{}", deleted);
    }
    for (before, now) in [
        (before.0, site.snapshot()),
        (before.1, Snapshot::of(&container.namespace)),
    ] {
        let difference = before.difference(&now);
        prop_assert!(difference.is_empty(), "left:\n{difference}");
    }
    Ok(())
}
