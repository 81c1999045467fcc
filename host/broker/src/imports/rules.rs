use cofferdam_journal::{Inverse, Operation};
use cofferdam_policy::Question;
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
    convert::{network_error, rule, wit_rule},
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
        let present = self.network().rules(place).map_err(network_error)?;
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
        let rules = self.network().rules(place).map_err(network_error)?;
        Ok(rules.into_iter().map(wit_rule).collect())
    }
}
