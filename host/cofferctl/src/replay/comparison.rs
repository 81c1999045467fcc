use std::time::Duration;

use cofferdam_broker::{
    recording::{Outcome, Recording},
    trace::Call,
};

use super::{
    Replayed,
    ground::{Changed, Ground},
};

/// Calls before the first that differs.
const CONTEXT: usize = 3;

/// A recorded call and what came of it this time.
pub(super) struct Comparison {
    pub(super) changed: Vec<Changed>,
    /// How many calls there are this time.
    pub(super) calls: usize,
    /// How many there were.
    pub(super) recorded: usize,
    pub(super) took: Duration,
    pub(super) difference: Option<Difference>,
    /// What the runtime would get, where that differs.
    pub(super) outcome: Option<Outcome>,
    pub(super) strayed: Option<String>,
    pub(super) lost: Option<String>,
}

/// The first call that differs.
pub(super) struct Difference {
    /// Which it is, counted from one.
    pub(super) number: usize,
    /// Those before it.
    pub(super) before: Vec<Call>,
    pub(super) recorded: Option<Call>,
    pub(super) now: Option<Call>,
}

impl Comparison {
    pub(super) fn of(recording: &Recording, replayed: Replayed, ground: Ground) -> Self {
        let Replayed { calls, again, took } = replayed;
        let calls: Vec<Call> = calls.into_iter().map(|call| original(call, &ground)).collect();
        let outcome = Outcome {
            exit: again.outcome.exit,
            stdout: ground.with_original_paths(&again.outcome.stdout),
            complaints: again
                .outcome
                .complaints
                .iter()
                .map(|complaint| ground.with_original_paths(complaint))
                .collect(),
        };
        Self {
            calls: calls.len(),
            recorded: recording.calls.len(),
            took,
            difference: Difference::first(&recording.calls, &calls),
            outcome: Some(outcome).filter(|outcome| *outcome != recording.outcome),
            strayed: again.strayed,
            lost: again.lost,
            changed: ground.changed,
        }
    }

    pub(super) fn is_same(&self) -> bool {
        self.difference.is_none() && self.outcome.is_none()
    }
}

impl Difference {
    fn first(recorded: &[Call], now: &[Call]) -> Option<Self> {
        let longer = recorded.len().max(now.len());
        let is_other = |at: &usize| match (recorded.get(*at), now.get(*at)) {
            (Some(recorded), Some(now)) => !is_same(recorded, now),
            _ => true,
        };
        let at = (0..longer).find(is_other)?;
        Some(Self {
            number: at + 1,
            before: recorded
                .get(at.saturating_sub(CONTEXT)..at)
                .unwrap_or_default()
                .to_vec(),
            recorded: recorded.get(at).cloned(),
            now: now.get(at).cloned(),
        })
    }
}

/// All but how long it took.
fn is_same(one: &Call, other: &Call) -> bool {
    let timeless = |call: &Call| Call {
        microseconds: 0,
        ..call.clone()
    };
    timeless(one) == timeless(other)
}

fn original(call: Call, ground: &Ground) -> Call {
    let original = |text: String| ground.with_original_paths(&text);
    Call {
        arguments: call
            .arguments
            .into_iter()
            .map(|(name, value)| (name, original(value)))
            .collect(),
        result: call.result.map(original),
        ..call
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(functions: &str) -> Vec<Call> {
        let call = |(function, microseconds): (char, u64)| Call {
            plugin: "test".to_owned(),
            function: function.to_string(),
            arguments: Vec::new(),
            result: Some(String::new()),
            microseconds,
            depth: 0,
        };
        functions.chars().zip(0..).map(call).collect()
    }

    /// Its number, and what is before it, recorded and now.
    fn first(recorded: &str, now: &str) -> Option<(usize, String, String)> {
        let difference = Difference::first(&calls(recorded), &calls(now))?;
        let names = |calls: &[Call]| calls.iter().map(|call| call.function.as_str()).collect::<String>();
        let pair: Vec<Call> = difference.recorded.into_iter().chain(difference.now).collect();
        Some((difference.number, names(&difference.before), names(&pair)))
    }

    #[test]
    fn the_first_difference_is_told_with_what_came_before() {
        let told = |number, before: &str, pair: &str| Some((number, before.to_owned(), pair.to_owned()));
        assert_eq!(first("abc", "abc"), None);
        assert_eq!(first("abcdefg", "abcdexg"), told(6, "cde", "fx"));
        assert_eq!(first("ab", "abc"), told(3, "ab", "c"));
        assert_eq!(first("ab", "a"), told(2, "a", "b"));
        assert_eq!(first("", "a"), told(1, "", "a"));
    }
}
