use std::{thread, time::Instant};

use anyhow::{Result, anyhow};
use cofferdam_tests::{GoPlugins, Installation};

use crate::{
    report::Series,
    side::{Side, Target},
    workload::full_chain,
};

const AT_ONCE: usize = 64;

/// Many ADDs of the whole chain at once, and then as many DELs.
/// `installation` and `other` have what is on record of a node each.
pub(crate) fn print(go: &GoPlugins, installation: &Installation, other: &Installation) -> Result<()> {
    println!("\n{AT_ONCE} at once of the whole chain: attachments a second, and ms of each");
    let workload = full_chain();
    for (who, side) in [
        ("Go", Side::go(go, &workload)?),
        ("cofferdam", Side::cofferdam(installation, &workload)?),
        ("one chain", Side::fused(other, &workload)?),
    ] {
        print_side(who, side)?;
    }
    Ok(())
}

fn print_side(who: &str, mut side: Side) -> Result<()> {
    let targets: Vec<Target> = (0..AT_ONCE).map(Target::container).collect();
    side.make_containers(&targets);
    for verb in ["ADD", "DEL"] {
        let started = Instant::now();
        let outcomes = thread::scope(|scope| {
            let side = &side;
            let calls: Vec<_> = targets
                .iter()
                .map(|target| scope.spawn(move || side.call_members(verb, target, &[])))
                .collect();
            let ended = calls
                .into_iter()
                .map(|call| call.join().map_err(|_| anyhow!("a call panicked"))?);
            ended.collect::<Result<Vec<_>>>()
        })?;
        let took = started.elapsed().as_secs_f64();
        let mut series = Series::default();
        for ((measured, result), target) in outcomes.into_iter().zip(&targets) {
            series.record(&measured);
            side.remember(target, result);
        }
        let time = |percent| series.percentile(percent).unwrap_or_default();
        let rate = f64::from(u32::try_from(AT_ONCE)?) / took;
        println!(
            "  {who:<10} {verb}: {rate:>6.1} /s   p50 {:>8.1}   p99 {:>8.1}",
            time(50),
            time(99)
        );
    }
    side.finish()
}
