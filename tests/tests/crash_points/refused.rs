//! The kernel refuses: a full, broken or read-only disk, a setting or a
//! request that it will not have.

use cofferdam_tests::{
    Output, needs_kernel,
    tracer::{Kind, Plan, Point, Trace},
};
use nix::errno::Errno;

use crate::{Attempt, Stage, at_every_point};

/// Once refused, whatever kind it is.
fn errors_of(kind: Kind) -> &'static [Errno] {
    match kind {
        Kind::File => &[Errno::ENOSPC, Errno::EIO],
        Kind::Setting => &[Errno::EINVAL],
        Kind::Kernel => &[Errno::ENOBUFS],
        Kind::Output => &[Errno::EPIPE],
    }
}

fn fault(point: Option<&Point>, errno: Errno, what: &str, output: &Output) -> Attempt {
    let point = point.map(ToString::to_string).unwrap_or_default();
    Attempt::Fault(format!("{errno} at {point}: {what}\n{output}"))
}

/// An ADD that was refused something goes well all the same, or leaves nothing;
/// one document tells.
fn add_refused(stage: &Stage, number: usize, errno: Errno, plan: Plan) -> Attempt {
    let (trace, output) = stage.traced("ADD", plan);
    let output = output.unwrap();
    let Some(point) = trace.points.get(number) else {
        assert_eq!(output.code, 0, "{output}");
        assert_eq!(stage.try_del().code, 0);
        return Attempt::NoSuchPoint;
    };
    if output.stdout_json.is_none() && point.kind != Kind::Output {
        return fault(
            Some(point),
            errno,
            "there is not one document on standard output",
            &output,
        );
    }
    if output.code != 0 {
        let changes = left_behind(stage, plan, &trace);
        if !changes.is_empty() {
            return fault(Some(point), errno, &changes, &output);
        }
    }
    let del = stage.try_del();
    if del.code != 0 {
        return fault(Some(point), errno, "DEL", &del);
    }
    let changes = stage.changes();
    if changes.is_empty() {
        Attempt::Well
    } else {
        fault(Some(point), errno, &format!("after DEL:\n{changes}"), &output)
    }
}

/// Where files can't be written any more, records of the attachment may stay;
/// in the kernel there is nothing.
fn left_behind(stage: &Stage, plan: Plan, _trace: &Trace) -> String {
    match plan {
        Plan::RefuseFrom(..) => stage.kernel_changes(),
        _ => stage.changes(),
    }
}

#[test]
fn an_add_that_is_refused_one_thing_leaves_nothing() {
    needs_kernel!();
    at_every_point("ADD refused one thing", |stage, number| {
        let (trace, output) = stage.traced("ADD", Plan::Watch);
        assert_eq!(output.unwrap().code, 0);
        assert_eq!(stage.try_del().code, 0);
        let Some(point) = trace.points.get(number) else {
            return Attempt::NoSuchPoint;
        };
        for errno in errors_of(point.kind) {
            match add_refused(stage, number, *errno, Plan::RefuseAt(number, *errno)) {
                Attempt::Well => {}
                other => return other,
            }
        }
        Attempt::Well
    });
}

#[test]
fn an_add_on_a_disk_that_becomes_full_leaves_nothing() {
    needs_kernel!();
    at_every_point("ADD, the disk becomes full", |stage, number| {
        let errno = Errno::ENOSPC;
        add_refused(stage, number, errno, Plan::RefuseFrom(number, Kind::File, errno))
    });
}

#[test]
fn a_del_on_a_disk_that_becomes_read_only_detaches_all_the_same() {
    needs_kernel!();
    at_every_point("DEL, the disk becomes read-only", |stage, number| {
        stage.add();
        let errno = Errno::EROFS;
        let (trace, output) = stage.traced("DEL", Plan::RefuseFrom(number, Kind::File, errno));
        let output = output.unwrap();
        let Some(point) = trace.points.get(number) else {
            assert_eq!(output.code, 0, "{output}");
            return Attempt::NoSuchPoint;
        };
        let changes = stage.kernel_changes();
        if !changes.is_empty() {
            return fault(Some(point), errno, &changes, &output);
        }
        let del = stage.try_del();
        if del.code != 0 {
            return fault(Some(point), errno, "the next DEL", &del);
        }
        let changes = stage.changes();
        if changes.is_empty() {
            Attempt::Well
        } else {
            fault(Some(point), errno, &format!("after the next DEL:\n{changes}"), &del)
        }
    });
}
