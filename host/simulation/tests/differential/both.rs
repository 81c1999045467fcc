//! The kernel and the simulation, begun alike.

use std::{path::Path, thread, time::Duration};

use cofferdam_network::{Bridge, Kernel, Network, SysctlKey, namespace::open_namespace};
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_simulation::{Nobody, Sides, Simulated};
use cofferdam_tests::Namespace;

use crate::{
    outcome::Outcome,
    state::{self, Look},
    step::Step,
};

/// What an operation may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long the kernel may take to tell that a link is ready: it looks once a
/// second.
const PATIENCE: u32 = 40;

pub(crate) struct Both {
    kernel: Kernel,
    simulated: Simulated,
    look: Look,
}

/// Runs something on both in two new namespaces.
pub(crate) fn in_new_namespaces<T: Send>(states: bool, act: impl FnOnce(&mut Both) -> T + Send) -> T {
    let (node, container) = (Namespace::container(), Namespace::container());
    node.run(|| {
        let container = open_namespace(Path::new(&container.path())).unwrap();
        let mut both = Both {
            kernel: Kernel::new(TIME_LIMIT).with_container(container),
            simulated: Simulated::new(Sides::bare(), Box::new(Nobody)),
            look: Look { states, vlans: false },
        };
        both.begin_alike();
        act(&mut both)
    })
}

impl Both {
    /// Links get no addresses by themselves, and what the node's kernel gave
    /// its namespaces for a start does not count.
    fn begin_alike(&mut self) {
        for place in [Place::Host, Place::Container] {
            let key = |text: &str| SysctlKey::new(text.split('/').map(str::to_owned).collect()).unwrap();
            let bare = key("net/ipv6/conf/default/addr_gen_mode");
            self.kernel.set_sysctl(place, &bare, "1").unwrap();
            for who in ["lo", "default", "all"] {
                for name in [
                    "ipv4/conf/%/arp_notify",
                    "ipv4/conf/%/promote_secondaries",
                    "ipv4/conf/%/accept_redirects",
                    "ipv6/conf/%/disable_ipv6",
                    "ipv6/conf/%/accept_ra",
                    "ipv6/conf/%/keep_addr_on_down",
                    "ipv6/conf/%/forwarding",
                ] {
                    let key = key(&format!("net/{}", name.replace('%', who)));
                    let usual = self.simulated.sysctl(place, &key).unwrap();
                    if self.kernel.sysctl(place, &key).unwrap() != usual {
                        self.kernel.set_sysctl(place, &key, &usual).unwrap();
                    }
                }
            }
        }
    }

    /// Whether the kernel's bridges filter by VLAN: with them, VLANs of ports
    /// are compared from then on.
    pub(crate) fn look_at_vlans(&mut self) -> bool {
        let bridge = Bridge {
            place: Place::Host,
            name: "probe".to_owned(),
            mac: MacAddress([2, 0, 0, 0, 0, 1]),
            mtu: None,
            vlan_filtering: true,
        };
        let made = self.kernel.create_bridge(&bridge);
        self.look.vlans = made.is_ok();
        if let Ok(probe) = made {
            self.kernel.delete_link(probe).unwrap();
        }
        self.look.vlans
    }

    /// Does the same on both: how it ended, which has to be the same.
    ///
    /// # Errors
    /// What differs, for people.
    pub(crate) fn run(&mut self, step: &Step) -> Result<Outcome, String> {
        let kernel = step.run(&mut self.kernel);
        let simulated = step.run(&mut self.simulated);
        let outcomes = (Outcome::of(&kernel), Outcome::of(&simulated));
        if outcomes.0 != outcomes.1 {
            return Err(format!(
                "{step:?}\n  on the kernel: {kernel:?}\n  simulated:     {simulated:?}"
            ));
        }
        Ok(outcomes.0)
    }

    /// How it would end on the kernel alone, for what it may lack.
    pub(crate) fn kernel_alone(&mut self, step: &Step) -> Outcome {
        Outcome::of(&step.run(&mut self.kernel))
    }

    pub(crate) fn simulated_alone(&mut self, step: &Step) -> Outcome {
        Outcome::of(&step.run(&mut self.simulated))
    }

    /// # Errors
    /// What is on one of them alone.
    pub(crate) fn compare(&mut self) -> Result<(), String> {
        let simulated = state::read(&mut self.simulated, self.look);
        let mut kernel = state::read(&mut self.kernel, self.look);
        let other_than_states = |kernel: &[String]| {
            let mut unequal = kernel.iter().filter(|line| !simulated.contains(line));
            unequal.any(|line| !line.contains(": link "))
        };
        for _ in 0..PATIENCE {
            if kernel == simulated || !self.look.states || other_than_states(&kernel) {
                break;
            }
            thread::sleep(Duration::from_millis(50));
            kernel = state::read(&mut self.kernel, self.look);
        }
        let only_in = |one: &[String], other: &[String]| -> String {
            let lines = one.iter().filter(|line| !other.contains(line));
            lines.map(|line| format!("\n    {line}")).collect()
        };
        if kernel == simulated {
            return Ok(());
        }
        Err(format!(
            "  only on the kernel:{}\n  only simulated:{}",
            only_in(&kernel, &simulated),
            only_in(&simulated, &kernel)
        ))
    }
}
