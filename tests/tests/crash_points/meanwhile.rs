//! Somebody else does something while an ADD is under way: another program
//! takes away or changes what the attachment is made of, or the runtime
//! gives up and calls DEL.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::channel,
    },
    thread,
    time::Duration,
};

use cofferdam_tests::{
    Output, Scenario, needs_kernel, scenarios,
    tracer::{Plan, Point},
};

use crate::{
    faults::{Fault, Others},
    points::{Attempt, Walk, walk_all},
    stage::Stage,
};

/// How many points there are to one that is tried, of the usual scenario and
/// of the largest.
const STRIDES: (usize, usize) = (2, 8);

/// An ADD during which it happens; `count` is how often there was something to
/// be done.
fn attempt(fault: &Fault<'_>, stage: &Stage, number: usize, count: &AtomicUsize) -> Attempt {
    stage.forget_last_address();
    let acted = AtomicBool::new(false);
    let act = || acted.store((fault.act)(stage), Ordering::SeqCst);
    let (trace, output) = stage.traced("ADD", Plan::Meanwhile(number, &act));
    let add = output.unwrap();
    let Some(point) = trace.points.get(number) else {
        assert_eq!(add.code, 0, "{add}");
        assert_eq!(stage.try_del().code, 0);
        return Attempt::NoSuchPoint;
    };
    let acted = acted.into_inner();
    count.fetch_add(usize::from(acted), Ordering::SeqCst);
    if !acted {
        assert_eq!(add.code, 0, "{add}");
        assert_eq!(stage.try_del().code, 0);
        return Attempt::Well;
    }
    let judged = judge(fault, stage, &add);
    judged.map_or_else(
        |text| Attempt::Fault(format!("before {point}: {text}\n{add}")),
        |()| Attempt::Well,
    )
}

/// The ADD goes well, or leaves all as it was but for what the other did; then
/// a DEL, in the state that the other left, leaves nothing.
fn judge(fault: &Fault<'_>, stage: &Stage, add: &Output) -> Result<(), String> {
    if add.stdout_json.is_none() {
        return Err("there is not one document on standard output".to_owned());
    }
    if add.code != 0 {
        (fault.clear)(stage)?;
        is_as_before(stage, "after ADD")?;
    }
    let del = stage.try_del();
    if del.code != 0 {
        return Err(format!("DEL fails: {del}"));
    }
    if add.code == 0 {
        (fault.clear)(stage)?;
    }
    is_as_before(stage, "after DEL").map_err(|text| format!("{text}{del}"))
}

fn is_as_before(stage: &Stage, when: &str) -> Result<(), String> {
    let changes = stage.changes();
    if changes.is_empty() {
        Ok(())
    } else {
        Err(format!("{when}:\n{changes}"))
    }
}

/// Each point of the smallest scenario, and some of larger ones; of the
/// largest beside another attachment, where that is spared.
fn walks(others: Others, scenarios: &[Scenario]) -> Vec<Walk<'_>> {
    let walks = scenarios.iter().filter_map(|scenario| {
        let (beside_another, stride) = match scenario.name {
            "loopback" => (false, 1),
            "bridge" => (false, STRIDES.0),
            "bridge with everything" => (others == Others::Spared, STRIDES.1),
            _ => return None,
        };
        Some(Walk {
            scenario,
            beside_another,
            stride,
        })
    });
    walks.collect()
}

/// Has somebody else do this at every point of an ADD; fails the test unless
/// nothing is left of the attachment after each.
pub(crate) fn nothing_is_left_after(fault: &Fault<'_>) {
    let scenarios = scenarios();
    let acted = AtomicUsize::new(0);
    let failures = walk_all(
        &format!("ADD, and {}", fault.name),
        walks(fault.others, &scenarios),
        &|stage: &Stage, number| attempt(fault, stage, number, &acted),
    );
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    let acted = acted.into_inner();
    println!("ADD, and {}: it was so {acted} times", fault.name);
    assert_ne!(acted, 0, "there was never anything to be done");
}

/// How long the ADD stands still for a DEL that does not wait for it.
const STANDSTILL: Duration = Duration::from_millis(15);

/// Whether the ADD had the attachment's lock when it came by a point.
fn had_lock(points: &[Point], number: usize) -> bool {
    let mut written = points[..number].iter().filter(|point| point.call == "write");
    written.any(|point| point.about.ends_with(".journal"))
}

/// A DEL that begins while an ADD stands at a point, and what comes of both.
fn add_and_del(stage: &Stage, number: usize) -> Attempt {
    let (begin, begun) = channel::<()>();
    let (trace, add, del) = thread::scope(|scope| {
        let del = scope.spawn(move || begun.recv().ok().map(|()| stage.try_del()));
        let begin = Mutex::new(begin);
        let act = || {
            begin.lock().unwrap().send(()).unwrap();
            thread::sleep(STANDSTILL);
        };
        let (trace, add) = stage.traced("ADD", Plan::Meanwhile(number, &act));
        drop(begin);
        (trace, add.unwrap(), del.join().unwrap())
    });
    let Some(del) = del else {
        assert_eq!(add.code, 0, "{add}");
        assert_eq!(stage.try_del().code, 0);
        return Attempt::NoSuchPoint;
    };
    let point = &trace.points[number];
    if del.code != 0 {
        return Attempt::Fault(format!("before {point}: DEL fails: {del}{add}"));
    }
    // A DEL that came before the ADD had begun found nothing.
    if !had_lock(&trace.points, number) {
        let _ = stage.try_del();
    }
    match is_as_before(stage, "after both") {
        Ok(()) => Attempt::Well,
        Err(text) => Attempt::Fault(format!("before {point}: {text}{add}{del}")),
    }
}

#[test]
fn a_del_that_comes_while_an_add_is_under_way_leaves_nothing() {
    needs_kernel!();
    let scenarios = scenarios();
    let walks = walks(Others::Spared, &scenarios);
    let failures = walk_all("DEL while ADD is under way", walks, &add_and_del);
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
