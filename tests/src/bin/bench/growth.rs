use anyhow::Result;
use cofferdam_tests::{GoPlugins, Installation};

use crate::{
    options::Options,
    report::Series,
    side::{NEIGHBOURS, Side, Target},
    workload::{Workload, full_chain, workloads},
};

/// Attachments that there are besides those that are measured.
const EXISTING: [usize; 4] = [0, 100, 1_000, 4_000];
/// The kernel has at most 1,023 ports on a bridge, and those that are measured
/// need some, too.
const MOST_ON_A_BRIDGE: usize = 1_000;
/// The Go plugins' iptables take too long to fill a node beyond this many.
const MOST_FOR_CHAIN_OF_GO: usize = 100;

/// How an ADD's time grows with what is attached already: leases, links on
/// bridges, and with the whole chain ports and rules.
pub(crate) fn print(go: &GoPlugins, installation: &Installation, options: &Options) -> Result<()> {
    let on_bridge = workloads().into_iter().find(|workload| workload.native);
    for workload in on_bridge.into_iter().chain([full_chain()]) {
        println!("\n{}: p50 of ADD in ms beside so many attachments", workload.name);
        let is_chain = workload.members.len() > 1;
        if workload.native {
            // What the kernel takes.
            print_side("native", Side::native(&workload)?, options.up_to, options, &workload)?;
        }
        let most = if is_chain { MOST_FOR_CHAIN_OF_GO } else { usize::MAX };
        let most = most.min(options.up_to);
        print_side("Go", Side::go(go, &workload)?, most, options, &workload)?;
        let ours = Side::cofferdam(installation, &workload)?;
        print_side("cofferdam", ours, options.up_to, options, &workload)?;
    }
    Ok(())
}

fn print_side(who: &str, mut side: Side, most: usize, options: &Options, workload: &Workload) -> Result<()> {
    let mut there = 0;
    let mut first = None;
    for existing in EXISTING.into_iter().filter(|existing| *existing <= most) {
        for number in there..existing {
            side.execute("ADD", &neighbour(number), &[])?;
        }
        there = existing;
        let mut adds = Series::default();
        for round in 0..options.rounds {
            for verb in workload.verbs {
                let measured = side.execute(verb, &measured_target(round), &[])?;
                if *verb == "ADD" {
                    adds.record(&measured);
                }
            }
        }
        let time = adds.percentile(50).unwrap_or_default();
        let beside_none = *first.get_or_insert(time);
        println!(
            "  {who:<10} {existing:>5}: {time:>8.2}   {:.2}× of that beside none",
            time / beside_none
        );
    }
    for number in 0..there {
        side.execute("DEL", &neighbour(number), &[])?;
    }
    side.finish()
}

/// All neighbours are in one namespace: what counts is what the node has.
/// Each thousand of them is on a bridge of its own, of a network of its own.
fn neighbour(number: usize) -> Target {
    let network = u8::try_from(number / MOST_ON_A_BRIDGE).expect("the most is few thousands");
    Target {
        number: 10_000 + number,
        id: format!("neighbour-{number}"),
        namespace: NEIGHBOURS.to_owned(),
        interface: format!("eth{number}"),
        network,
    }
}

/// The same few containers again and again, so that namespaces do not add up.
fn measured_target(round: usize) -> Target {
    Target::container(round % 8)
}
