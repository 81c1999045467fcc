//! SIGKILL before every change, which is after the one before, too.

use cofferdam_tests::{
    Output, needs_kernel,
    tracer::{Plan, Trace},
};

use crate::{Attempt, Stage, at_every_point};

/// What is wrong after a kill and what followed it.
fn judge(stage: &Stage, trace: &Trace, calls: &[(&str, Output)]) -> Attempt {
    let point = trace.points.last().map(ToString::to_string).unwrap_or_default();
    for (call, output) in calls {
        if output.code != 0 {
            return Attempt::Fault(format!("killed before {point}: {call}: {output}"));
        }
    }
    let changes = stage.changes();
    if changes.is_empty() {
        Attempt::Well
    } else {
        let last = calls.last().map(|(_, output)| output.to_string()).unwrap_or_default();
        Attempt::Fault(format!("killed before {point}:\n{changes}{last}"))
    }
}

fn add_and_kill(stage: &Stage, number: usize) -> Option<Trace> {
    let (trace, output) = stage.traced("ADD", Plan::KillAt(number));
    if let Some(output) = output {
        assert_eq!(output.code, 0, "{output}");
        assert_eq!(stage.try_del().code, 0);
        return None;
    }
    Some(trace)
}

#[test]
fn del_undoes_an_add_that_was_killed() {
    needs_kernel!();
    at_every_point("ADD killed, then DEL", |stage, number| {
        let Some(trace) = add_and_kill(stage, number) else {
            return Attempt::NoSuchPoint;
        };
        judge(stage, &trace, &[("DEL", stage.try_del())])
    });
}

#[test]
fn the_next_add_undoes_an_add_that_was_killed() {
    needs_kernel!();
    at_every_point("ADD killed, then ADD", |stage, number| {
        let Some(trace) = add_and_kill(stage, number) else {
            return Attempt::NoSuchPoint;
        };
        let again = stage.try_add();
        // It was complete, only nobody heard of it.
        if again.code != 0 && again.stdout.contains("is attached already") {
            return judge(stage, &trace, &[("DEL", stage.try_del())]);
        }
        judge(stage, &trace, &[("ADD", again), ("DEL", stage.try_del())])
    });
}

#[test]
fn gc_undoes_an_add_that_was_killed() {
    needs_kernel!();
    at_every_point("ADD killed, then GC", |stage, number| {
        let Some(trace) = add_and_kill(stage, number) else {
            return Attempt::NoSuchPoint;
        };
        judge(stage, &trace, &[("GC", stage.try_gc())])
    });
}

#[test]
fn the_next_del_completes_a_del_that_was_killed() {
    needs_kernel!();
    at_every_point("DEL killed, then DEL", |stage, number| {
        stage.add();
        let (trace, output) = stage.traced("DEL", Plan::KillAt(number));
        if let Some(output) = output {
            assert_eq!(output.code, 0, "{output}");
            return Attempt::NoSuchPoint;
        }
        judge(stage, &trace, &[("DEL", stage.try_del())])
    });
}

#[test]
fn an_attachment_can_be_made_after_a_del_that_was_killed() {
    needs_kernel!();
    at_every_point("DEL killed, then ADD", |stage, number| {
        stage.add();
        let (trace, output) = stage.traced("DEL", Plan::KillAt(number));
        if let Some(output) = output {
            assert_eq!(output.code, 0, "{output}");
            return Attempt::NoSuchPoint;
        }
        let again = stage.try_add();
        // Nothing was undone yet.
        if again.code != 0 && again.stdout.contains("is attached already") {
            return judge(stage, &trace, &[("DEL", stage.try_del())]);
        }
        judge(stage, &trace, &[("ADD", again), ("DEL", stage.try_del())])
    });
}
