use std::collections::BTreeSet;

use cofferdam_journal::{Inverse, Operation, Thing};
use cofferdam_network::Rule;
use cofferdam_policy::Question;
use cofferdam_protocol::{IpPrefix, Place};
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        rules::{Host, RuleSpec},
        types::Error,
    },
    handle::Namespace,
};
use wasmtime::component::Resource;

use crate::{
    convert::{invalid, network_error, rule, wit_rule},
    mediator::Mediator,
};

impl Host for Mediator {
    fn add(&mut self, namespace: Resource<Namespace>, spec: RuleSpec) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let place = self.table.get(&namespace)?.place;
        let wanted = rule(&spec)?;
        self.permit(&Question::RuleAdd {
            place,
            table: wanted.table,
            priority: wanted.priority,
        })?;
        if place == Place::Host {
            self.refuse_packets_of_others(&wanted)?;
        }
        // On record, what was there before would be undone after a crash.
        let present = self.network().rules(place).map_err(network_error)?;
        if present.iter().any(|present| wanted.describes(present)) {
            let text = format!("that rule in the {place} namespace");
            return Err(CallError::Guest(Error::AlreadyExists(text)));
        }
        let operation = Operation::AddRule {
            place,
            rule: wanted.clone(),
        };
        let inverse = Inverse::DeleteRule {
            place,
            rule: wanted.clone(),
        };
        self.change(&operation, &inverse, |network| network.add_rule(place, &wanted))
    }

    fn delete(&mut self, namespace: Resource<Namespace>, spec: RuleSpec) -> Result<(), CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        let wanted = rule(&spec)?;
        self.permit(&Question::RuleDelete {
            place,
            table: wanted.table,
            priority: wanted.priority,
        })?;
        // What is deleted, and put back, is a whole rule, not what it was described by.
        let present = self.rules_in_reach(place)?;
        let missing = || CallError::Guest(Error::NotFound(format!("such a rule in the {place} namespace")));
        let found = present
            .into_iter()
            .find(|rule| wanted.covers(rule))
            .ok_or_else(missing)?;
        let operation = Operation::DeleteRule {
            place,
            rule: found.clone(),
        };
        let inverse = Inverse::AddRule {
            place,
            rule: found.clone(),
        };
        self.change(&operation, &inverse, |network| network.delete_rule(place, &found))
    }

    fn list(&mut self, namespace: Resource<Namespace>) -> Result<Vec<RuleSpec>, CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        self.permit(&Question::RuleSee { place })?;
        let rules = self.rules_in_reach(place)?;
        Ok(rules.into_iter().map(wit_rule).collect())
    }
}

impl Mediator {
    /// A rule of the node sends packets of the attachment's elsewhere, and
    /// nobody else's: those from an address that its container has, or that
    /// come in by a link that this request made.
    fn refuse_packets_of_others(&mut self, rule: &Rule) -> Result<(), CallError> {
        if let Some(link) = &rule.input_interface
            && self.session().links.has_own(Place::Host, link)
        {
            return Ok(());
        }
        if let Some(source) = rule.source
            && source == IpPrefix::host(source.address())
            && self.addresses_of_others(BTreeSet::from([source.address()]))?.is_empty()
        {
            return Ok(());
        }
        Err(invalid(
            "a rule of the node needs an address that the container has as its source, or a link that this request \
             made in the host namespace as its input interface",
        ))
    }

    /// The rules of a namespace but for those of the node that other
    /// attachments own.
    fn rules_in_reach(&mut self, place: Place) -> Result<Vec<Rule>, CallError> {
        let rules = self.network().rules(place).map_err(network_error)?;
        if place == Place::Container {
            return Ok(rules);
        }
        let rules = self.without_others(rules, |rule| Thing::Rule(rule.clone()))?;
        // A rule is on record with the priority that it was given, if any.
        self.without_others(rules, |rule| {
            Thing::Rule(Rule {
                priority: None,
                ..rule.clone()
            })
        })
    }
}
