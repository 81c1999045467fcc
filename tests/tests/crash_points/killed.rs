//! SIGKILL before every change, which is after the one before, too.

use cofferdam_tests::{
    Output, needs_kernel,
    tracer::{Plan, Trace},
};

use crate::{
    points::{Attempt, at_every_point},
    stage::Stage,
};

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

/// An ADD that is killed; `None` when it ended before.
fn add_and_kill(stage: &Stage, number: usize) -> Option<Trace> {
    let (trace, output) = stage.traced("ADD", Plan::Kill(number));
    if let Some(output) = output {
        assert_eq!(output.code, 0, "{output}");
        assert_eq!(stage.try_del().code, 0);
        return None;
    }
    Some(trace)
}

/// A DEL that is killed, after an ADD; `None` when it ended before.
fn del_and_kill(stage: &Stage, number: usize) -> Option<Trace> {
    stage.add();
    let (trace, output) = stage.traced("DEL", Plan::Kill(number));
    match output {
        Some(output) => {
            assert_eq!(output.code, 0, "{output}");
            None
        }
        None => Some(trace),
    }
}

fn del(stage: &Stage, trace: &Trace) -> Attempt {
    judge(stage, trace, &[("DEL", stage.try_del())])
}

fn add_and_del(stage: &Stage, trace: &Trace) -> Attempt {
    let add = stage.try_add();
    // It is complete: nobody heard of it, or nothing of it was undone yet.
    if add.code != 0 && add.stdout.contains("is attached already") {
        return del(stage, trace);
    }
    judge(stage, trace, &[("ADD", add), ("DEL", stage.try_del())])
}

fn gc(stage: &Stage, trace: &Trace) -> Attempt {
    judge(stage, trace, &[("GC", stage.try_gc())])
}

/// Kills at each point, and looks what comes of what follows.
fn kill_everywhere(what: &str, kill: fn(&Stage, usize) -> Option<Trace>, follow: fn(&Stage, &Trace) -> Attempt) {
    at_every_point(what, |stage, number| match kill(stage, number) {
        Some(trace) => follow(stage, &trace),
        None => Attempt::NoSuchPoint,
    });
}

#[test]
fn del_undoes_an_add_that_was_killed() {
    needs_kernel!();
    kill_everywhere("ADD killed, then DEL", add_and_kill, del);
}

#[test]
fn the_next_add_undoes_an_add_that_was_killed() {
    needs_kernel!();
    kill_everywhere("ADD killed, then ADD", add_and_kill, add_and_del);
}

#[test]
fn gc_undoes_an_add_that_was_killed() {
    needs_kernel!();
    kill_everywhere("ADD killed, then GC", add_and_kill, gc);
}

#[test]
fn the_next_del_completes_a_del_that_was_killed() {
    needs_kernel!();
    kill_everywhere("DEL killed, then DEL", del_and_kill, del);
}

#[test]
fn an_attachment_can_be_made_after_a_del_that_was_killed() {
    needs_kernel!();
    kill_everywhere("DEL killed, then ADD", del_and_kill, add_and_del);
}
