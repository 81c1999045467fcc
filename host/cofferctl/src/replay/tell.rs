use cofferdam_broker::{
    recording::{Outcome, Recording},
    trace::Call,
};
use cofferdam_sandbox::CONTRACT;
use serde_json::{Value, json};

use super::comparison::{Comparison, Difference};
use crate::{
    output::{say, say_json},
    recordings::{attachment, outcome, variable},
    trace::{document, in_words as call_in_words},
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn in_words(recording: &Recording, comparison: &Comparison) {
    say(&format!(
        "{} of {}, {}: {}",
        variable(recording, "CNI_COMMAND"),
        attachment(recording),
        recording.time,
        outcome(&recording.outcome)
    ));
    if (recording.cofferdam.as_str(), recording.contract.as_str()) != (VERSION, CONTRACT) {
        say(&format!(
            "recorded by Cofferdam {} with contract {}; this is {VERSION} with {CONTRACT}",
            recording.cofferdam, recording.contract
        ));
    }
    for changed in &comparison.changed {
        say(&format!(
            "plugin {}: this component is another one, sha256:{}; recorded is sha256:{}",
            changed.plugin, changed.now, changed.recorded
        ));
    }
    say(&format!(
        "{}, {} ({} calls, {} ms)",
        if comparison.difference.is_none() {
            "same calls"
        } else {
            "other calls"
        },
        if comparison.outcome.is_none() {
            "same outcome"
        } else {
            "another outcome"
        },
        comparison.calls,
        comparison.took.as_millis()
    ));
    if let Some(difference) = &comparison.difference {
        tell_difference(difference, comparison.recorded);
    }
    if let Some(now) = &comparison.outcome {
        say("the outcome");
        say(&format!("  recorded  {}", whole(&recording.outcome)));
        say(&format!("  now       {}", whole(now)));
    }
    if let Some(strayed) = &comparison.strayed {
        say(&format!("from this change on, a network in memory answers: {strayed}"));
        if let Some(lost) = &comparison.lost {
            say(&format!("it could not follow the kernel in all: {lost}"));
        }
    }
}

fn tell_difference(difference: &Difference, recorded: usize) {
    let Difference {
        number,
        before,
        recorded: then,
        now,
    } = difference;
    say(&format!("call {number}, of {recorded} that are recorded"));
    for call in before {
        say(&format!("            {}", call_in_words(call)));
    }
    let shown = |call: &Option<Call>| call.as_ref().map_or_else(|| "none".to_owned(), call_in_words);
    say(&format!("  recorded  {}", shown(then)));
    say(&format!("  now       {}", shown(now)));
}

/// With the result, which may be all that differs.
fn whole(outcome: &Outcome) -> String {
    let Outcome {
        exit,
        stdout,
        complaints,
    } = outcome;
    let word = if *exit == 0 { "success" } else { "error" };
    let compact = serde_json::from_str(stdout).map(|document: Value| document.to_string());
    let document = Some(compact.unwrap_or_else(|_| stdout.clone())).filter(|text| !text.is_empty());
    let parts: Vec<String> = document.into_iter().chain(complaints.iter().cloned()).collect();
    if parts.is_empty() {
        return word.to_owned();
    }
    format!("{word}: {}", parts.join("; "))
}

pub(super) fn as_json(recording: &Recording, comparison: &Comparison) {
    let changed: Vec<Value> = comparison
        .changed
        .iter()
        .map(|changed| json!({ "plugin": changed.plugin, "recorded": changed.recorded, "now": changed.now }))
        .collect();
    let difference = comparison.difference.as_ref().map(|difference| {
        json!({
            "number": difference.number,
            "before": difference.before.iter().map(document).collect::<Vec<_>>(),
            "recorded": difference.recorded.as_ref().map(document),
            "now": difference.now.as_ref().map(document),
        })
    });
    let told =
        |outcome: &Outcome| json!({ "exit": outcome.exit, "stdout": outcome.stdout, "complaints": outcome.complaints });
    say_json(&json!({
        "same": comparison.is_same(),
        "calls": comparison.calls,
        "milliseconds": u64::try_from(comparison.took.as_millis()).unwrap_or(u64::MAX),
        "cofferdam": { "recorded": recording.cofferdam, "now": VERSION },
        "components": changed,
        "difference": difference,
        "outcome": { "recorded": told(&recording.outcome), "now": comparison.outcome.as_ref().map(told) },
        "strayed": comparison.strayed,
        "lost": comparison.lost,
    }));
}
