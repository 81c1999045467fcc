use std::{path::Path, thread, time::Duration};

use cofferdam_network::{
    Bridge, Kernel, Network as _, VethEnd,
    nftables::{Family, Table, TableId},
};
use cofferdam_protocol::{MacAddress, Place};
use nix::sched::{CloneFlags, unshare};

use super::{Finding, Node};

const CHECK: &str = "kernel";
const REQUEST: Duration = Duration::from_secs(5);
/// Without it a process can't give up what it does not need.
const SECCOMP: &str = "/proc/sys/kernel/seccomp/actions_avail";

/// Something that plugins need of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feature {
    Bridge,
    Veth,
    PacketFilter,
    Cookie,
}

/// What is missing of the kernel, tried in a network namespace that is made
/// for it and goes at once.
pub(super) fn look(_: &Node<'_>) -> Vec<Finding> {
    let mut findings = match in_scratch_namespace(probe) {
        Ok(outcomes) => outcomes
            .iter()
            .filter_map(|(feature, outcome)| told(*feature, outcome))
            .collect(),
        Err(error) => vec![no_namespace(&error)],
    };
    if !Path::new(SECCOMP).exists() {
        let finding = Finding::error(
            CHECK,
            SECCOMP,
            "the kernel has no filters for system calls, so no plugin is run",
        );
        findings.push(finding.way_out("run a kernel with CONFIG_SECCOMP_FILTER"));
    }
    findings
}

fn probe() -> Vec<(Feature, Result<(), String>)> {
    let mut kernel = Kernel::new(REQUEST);
    let place = Place::Host;
    let end = |name: &str, last| VethEnd {
        place,
        name: name.to_owned(),
        mac: MacAddress([2, 0, 0, 0, 0, last]),
        mtu: None,
        master: None,
    };
    let bridge = kernel.create_bridge(&Bridge {
        place,
        name: "probe0".to_owned(),
        mac: MacAddress([2, 0, 0, 0, 0, 1]),
        mtu: None,
        vlan_filtering: false,
    });
    let veth = kernel.create_veth(&end("probe1", 2), &end("probe2", 3));
    let table = kernel.create_table(
        place,
        &Table {
            id: TableId {
                family: Family::Inet,
                name: "probe".to_owned(),
            },
            sets: Vec::new(),
            chains: Vec::new(),
        },
    );
    let cookie = match kernel.namespace_cookie(place) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err("the kernel has no SO_NETNS_COOKIE".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    vec![
        (Feature::Bridge, bridge.map(drop).map_err(|error| error.to_string())),
        (Feature::Veth, veth.map(drop).map_err(|error| error.to_string())),
        (Feature::PacketFilter, table.map_err(|error| error.to_string())),
        (Feature::Cookie, cookie),
    ]
}

/// The namespace goes with the thread.
fn in_scratch_namespace<T: Send>(action: impl FnOnce() -> T + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let started = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| errno.desc().to_owned())?;
            Ok(action())
        });
        started
            .join()
            .unwrap_or_else(|_| Err("the thread in the namespace ended early".to_owned()))
    })
}

fn no_namespace(error: &str) -> Finding {
    let problem =
        format!("it could not be tried what the kernel is able to, since no network namespace can be made: {error}");
    Finding::warning(CHECK, "this process", problem).way_out("run it as root, on a kernel with CONFIG_NET_NS")
}

fn told(feature: Feature, outcome: &Result<(), String>) -> Option<Finding> {
    let error = outcome.as_ref().err()?;
    let (place, needed, way_out) = match feature {
        Feature::Bridge => (
            "bridge",
            "bridges",
            "load the module bridge, or run a kernel with CONFIG_BRIDGE",
        ),
        Feature::Veth => (
            "veth",
            "containers' links",
            "load the module veth, or run a kernel with CONFIG_VETH",
        ),
        Feature::PacketFilter => (
            "nf_tables",
            "masquerading",
            "load the module nf_tables, or run a kernel with CONFIG_NF_TABLES and CONFIG_NF_TABLES_INET",
        ),
        Feature::Cookie => {
            let problem = format!("a namespace that takes the place of another may not be told from it: {error}");
            return Some(Finding::information(CHECK, "namespaces", problem).way_out("run Linux 5.14 or newer"));
        }
    };
    let problem = format!("the kernel can't do what {needed} take: {error}");
    Some(Finding::error(CHECK, place, problem).way_out(way_out))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_the_kernel_refuses_is_told_with_the_module_that_is_missing() {
        let refused = || Err("operation not supported".to_owned());
        for (feature, module) in [
            (Feature::Bridge, "module bridge"),
            (Feature::Veth, "module veth"),
            (Feature::PacketFilter, "module nf_tables"),
        ] {
            assert!(told(feature, &Ok(())).is_none());
            let finding = told(feature, &refused()).unwrap();
            assert!(finding.way_out.contains(module), "{finding:?}");
            assert!(finding.problem.contains("operation not supported"), "{finding:?}");
        }
    }
}
