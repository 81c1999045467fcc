use cofferdam_journal::{Inverse, Operation};
use cofferdam_network::Flows;
use cofferdam_policy::Question;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::conntrack::{Flows as WitFlows, Host},
    handle::Namespace,
};
use wasmtime::component::Resource;

use crate::{
    convert::{invalid, ip_address},
    mediator::Mediator,
};

/// Kinds of flows in one call, each of which is looked for among all.
const MOST: usize = 256;

impl Host for Mediator {
    fn forget(&mut self, namespace: Resource<Namespace>, flows: Vec<WitFlows>) -> Result<(), CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        if flows.len() > MOST {
            return Err(invalid(format!("flows: more than {MOST} kinds of them")));
        }
        let flows: Vec<Flows> = flows.into_iter().map(wanted).collect();
        if let Some(mixed) = flows.iter().find(|flows| is_mixed(flows)) {
            return Err(invalid(format!("flows to {mixed}: the address is of the other family")));
        }
        let ports: Vec<u16> = flows.iter().map(|flows| flows.port).collect();
        if ports.is_empty() {
            return Ok(());
        }
        self.permit(&Question::ConntrackForget { place, ports: &ports })?;
        let operation = Operation::ForgetFlows {
            place,
            flows: flows.clone(),
        };
        let inverse = Inverse::ForgetFlows {
            place,
            flows: flows.clone(),
        };
        self.change(&operation, &inverse, |network| network.forget_flows(place, &flows))
    }
}

fn wanted(flows: WitFlows) -> Flows {
    Flows {
        ipv6: flows.ipv6,
        port: flows.port,
        address: flows.address.map(ip_address),
    }
}

fn is_mixed(flows: &Flows) -> bool {
    flows.address.is_some_and(|address| address.is_ipv6() != flows.ipv6)
}
