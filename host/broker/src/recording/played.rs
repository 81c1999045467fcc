use std::{collections::VecDeque, io};

use cofferdam_sandbox::{Outside as _, World};
use serde_json::Value;

use super::{Recording, Told};

/// What was told in a recorded call, to be told once more.
pub(super) struct Played {
    told: Vec<Told>,
    /// The first that was not told yet.
    next: usize,
    random: VecDeque<u8>,
    clocks: VecDeque<u64>,
    /// The change that was asked for where another one is on record: from
    /// there on nothing of the recording holds.
    strayed: Option<String>,
    /// What the network in memory could not follow in.
    lost: Option<String>,
    world: World,
}

impl Played {
    pub(super) fn of(recording: &Recording) -> Self {
        Self {
            random: recording.random_bytes().unwrap_or_default().into(),
            clocks: recording.clocks.clone().into(),
            ..Self::answers(recording.told.clone())
        }
    }

    pub(super) fn answers(told: Vec<Told>) -> Self {
        Self {
            told,
            next: 0,
            random: VecDeque::new(),
            clocks: VecDeque::new(),
            strayed: None,
            lost: None,
            world: World::default(),
        }
    }

    /// What is on record for a question. Between two changes looks may be left
    /// out, added and repeated: what is looked at is the same. Changes come in
    /// their order, and there is no way back to it once another one was made.
    pub(super) fn answer(&mut self, call: &str, changes: bool) -> Option<Value> {
        if self.strayed.is_some() {
            return None;
        }
        let ahead = self.told.get(self.next..).unwrap_or_default();
        let until_change = ahead
            .iter()
            .position(|told| told.changes)
            .map_or(ahead.len(), |at| at + 1);
        let found = ahead.iter().take(until_change).position(|told| told.call == call);
        if let Some(distance) = found {
            self.next += distance + 1;
            return self.told.get(self.next - 1).map(|told| told.answer.clone());
        }
        if changes {
            self.strayed = Some(call.to_owned());
            return None;
        }
        let behind = self.told.get(..self.next).unwrap_or_default().iter().rev();
        let mut since_change = behind.take_while(|told| !told.changes);
        since_change
            .find(|told| told.call == call)
            .map(|told| told.answer.clone())
    }

    pub(super) fn lose(&mut self, call: &str, why: &str) {
        self.lost.get_or_insert_with(|| format!("{call}: {why}"));
    }

    pub(super) fn strayed(&self) -> (Option<String>, Option<String>) {
        (self.strayed.clone(), self.lost.clone())
    }

    /// Those on record, and then others.
    pub(super) fn random(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let known = bytes.len().min(self.random.len());
        let (first, rest) = bytes.split_at_mut(known);
        for (byte, told) in first.iter_mut().zip(self.random.drain(..known)) {
            *byte = told;
        }
        self.world.random(rest)
    }

    pub(super) fn clock(&mut self, now: impl FnOnce(&World) -> u64) -> u64 {
        self.clocks.pop_front().unwrap_or_else(|| now(&self.world))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tape() -> Played {
        let told = [("a", false), ("b", false), ("C", true), ("a", false), ("D", true)];
        let numbered = told.iter().zip(1..).map(|((call, changes), number)| Told {
            call: (*call).to_owned(),
            changes: *changes,
            answer: json!(number),
        });
        Played::answers(numbered.collect())
    }

    /// What is told for each; lower case looks, upper case changes.
    fn told(calls: &str) -> Vec<Option<i64>> {
        let mut played = tape();
        let answer = |call: char| played.answer(&call.to_string(), call.is_uppercase());
        calls
            .chars()
            .map(answer)
            .map(|answer| answer.and_then(|value| value.as_i64()))
            .collect()
    }

    #[test]
    fn the_same_questions_get_the_same_answers() {
        assert_eq!(told("abCaD"), [1, 2, 3, 4, 5].map(Some));
    }

    #[test]
    fn looks_may_be_left_out_repeated_and_added() {
        assert_eq!(told("aaxCD"), [Some(1), Some(1), None, Some(3), Some(5)]);
    }

    #[test]
    fn what_was_seen_before_a_change_does_not_hold_after_it() {
        assert_eq!(told("abCb"), [Some(1), Some(2), Some(3), None]);
    }

    #[test]
    fn nothing_holds_after_another_change() {
        assert_eq!(told("aXCa"), [Some(1), None, None, None]);
        assert_eq!(told("aD"), [Some(1), None], "one before it was left out");
    }

    #[test]
    fn chance_is_as_it_was_for_as_long_as_it_is_on_record() {
        let mut played = tape();
        played.random = VecDeque::from([1, 2, 3]);
        played.clocks = VecDeque::from([7]);
        let mut bytes = [0; 2];
        assert!(played.random(&mut bytes).is_ok());
        assert_eq!(bytes, [1, 2]);
        let mut bytes = [0; 16];
        assert!(played.random(&mut bytes).is_ok());
        assert_eq!(bytes[0], 3);
        assert_ne!(bytes[1..], [0; 15]);
        assert_eq!(played.clock(|_| 8), 7);
        assert_eq!(played.clock(|_| 8), 8);
    }
}
