//! Whatever is done in whatever order, undoing it leaves everything as it was;
//! also when who undoes it is killed at any record, and somebody else goes on.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use cofferdam_journal::{Inverse, Journal, Outcome};
use cofferdam_system::files as fs;
use cofferdam_tests::needs_kernel;
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::plans::{PLANS, carry_out};
use crate::{
    cases::cases,
    fixture::soon,
    ground::{Ground, difference},
};

/// How long sequences are begun. What a slow machine leaves out, the next run
/// may try.
const TIME: Duration = Duration::from_secs(20);
const CASES: u32 = 60;
const LONGEST: usize = 24;

/// One step: an operation of some kind, about one of a few things.
#[derive(Clone, Copy, Debug)]
struct Step {
    kind: usize,
    choice: usize,
}

/// Whether a case stands on nothing that the steps change, so that it can be
/// done anywhere among them, once.
fn stands_alone(inverse: &Inverse) -> bool {
    use cofferdam_journal::SharedObject::LinkSetting;
    match inverse {
        Inverse::LeaveShared { object } => !matches!(object, LinkSetting { .. }),
        Inverse::DeleteLink { .. }
        | Inverse::EndUpkeep { .. }
        | Inverse::FreeSlot { .. }
        | Inverse::ReleaseClaim { .. }
        | Inverse::ReturnDevice { .. } => true,
        _ => false,
    }
}

/// Does the steps, each on record before; how many were done.
fn perform(ground: &mut Ground, journal: &mut Journal, steps: &[Step]) -> usize {
    let mut alone: Vec<_> = cases(ground)
        .into_iter()
        .filter(|case| stands_alone(&case.inverse))
        .map(Some)
        .collect();
    let mut done = 0;
    for step in steps {
        let Some(plan) = PLANS.get(step.kind) else {
            let number = step.choice % alone.len();
            if let Some(case) = alone[number].take() {
                ground.perform(journal, &case.operation, &case.inverse, |ground| (case.act)(ground));
                done += 1;
            }
            continue;
        };
        let Some((operation, inverse)) = plan(ground, step.choice) else {
            continue;
        };
        let sequence = journal.intend("bridge", &operation, &inverse).unwrap();
        // What others of the steps stand in the way of fails, and is nothing.
        match carry_out(ground, &operation) {
            Ok(()) => {
                journal.done(sequence, Outcome::default());
                done += 1;
            }
            Err(_) => journal.abandon(sequence),
        }
    }
    done
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Those that stand alone are as frequent as three kinds together.
    let step = (0..PLANS.len() + 3, 0..48_usize).prop_map(|(kind, choice)| Step { kind, choice });
    prop::collection::vec(step, 1..LONGEST)
}

fn same(now: &str, before: &str, what: &str) -> Result<(), TestCaseError> {
    prop_assert!(now == before, "{what}\n{}", difference(now, before));
    Ok(())
}

/// Tries sequences until the time is up, and tells how much that was.
fn for_sequences<S: Strategy>(
    what: &str,
    strategy: S,
    mut holds: impl FnMut(&mut Ground, S::Value) -> Result<usize, TestCaseError> + Send,
) where
    S::Value: Send,
{
    let started = Instant::now();
    let counts = Mutex::new((0, 0));
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let holds = Mutex::new(&mut holds);
    let tried = runner.run(&strategy, |value| {
        if started.elapsed() > TIME {
            return Ok(());
        }
        let mut outcome = Ok(0);
        // A case that panicked is none that went well.
        Ground::run(|ground| outcome = holds.lock().unwrap_or_else(PoisonError::into_inner)(ground, value));
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts = (counts.0 + 1, counts.1 + outcome?);
        Ok(())
    });
    let (sequences, operations) = counts.into_inner().unwrap();
    assert!(operations > 0 || tried.is_err(), "nothing was tried");
    println!("{what}: {operations} operations in {sequences} sequences");
    if let Err(error) = tried {
        panic!("{error}");
    }
}

#[test]
fn whatever_was_done_in_whatever_order_is_taken_back() {
    needs_kernel!();
    for_sequences("undone at once", steps(), |ground, steps| {
        let before = ground.picture();
        let mut journal = ground.begin();
        let done = perform(ground, &mut journal, &steps);

        let report = ground.roll_back(&mut journal);

        prop_assert!(report.is_clean() && !report.has_remarks(), "{}", report);
        same(&ground.picture(), &before, &report.to_string())?;
        journal.finish().unwrap();
        Ok(done)
    });
}

/// The lines of a journal without the operations before the last `count` of
/// those that are to be undone.
fn last_of(journal: &Journal, lines: &str, count: usize) -> String {
    let pending: Vec<u32> = journal.history().pending().map(|entry| entry.sequence.0).collect();
    let first = pending.len().checked_sub(count).and_then(|place| pending.get(place));
    let is_kept = |line: &&str| {
        let record: serde_json::Value = serde_json::from_str(&line[9..]).unwrap();
        let (_, value) = record.as_object().unwrap().iter().next().unwrap();
        let sequence = value["sequence"].as_u64();
        sequence.is_none_or(|sequence| first.is_some_and(|first| sequence >= u64::from(*first)))
    };
    lines.split_inclusive('\n').filter(is_kept).collect()
}

/// Who undid it was killed after some of it, the last of them on record or
/// not, and somebody else goes on.
#[test]
fn whoever_goes_on_after_a_kill_takes_back_the_rest() {
    needs_kernel!();
    let interrupted = (steps(), any::<prop::sample::Index>(), any::<bool>());
    for_sequences(
        "interrupted and resumed",
        interrupted,
        |ground, (steps, place, is_recorded)| {
            let before = ground.picture();
            let mut journal = ground.begin();
            let done = perform(ground, &mut journal, &steps);
            journal.commit("{}").unwrap();
            let pending = journal.history().pending().count();
            let count = place.index(pending + 1);
            let path = ground.state.journal_path(&ground.id);
            let whole = fs::read_to_string(&path).unwrap();
            let last = last_of(&journal, &whole, count);
            drop(journal);

            // The process that is killed comes so far.
            fs::write(&path, &last).unwrap();
            let mut journal = reopen(ground);
            ground.roll_back(&mut journal);
            drop(journal);
            let after = fs::read_to_string(&path).unwrap();
            let mut undone: Vec<&str> = after[last.len()..].split_inclusive('\n').collect();
            if !is_recorded {
                undone.pop();
            }
            fs::write(&path, whole + &undone.concat()).unwrap();

            let mut journal = reopen(ground);
            let report = ground.roll_back(&mut journal);

            prop_assert!(report.is_clean(), "{}", report);
            same(&ground.picture(), &before, &format!("{count} of {pending}: {report}"))?;
            journal.finish().unwrap();
            Ok(done)
        },
    );
}

fn reopen(ground: &Ground) -> Journal {
    let locked = ground.state.directory.lock(&ground.id, soon()).unwrap();
    locked.reopen().unwrap()
}
