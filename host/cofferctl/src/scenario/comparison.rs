//! Whether what came of a step is what was expected, and where not, both side
//! by side.

use cofferdam_protocol::{CniError, Place};
use cofferdam_scenario::{Answer, Expected, Fact, Picture, Pictures, setting_now};
use cofferdam_simulation::Simulated;
use serde_json::Value as Json;

/// Something that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) found: String,
}

/// What a verb came to: the result of an ADD, nothing of others, or an error.
pub(super) type Outcome = Result<Option<Json>, CniError>;

/// Lines that are shown of what there is instead.
const MOST_SHOWN: usize = 12;
/// Stands for anything in an expected result.
const ANYTHING: &str = "*";

/// Compares all that is expected of a step.
pub(super) fn compare(expected: &Expected, outcome: Option<&Outcome>, network: &mut Simulated) -> Vec<Mismatch> {
    // Where the answer is another one, so is all that should have come of it.
    if let Some(mismatch) = outcome.and_then(|outcome| compare_answer(&expected.answer, outcome)) {
        return vec![mismatch];
    }
    let mut all = Vec::new();
    let pictures = Pictures::of(network);
    for (place, fact) in &expected.there {
        if !is_so(fact, *place, &pictures, network) {
            all.push(mismatch(
                *place,
                &format!("\"{fact}\""),
                shown(pictures.at(*place), fact),
            ));
        }
    }
    for (place, fact) in &expected.gone {
        if is_so(fact, *place, &pictures, network) {
            let found = pictures.at(*place).about(fact).filter(|present| fact.covers(present));
            let found: Vec<String> = found.map(ToString::to_string).collect();
            all.push(mismatch(*place, &format!("no \"{fact}\""), found.join("\n")));
        }
    }
    all
}

fn mismatch(place: Place, expected: &str, found: String) -> Mismatch {
    Mismatch {
        what: format!("in the {}", named(place)),
        expected: expected.to_owned(),
        found,
    }
}

/// What scenarios call a namespace.
pub(super) fn named(place: Place) -> &'static str {
    match place {
        Place::Host => "node",
        Place::Container => "container",
    }
}

/// A setting has a value whether or not anybody set it.
fn is_so(fact: &Fact, place: Place, pictures: &Pictures, network: &mut Simulated) -> bool {
    match (fact.subject, fact.get("key"), fact.get("value")) {
        ("setting", Some(key), Some(value)) if !fact.has_wildcard() => {
            setting_now(network, place, key).is_ok_and(|now| now == value)
        }
        _ => pictures.at(place).has(fact),
    }
}

/// What there is of the kind.
fn shown(picture: &Picture, fact: &Fact) -> String {
    let present: Vec<String> = picture.about(fact).map(ToString::to_string).collect();
    match present.len() {
        0 => format!("no {} at all", fact.subject),
        number if number > MOST_SHOWN => {
            let more = number - MOST_SHOWN;
            format!("{}\nand {more} more", present[..MOST_SHOWN].join("\n"))
        }
        _ => present.join("\n"),
    }
}

fn compare_answer(expected: &Answer, outcome: &Outcome) -> Option<Mismatch> {
    let told = |expected: String| {
        Some(Mismatch {
            what: "the answer".to_owned(),
            expected,
            found: in_words(outcome),
        })
    };
    match (expected, outcome) {
        (Answer::Success, Ok(_)) => None,
        (Answer::Success, Err(_)) => told("success".to_owned()),
        (Answer::Containing(wanted), Ok(result)) => {
            let found = result.as_ref().unwrap_or(&Json::Null);
            (!contains(found, wanted)).then(|| Mismatch {
                what: "the result does not have all this".to_owned(),
                expected: pretty(wanted),
                found: pretty(found),
            })
        }
        (Answer::Exactly(wanted), Ok(result)) => {
            let found = result.as_ref().unwrap_or(&Json::Null);
            (!equals(found, wanted)).then(|| Mismatch {
                what: "the result is another one".to_owned(),
                expected: pretty(wanted),
                found: pretty(found),
            })
        }
        (Answer::Containing(wanted) | Answer::Exactly(wanted), Err(_)) => told(format!("the result {wanted}")),
        (Answer::Error { code, words }, found) => {
            let as_expected = found.as_ref().err().is_some_and(|error| {
                let text = error.to_string();
                code.is_none_or(|code| code == error.code) && words.iter().all(|words| text.contains(words))
            });
            if as_expected {
                return None;
            }
            let code = code.map_or_else(|| "an error".to_owned(), |code| format!("error {code}"));
            let words: Vec<String> = words.iter().map(|words| format!("{words:?}")).collect();
            told(match words.len() {
                0 => code,
                _ => format!("{code} with {}", words.join(" and ")),
            })
        }
        (Answer::Denied(wanted), found) => {
            let missing = found.as_ref().err().map(missing_grants).unwrap_or_default();
            let is_denied = missing.iter().any(|grant| contains(grant, wanted));
            if is_denied {
                None
            } else {
                told(format!("a denial, for want of the grant {wanted}"))
            }
        }
    }
}

fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Ok(None) => "success".to_owned(),
        Ok(Some(result)) => format!("success: {result}"),
        Err(error) => match error.details.as_deref() {
            None | Some("") => format!("error {}: {}", error.code, error.message),
            Some(details) => format!("error {}: {}\n{details}", error.code, error.message),
        },
    }
}

fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

/// The grants that an error says are missing. They are tables of TOML in the
/// error's details, one after the other.
fn missing_grants(error: &CniError) -> Vec<Json> {
    let details = error.details.as_deref().unwrap_or_default();
    let mut grants = Vec::new();
    let mut rest = details;
    while let Some(begin) = rest.find("{ allow = ") {
        let Some(table) = rest.get(begin..) else { break };
        // What a component leaves open is told with an ellipsis, which is no
        // TOML.
        let ends = table.match_indices('}').map(|(end, _)| end + 1);
        let read = |end: usize| {
            let text = format!("grant = {}", table.get(..end)?.replace("= …", "= \"…\""));
            let grant = toml::from_str::<toml::Table>(&text).ok()?.remove("grant")?;
            Some((serde_json::to_value(grant).ok()?, end))
        };
        match ends.take(MOST_SHOWN).find_map(read) {
            Some((grant, end)) => {
                grants.push(grant);
                rest = table.get(end..).unwrap_or_default();
            }
            None => rest = table.get(1..).unwrap_or_default(),
        }
    }
    grants
}

/// Whether all that is wanted is found: of an object its keys, of a list its
/// items in their order.
pub(super) fn contains(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (_, Json::String(text)) if text == ANYTHING => true,
        (Json::Object(found), Json::Object(wanted)) => {
            let has = |(key, wanted): (&String, &Json)| found.get(key).is_some_and(|found| contains(found, wanted));
            wanted.iter().all(has)
        }
        (Json::Array(found), Json::Array(wanted)) => {
            let mut rest = found.iter();
            wanted.iter().all(|wanted| rest.any(|found| contains(found, wanted)))
        }
        (found, wanted) => found == wanted,
    }
}

fn equals(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (_, Json::String(text)) if text == ANYTHING => true,
        (Json::Object(found), Json::Object(wanted)) => {
            let same = |(key, wanted): (&String, &Json)| found.get(key).is_some_and(|found| equals(found, wanted));
            found.len() == wanted.len() && wanted.iter().all(same)
        }
        (Json::Array(found), Json::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| equals(found, wanted))
        }
        (found, wanted) => found == wanted,
    }
}

/// How the network differs from the one at the beginning.
pub(super) fn compare_pictures(before: &Pictures, now: &Pictures) -> Vec<Mismatch> {
    let mut all = Vec::new();
    for place in [Place::Host, Place::Container] {
        let (missing, left) = before.at(place).differences(now.at(place));
        if missing.is_empty() && left.is_empty() {
            continue;
        }
        let lines = |facts: Vec<&Fact>| match facts.len() {
            0 => "nothing else".to_owned(),
            _ => facts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        };
        all.push(Mismatch {
            what: format!("the {} is not as it was before", named(place)),
            expected: lines(missing),
            found: lines(left),
        });
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_may_have_more_than_is_wanted() {
        let found =
            json!({ "ips": [{ "address": "10.0.0.2/24" }, { "address": "fd00::2/64", "interface": 0 }], "dns": {} });
        for (wanted, has) in [
            (json!({}), true),
            (json!({ "ips": [{ "address": "10.0.0.2/24" }] }), true),
            (json!({ "ips": [{ "address": "fd00::2/64" }] }), true),
            (json!({ "ips": [{ "address": "*" }, { "interface": 0 }] }), true),
            (
                json!({ "ips": [{ "address": "fd00::2/64" }, { "address": "10.0.0.2/24" }] }),
                false,
            ),
            (json!({ "ips": [{}, {}, {}] }), false),
            (json!({ "routes": [] }), false),
            (json!({ "dns": { "domain": "*" } }), false),
        ] {
            assert_eq!(contains(&found, &wanted), has, "{wanted}");
        }
        assert!(equals(&found, &found));
        assert!(!equals(&found, &json!({ "dns": {} })));
    }

    #[test]
    fn a_denial_tells_the_grants_that_are_missing() {
        let details = "missing grant: { allow = \"link.create\", in = \"host\", kinds = [\"veth\"], names = … }; \
                       { allow = \"nftables.table\", tables = [\"a}\"] }; rolled back: nothing";
        let error = CniError::new(100, "denied").with_details(details);
        assert_eq!(
            missing_grants(&error),
            [
                json!({ "allow": "link.create", "in": "host", "kinds": ["veth"], "names": "…" }),
                json!({ "allow": "nftables.table", "tables": ["a}"] }),
            ]
        );
        assert!(missing_grants(&CniError::new(7, "another")).is_empty());
    }
}
