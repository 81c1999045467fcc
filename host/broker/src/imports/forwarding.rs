use std::{collections::BTreeSet, net::IpAddr};

use cofferdam_journal::{Inverse, Made, Operation, SharedObject};
use cofferdam_network::{
    Error as NetworkError, FORWARD_CHAIN, FORWARDING_CHAIN, Forwarded, ForwardingLead, forwarding_table_of,
};
use cofferdam_policy::Question;
use cofferdam_protocol::Place;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        forwarding::Host,
        types::{Error, IpAddress},
    },
};

use crate::{
    convert::{invalid, ip_address, network_error},
    mediator::Mediator,
};

/// Chains of the kernel's, and the one that leads.
const NOT_FIRST: [&str; 4] = [FORWARD_CHAIN, "INPUT", "OUTPUT", FORWARDING_CHAIN];
/// What iptables allows, less the NUL.
const LONGEST_CHAIN: usize = 28;
/// What firewalld allows.
const LONGEST_ZONE: usize = 17;
const LEADS: &str = "CNI firewall plugin rules";
const OVERRIDES: &str = "CNI firewall plugin admin overrides";
/// How often a chain may come or go while a rule is added.
const TRIES: usize = 4;

impl Host for Mediator {
    fn accept(&mut self, address: IpAddress, first: String) -> Result<bool, CallError> {
        self.enter()?;
        self.require_creation()?;
        let address = self.permit_forwarding(address, &first)?;
        if !self.is_filtered(address)? {
            return Ok(false);
        }
        for lead in leads(address, first) {
            self.share_lead(&lead)?;
        }
        self.accept_forwarding(address, Forwarded::Sent)
    }

    fn is_accepted(&mut self, address: IpAddress, first: String) -> Result<bool, CallError> {
        self.enter()?;
        let address = self.permit_forwarding(address, &first)?;
        if !self.is_filtered(address)? {
            return Ok(true);
        }
        for lead in leads(address, first) {
            if !self.network().has_forwarding_lead(&lead).map_err(network_error)? {
                return Ok(false);
            }
        }
        self.network()
            .accepts_forwarding(address, Forwarded::Sent)
            .map_err(network_error)
    }

    fn accept_published(&mut self, address: IpAddress) -> Result<bool, CallError> {
        self.enter()?;
        self.require_creation()?;
        let address = ip_address(address);
        let others = self.addresses_of_others(BTreeSet::from([address]))?;
        self.permit(&Question::ForwardingPublish {
            addresses: &others.into_iter().collect::<Vec<_>>(),
        })?;
        if !self.is_filtered(address)? {
            return Ok(false);
        }
        self.accept_forwarding(address, Forwarded::Published)
    }

    fn has_zones(&mut self) -> Result<bool, CallError> {
        self.enter()?;
        // Who may use none is told of none.
        if !self.allowed.may_join_zones() {
            return Ok(false);
        }
        self.network().has_zones().map_err(network_error)
    }

    fn join_zone(&mut self, address: IpAddress, zone: String) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let address = self.permit_zone(address, &zone)?;
        // What somebody else put there stays when the attachment goes.
        if self.network().is_in_zone(address, &zone).map_err(network_error)? {
            return Ok(());
        }
        let operation = Operation::JoinZone {
            address,
            zone: zone.clone(),
        };
        let inverse = Inverse::LeaveZone {
            address,
            zone: zone.clone(),
        };
        self.change(&operation, &inverse, |network| network.join_zone(address, &zone))?;
        Ok(())
    }

    fn is_in_zone(&mut self, address: IpAddress, zone: String) -> Result<bool, CallError> {
        self.enter()?;
        let address = self.permit_zone(address, &zone)?;
        self.network().is_in_zone(address, &zone).map_err(network_error)
    }
}

impl Mediator {
    fn accept_forwarding(&mut self, address: IpAddr, what: Forwarded) -> Result<bool, CallError> {
        let operation = Operation::AcceptForwarding { address, what };
        let inverse = Inverse::RefuseForwarding { address, what };
        self.change(&operation, &inverse, |network| network.accept_forwarding(address, what))?;
        Ok(true)
    }

    fn permit_forwarding(&mut self, address: IpAddress, first: &str) -> Result<IpAddr, CallError> {
        let address = ip_address(address);
        check_chain(first)?;
        let others = self.addresses_of_others(BTreeSet::from([address]))?;
        self.permit(&Question::ForwardingAccept {
            chain: first,
            addresses: &others.into_iter().collect::<Vec<_>>(),
        })?;
        Ok(address)
    }

    fn permit_zone(&mut self, address: IpAddress, zone: &str) -> Result<IpAddr, CallError> {
        let address = ip_address(address);
        check_zone(zone)?;
        let others = self.addresses_of_others(BTreeSet::from([address]))?;
        self.permit(&Question::ForwardingZone {
            zone,
            addresses: &others.into_iter().collect::<Vec<_>>(),
        })?;
        Ok(address)
    }

    /// Whether iptables has a say in what is forwarded. What it has in legacy
    /// tables is out of reach.
    fn is_filtered(&mut self, address: IpAddr) -> Result<bool, CallError> {
        let table = forwarding_table_of(address);
        let found = match self.network().has_chain(Place::Host, &table, FORWARD_CHAIN) {
            Err(NetworkError::Unsupported(_)) => false,
            found => found.map_err(network_error)?,
        };
        if !found && self.session().files.has_legacy_filter(address.is_ipv6()) {
            return Err(CallError::Guest(Error::Unsupported(format!(
                "the node filters with legacy iptables, to which nothing can be added for {address}; use iptables-nft \
                 there, or rules of your own instead of the plugin's"
            ))));
        }
        Ok(found)
    }

    /// Whether the chain is made is on record before it is; that somebody else
    /// made or deleted it meanwhile shows by then.
    fn share_lead(&mut self, lead: &ForwardingLead) -> Result<(), CallError> {
        let table = lead.table();
        let object = SharedObject::ForwardingLead { lead: lead.clone() };
        let operation = Operation::LeadForwarding { lead: lead.clone() };
        let mut outcome = Ok(());
        for _ in 0..TRIES {
            let found = self.network().has_chain(Place::Host, &table, &lead.chain);
            let with_chain = !found.map_err(network_error)?;
            let shared = self.share(
                &object,
                &operation,
                Made::ForwardingLead { with_chain },
                |network, made| {
                    let there = network.has_forwarding_lead(lead)?;
                    Ok((there.then_some(()), made.is_some()))
                },
                |network| {
                    if network.has_chain(Place::Host, &table, &lead.chain)? == with_chain {
                        let text = format!("chain {} of {table} comes and goes", lead.chain);
                        return Err(NetworkError::Conflict(text));
                    }
                    network.add_forwarding_lead(lead).map(Some)
                },
            );
            outcome = shared.map(|_| ());
            if !matches!(outcome, Err(CallError::Guest(Error::Conflict(_)))) {
                break;
            }
        }
        outcome
    }
}

/// From the kernel's chain to the one with the rules, and from there to the
/// operator's.
fn leads(address: IpAddr, first: String) -> [ForwardingLead; 2] {
    let lead = |from: &str, chain: String, comment: &str| ForwardingLead {
        ipv6: address.is_ipv6(),
        from: from.to_owned(),
        chain,
        comment: comment.to_owned(),
    };
    [
        lead(FORWARD_CHAIN, FORWARDING_CHAIN.to_owned(), LEADS),
        lead(FORWARDING_CHAIN, first, OVERRIDES),
    ]
}

fn check_chain(name: &str) -> Result<(), CallError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = !name.is_empty() && name.len() <= LONGEST_CHAIN && name.bytes().all(is_plain);
    if !is_name || name.starts_with('-') || NOT_FIRST.contains(&name) {
        return Err(invalid(format!(
            "a chain that is asked first has 1 to {LONGEST_CHAIN} letters, digits and - _ ., and is neither one of the \
             kernel's nor {FORWARDING_CHAIN}"
        )));
    }
    Ok(())
}

fn check_zone(name: &str) -> Result<(), CallError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > LONGEST_ZONE || !name.bytes().all(is_plain) {
        return Err(invalid(format!(
            "a zone of firewalld has 1 to {LONGEST_ZONE} letters, digits and - _"
        )));
    }
    Ok(())
}
