//! The kernel refuses: a full, broken or read-only disk, a setting or a
//! request that it will not have.

use cofferdam_tests::{
    Output, needs_kernel,
    tracer::{Kind, Plan, Point},
};
use nix::errno::Errno;

use crate::{
    points::{Attempt, at_every_point},
    stage::Stage,
};

fn usual_error(point: &Point) -> Option<Errno> {
    Some(match point.kind {
        Kind::File => Errno::ENOSPC,
        Kind::Removal => Errno::EIO,
        Kind::Setting => Errno::EINVAL,
        Kind::Kernel => Errno::ENOBUFS,
        Kind::Output => Errno::EPIPE,
    })
}

fn broken_disk(point: &Point) -> Option<Errno> {
    (point.kind == Kind::File).then_some(Errno::EIO)
}

fn full_disk(point: &Point) -> Option<Errno> {
    (point.kind == Kind::File).then_some(Errno::ENOSPC)
}

fn read_only_disk(point: &Point) -> Option<Errno> {
    matches!(point.kind, Kind::File | Kind::Removal).then_some(Errno::EROFS)
}

fn fault(point: &Point, what: &str, output: &Output) -> Attempt {
    Attempt::Fault(format!("refused from {point} on: {what}\n{output}"))
}

/// An ADD that was refused something goes well all the same, or leaves nothing;
/// one document tells. `changes` are those that may not be there at once.
fn add_refused(stage: &Stage, number: usize, plan: Plan<'_>, changes: impl Fn(&Stage) -> String) -> Attempt {
    let (trace, output) = stage.traced("ADD", plan);
    let output = output.unwrap();
    let Some(point) = trace.points.get(number) else {
        assert_eq!(output.code, 0, "{output}");
        assert_eq!(stage.try_del().code, 0);
        return Attempt::NoSuchPoint;
    };
    if output.stdout_json.is_none() && point.kind != Kind::Output {
        return fault(point, "there is not one document on standard output", &output);
    }
    if output.code != 0 {
        let changes = changes(stage);
        if !changes.is_empty() {
            return fault(point, &changes, &output);
        }
    }
    del_after(stage, point)
}

/// Whatever there was before, a DEL goes well and leaves nothing.
fn del_after(stage: &Stage, point: &Point) -> Attempt {
    let del = stage.try_del();
    if del.code != 0 {
        return fault(point, "DEL fails", &del);
    }
    let changes = stage.changes();
    if changes.is_empty() {
        Attempt::Well
    } else {
        fault(point, &format!("after DEL:\n{changes}"), &del)
    }
}

#[test]
fn an_add_that_is_refused_one_thing_leaves_nothing() {
    needs_kernel!();
    at_every_point("ADD refused one thing", |stage, number| {
        let plan = Plan::Refuse(number..number + 1, usual_error);
        add_refused(stage, number, plan, Stage::changes)
    });
}

#[test]
fn an_add_that_can_not_write_one_thing_leaves_nothing() {
    needs_kernel!();
    at_every_point("ADD, the disk fails once", |stage, number| {
        let plan = Plan::Refuse(number..number + 1, broken_disk);
        add_refused(stage, number, plan, Stage::changes)
    });
}

#[test]
fn an_add_on_a_disk_that_becomes_full_leaves_nothing() {
    needs_kernel!();
    at_every_point("ADD, the disk becomes full", |stage, number| {
        let plan = Plan::Refuse(number..usize::MAX, full_disk);
        add_refused(stage, number, plan, Stage::kernel_changes)
    });
}

#[test]
fn a_del_on_a_disk_that_becomes_read_only_detaches_all_the_same() {
    needs_kernel!();
    at_every_point("DEL, the disk becomes read-only", |stage, number| {
        stage.add();
        let (trace, output) = stage.traced("DEL", Plan::Refuse(number..usize::MAX, read_only_disk));
        let output = output.unwrap();
        let Some(point) = trace.points.get(number) else {
            assert_eq!(output.code, 0, "{output}");
            return Attempt::NoSuchPoint;
        };
        let changes = stage.kernel_changes();
        if !changes.is_empty() {
            return fault(point, &changes, &output);
        }
        del_after(stage, point)
    });
}
