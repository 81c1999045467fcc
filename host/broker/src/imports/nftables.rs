use cofferdam_journal::{Inverse, Made, Operation, SHARED_ELEMENT, SharedObject, element_text};
use cofferdam_network::nftables::{Chain, Element, Hook, Set, Table, TableId};
use cofferdam_policy::Question;
use cofferdam_protocol::Place;
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        nftables::{Chain as WitChain, Element as WitElement, Host, Table as WitTable, TableId as WitTableId},
        types::Error,
    },
    handle::Namespace,
};
use wasmtime::component::Resource;

use super::{
    redeclared::{refuse_other_keys, with_emptied_chains},
    shared::Found,
};
use crate::{
    convert::{conflict, invalid, network_error, nft_chain, nft_elements, nft_table, nft_table_id},
    mediator::{Mediator, journal_error},
};

impl Host for Mediator {
    fn ensure_table(&mut self, namespace: Resource<Namespace>, table: WitTable) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let place = self.table.get(&namespace)?.place;
        let table = nft_table(table)?;
        self.permit_table(place, &table.id, &table.chains)?;
        self.permit_rules(place, &table.id, &table.sets, &table.chains)?;
        self.share_table(place, &table)
    }

    fn ensure_chain(
        &mut self,
        namespace: Resource<Namespace>,
        table: WitTableId,
        chain: WitChain,
    ) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let place = self.table.get(&namespace)?.place;
        let table = nft_table_id(table);
        let chain = nft_chain(chain)?;
        if chain.base.is_some() {
            return Err(invalid(format!(
                "chain {:?}: base chains belong into the table's declaration",
                chain.name
            )));
        }
        self.permit_table(place, &table, std::slice::from_ref(&chain))?;
        let sets = self.declared_sets(place, &table)?;
        self.require_use(place, &table)?;
        self.permit_rules(place, &table, &sets, std::slice::from_ref(&chain))?;
        self.share_chain(place, &table, &sets, &chain)
    }

    fn add_elements(
        &mut self,
        namespace: Resource<Namespace>,
        table: WitTableId,
        set: String,
        elements: Vec<WitElement>,
    ) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let place = self.table.get(&namespace)?.place;
        let table = nft_table_id(table);
        self.permit_element(place, &table, &set)?;
        let set = self.declared_set(place, &table, &set)?;
        self.require_use(place, &table)?;
        let elements = nft_elements(elements);
        self.permit_parts(place, &table, &set.name, &elements)?;
        let elements = self.missing_elements(place, &table, &set, elements)?;
        if elements.is_empty() {
            return Ok(());
        }
        let comment = self.owner_comment();
        let operation = Operation::AddElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: elements.clone(),
            comment: comment.clone(),
        };
        let inverse = Inverse::DeleteElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: elements.clone(),
            comment: comment.clone(),
        };
        self.change(&operation, &inverse, |network| {
            network.add_elements(place, &table, &set, &elements, &comment)
        })
    }

    fn share_elements(
        &mut self,
        namespace: Resource<Namespace>,
        table: WitTableId,
        set: String,
        elements: Vec<WitElement>,
    ) -> Result<(), CallError> {
        self.enter()?;
        self.require_creation()?;
        let place = self.table.get(&namespace)?.place;
        let table = nft_table_id(table);
        self.permit_element(place, &table, &set)?;
        let set = self.declared_set(place, &table, &set)?;
        self.require_use(place, &table)?;
        // To others, who ask for the same key, what it leads to may be another.
        if set.data.is_some() {
            return Err(invalid(format!(
                "{:?} is a map, whose elements can't be shared",
                set.name
            )));
        }
        let elements = nft_elements(elements);
        self.permit_parts(place, &table, &set.name, &elements)?;
        elements
            .iter()
            .try_for_each(|element| self.share_element(place, &table, &set, element))
    }

    fn delete_elements(
        &mut self,
        namespace: Resource<Namespace>,
        table: WitTableId,
        set: String,
        elements: Vec<WitElement>,
    ) -> Result<(), CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        let table = nft_table_id(table);
        self.permit_element(place, &table, &set)?;
        let set = match self.declared_set(place, &table, &set) {
            Ok(set) => set,
            // Without the table, or in another plugin's, there are no elements of
            // this one, which is what is wanted.
            Err(CallError::Guest(Error::NotFound(_) | Error::Conflict(_))) => return Ok(()),
            Err(error) => return Err(error),
        };
        let comment = self.owner_comment();
        let mut ours = Vec::new();
        for element in nft_elements(elements) {
            let found = self
                .network()
                .element_comment(place, &table, &set, &element)
                .map_err(network_error)?;
            match found {
                Some(found) if found == comment => ours.push(element),
                Some(found) => return Err(belongs(&element, &found)),
                None => {}
            }
        }
        if ours.is_empty() {
            return Ok(());
        }
        let operation = Operation::DeleteElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: ours.clone(),
        };
        let inverse = Inverse::AddElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: ours.clone(),
            comment,
        };
        self.change(&operation, &inverse, |network| {
            network.delete_elements(place, &table, &set, &ours)
        })
    }

    fn has_elements(
        &mut self,
        namespace: Resource<Namespace>,
        table: WitTableId,
        set: String,
        elements: Vec<WitElement>,
    ) -> Result<Vec<bool>, CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        let table = nft_table_id(table);
        self.permit_element(place, &table, &set)?;
        let elements = nft_elements(elements);
        let set = match self.declared_set(place, &table, &set) {
            Ok(set) => set,
            Err(CallError::Guest(Error::NotFound(_) | Error::Conflict(_))) => return Ok(vec![false; elements.len()]),
            Err(error) => return Err(error),
        };
        let comment = self.owner_comment();
        elements
            .iter()
            .map(|element| {
                let found = self
                    .network()
                    .element_comment(place, &table, &set, element)
                    .map_err(network_error)?;
                Ok(match found {
                    Some(found) if found == SHARED_ELEMENT => self.shares_element(place, &table, &set, element)?,
                    found => found.is_some_and(|found| found == comment),
                })
            })
            .collect()
    }
}

impl Mediator {
    fn permit_table(&mut self, place: Place, table: &TableId, chains: &[Chain]) -> Result<(), CallError> {
        let family = table.family.to_string();
        self.permit(&Question::NftTable {
            place,
            family: &family,
            table: &table.name,
            hooks: &hooks_of(chains),
            packets: &[],
            marks: &[],
        })
    }

    fn permit_element(&mut self, place: Place, table: &TableId, set: &str) -> Result<(), CallError> {
        let family = table.family.to_string();
        self.permit(&Question::NftElement {
            place,
            family: &family,
            table: &table.name,
            set,
            addresses: &[],
            links: &[],
            ports: &[],
        })
    }

    fn share_table(&mut self, place: Place, table: &Table) -> Result<(), CallError> {
        let object = SharedObject::Table {
            place,
            table: table.id.clone(),
        };
        let operation = Operation::CreateTable {
            place,
            table: table.clone(),
        };
        let made = Made::Table {
            plugin: self.plugin.clone(),
            digest: cofferdam_journal::digest_of(table),
            sets: table.sets.clone(),
            chains: table.chains.iter().map(|chain| chain.name.clone()).collect(),
        };
        let (found, _) = self.share_changing(
            &object,
            &operation,
            made,
            |network, made| {
                let there = network.has_table(place, &table.id)?;
                if let (true, Some(Made::Table { sets, .. })) = (there, made) {
                    refuse_other_keys(table, sets)?;
                }
                Ok((there.then_some(()), made.is_some()))
            },
            |network| network.create_table(place, table).map(Some),
            |network, earlier| match earlier {
                Made::Table { chains, .. } => network.replace_chains(place, &with_emptied_chains(table, chains)),
                _ => Ok(()),
            },
        )?;
        refuse_foreign(&found, &table.id.to_string())
    }

    fn share_chain(&mut self, place: Place, table: &TableId, sets: &[Set], chain: &Chain) -> Result<(), CallError> {
        let object = SharedObject::Chain {
            place,
            table: table.clone(),
            chain: chain.name.clone(),
        };
        let operation = Operation::CreateChain {
            place,
            table: table.clone(),
            chain: chain.clone(),
        };
        let digest = cofferdam_journal::digest_of(chain);
        let made = Made::Chain { digest: digest.clone() };
        let (found, _) = self.share(
            &object,
            &operation,
            made,
            |network, made| {
                let there = network.has_chain(place, table, &chain.name)?;
                let ours = matches!(made, Some(Made::Chain { digest: old }) if *old == digest);
                Ok((there.then_some(()), ours))
            },
            |network| network.create_chain(place, table, sets, chain).map(Some),
        )?;
        refuse_foreign(&found, &format!("chain {:?} in {table} with other rules", chain.name))
    }

    fn share_element(&mut self, place: Place, table: &TableId, set: &Set, element: &Element) -> Result<(), CallError> {
        let one = std::slice::from_ref(element);
        let operation = Operation::AddElements {
            place,
            table: table.clone(),
            set: set.clone(),
            elements: one.to_vec(),
            comment: SHARED_ELEMENT.to_owned(),
        };
        let made = Made::Element {
            set: set.clone(),
            element: element.clone(),
        };
        let (found, _) = self.share(
            &shared_element(place, table, set, element),
            &operation,
            made,
            |network, made| {
                let found = network.element_comment(place, table, set, element)?;
                let ours = made.is_some() && found.as_deref() == Some(SHARED_ELEMENT);
                Ok((found.map(|_| ()), ours))
            },
            |network| network.add_elements(place, table, set, one, SHARED_ELEMENT).map(Some),
        )?;
        match found {
            Found::Foreign => Err(belongs(element, "")),
            Found::Ours | Found::New => Ok(()),
        }
    }

    fn shares_element(
        &mut self,
        place: Place,
        table: &TableId,
        set: &Set,
        element: &Element,
    ) -> Result<bool, CallError> {
        let session = self.session();
        let object = shared_element(place, table, set, element);
        session
            .shared
            .is_user(&object, &session.attachment)
            .map_err(journal_error)
    }

    /// Refuses what depends on a table that the attachment did not declare:
    /// without it the table may go, and come back with sets of other types, at
    /// any time. Only the attachment's own requests, one at a time, make it a
    /// user and take it off.
    fn require_use(&mut self, place: Place, table: &TableId) -> Result<(), CallError> {
        let object = SharedObject::Table {
            place,
            table: table.clone(),
        };
        let session = self.session();
        let is_user = session.shared.is_user(&object, &session.attachment);
        if is_user.map_err(journal_error)? {
            Ok(())
        } else {
            Err(not_declared(table))
        }
    }

    /// The sets of a table that the host made for this plugin.
    fn declared_sets(&mut self, place: Place, table: &TableId) -> Result<Vec<Set>, CallError> {
        let object = SharedObject::Table {
            place,
            table: table.clone(),
        };
        match {
            let session = self.session();
            session.shared.made(&object, &session.attachment)
        }
        .map_err(journal_error)?
        {
            Some(Made::Table { plugin, .. }) if !plugin.is_empty() && plugin != self.plugin => {
                Err(conflict(format!("{object} belongs to plugin {plugin}")))
            }
            Some(Made::Table { sets, .. }) => Ok(sets),
            _ => Err(not_declared(table)),
        }
    }

    fn declared_set(&mut self, place: Place, table: &TableId, name: &str) -> Result<Set, CallError> {
        let sets = self.declared_sets(place, table)?;
        let missing = || invalid(format!("{table} was not declared with a set {name:?}"));
        sets.into_iter().find(|set| set.name == name).ok_or_else(missing)
    }

    /// Leaves out what this attachment has already.
    fn missing_elements(
        &mut self,
        place: Place,
        table: &TableId,
        set: &Set,
        elements: Vec<Element>,
    ) -> Result<Vec<Element>, CallError> {
        let comment = self.owner_comment();
        let mut missing = Vec::with_capacity(elements.len());
        for element in elements {
            match self
                .network()
                .element_comment(place, table, set, &element)
                .map_err(network_error)?
            {
                None => missing.push(element),
                Some(found) if found == comment => {}
                Some(found) => return Err(belongs(&element, &found)),
            }
        }
        Ok(missing)
    }

    /// What names the owner of an element, in the ruleset and in errors.
    fn owner_comment(&mut self) -> String {
        let attachment = &self.session().attachment;
        let comment = attachment.label();
        if comment.len() <= 120 {
            return comment;
        }
        // The kernel keeps 128 bytes; the key is as good a name.
        format!("attachment {}", attachment.key())
    }
}

fn shared_element(place: Place, table: &TableId, set: &Set, element: &Element) -> SharedObject {
    SharedObject::Element {
        place,
        table: table.clone(),
        set: set.name.clone(),
        element: element_text(element),
    }
}

fn refuse_foreign(found: &Found, object: &str) -> Result<(), CallError> {
    match found {
        Found::Foreign => {
            let text = format!("{object} already exists, and Cofferdam did not make it");
            Err(CallError::Guest(Error::Conflict(text)))
        }
        Found::Ours | Found::New => Ok(()),
    }
}

fn not_declared(table: &TableId) -> CallError {
    CallError::Guest(Error::NotFound(format!("{table}, declared by this attachment,")))
}

fn belongs(element: &Element, owner: &str) -> CallError {
    let owner = if owner.is_empty() { "somebody else" } else { owner };
    conflict(format!("element {:?} belongs to {owner}", element.key))
}

/// The hooks of base chains, with their priorities.
pub(super) fn hooks_of(chains: &[Chain]) -> Vec<(&'static str, i32)> {
    let bases = chains.iter().filter_map(|chain| chain.base.as_ref());
    bases.map(|base| (hook_name(base.hook), base.priority)).collect()
}

fn hook_name(hook: Hook) -> &'static str {
    match hook {
        Hook::Prerouting => "prerouting",
        Hook::Input => "input",
        Hook::Forward => "forward",
        Hook::Output => "output",
        Hook::Postrouting => "postrouting",
    }
}
