//! nf_tables over netlink: every change is one transaction of the kernel's.

mod attachment;
mod failure;
mod flows;
mod foreign;
mod forwarding;
#[cfg(test)]
mod properties;
mod reply;
mod socket;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use nix::errno::Errno;

use self::{
    attachment::Attachment,
    reply::{Content, Refusal},
    socket::Transport,
};
use crate::{
    Error, Result,
    nftables::{Chain, Element, Set, Table, TableId},
    request::nftables::{
        attribute::Attributes,
        batch::{Batch, Message, Subject},
        chain,
        check::{self, At},
        check_set,
        constants::{
            NFT_MSG_DELSETELEM, NFT_MSG_GETCHAIN, NFT_MSG_GETSETELEM, NFT_MSG_GETTABLE, NFT_MSG_NEWSETELEM,
            NFTA_CHAIN_NAME, NFTA_LIST_ELEM, NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_USERDATA, NLM_F_CREATE,
            NLM_F_EXCL,
        },
        element::{self, Extent},
        table, user_data, words,
    },
};

/// Changes and looks at tables of one network namespace.
#[derive(Debug)]
pub(crate) struct NftSocket {
    transport: Transport,
}

impl NftSocket {
    /// A socket in the network namespace of the calling thread, whose
    /// operations end within the time limit each.
    ///
    /// # Errors
    /// The kernel has no netlink for netfilter, or no socket to give.
    pub(crate) fn open(time_limit: Duration) -> Result<Self> {
        Transport::open(time_limit).map(|transport| Self { transport })
    }

    /// Whether a table exists.
    pub(crate) fn has_table(&mut self, table: &TableId) -> Result<bool> {
        check::table(table)?;
        let message = Message::new(NFT_MSG_GETTABLE, 0, Subject::Table, table);
        self.look_up(table, message, |_| ()).map(|found| found.is_some())
    }

    /// Makes a table with all its sets, chains and rules; fails when it
    /// exists.
    pub(crate) fn create_table(&mut self, table: &Table) -> Result<()> {
        self.commit(table::create(table)?)
    }

    /// Gives an existing table the rules that are declared in place of those
    /// that the declared chains have, and makes what chains and sets are
    /// missing. Other chains, and all elements, stay.
    pub(crate) fn replace_chains(&mut self, table: &Table) -> Result<()> {
        self.give_rules(table, Some(&table.chains))
    }

    /// The same for some of a table's chains, whose rules may lead to others of
    /// it.
    pub(crate) fn refill_chains(&mut self, some: &Table) -> Result<()> {
        self.give_rules(some, None)
    }

    /// `targets` are the chains that rules may lead to; without them the kernel
    /// knows.
    fn give_rules(&mut self, table: &Table, targets: Option<&[Chain]>) -> Result<()> {
        table::check(table)?;
        let mut moved = BTreeSet::new();
        for chain in &table.chains {
            let attachment = chain.base.map(Attachment::declared);
            let present = self.look_up_chain(&table.id, &chain.name, Attachment::read)?;
            if present.is_some_and(|present| present != attachment) {
                moved.insert(chain.name.as_str());
            }
        }
        self.commit(table::replace(table, &moved, targets)?)
    }

    /// Deletes a table with all that is in it.
    pub(crate) fn delete_table(&mut self, table: &TableId) -> Result<()> {
        check::table(table)?;
        self.commit(table::delete(table))
    }

    /// Whether a chain exists.
    pub(crate) fn has_chain(&mut self, table: &TableId, chain: &str) -> Result<bool> {
        check::table(table)?;
        check::name_in(table, "chain", chain)?;
        self.look_up_chain(table, chain, |_| ()).map(|found| found.is_some())
    }

    /// How many rules a chain has; `None` when there is no such chain.
    pub(crate) fn rule_count(&mut self, table: &TableId, chain: &str) -> Result<Option<usize>> {
        if !self.has_chain(table, chain)? {
            return Ok(None);
        }
        self.foreign_rules(table, chain).map(|rules| Some(rules.len()))
    }

    /// Makes a chain with its rules; fails when it exists. `sets` are the
    /// table's, for the types of their keys.
    pub(crate) fn create_chain(&mut self, table: &TableId, sets: &[Set], chain: &Chain) -> Result<()> {
        self.commit(table::create_chain(table, sets, chain)?)
    }

    /// Deletes a chain with its rules; fails when something leads to it.
    pub(crate) fn delete_chain(&mut self, table: &TableId, chain: &str) -> Result<()> {
        check::table(table)?;
        check::name_in(table, "chain", chain)?;
        let mut batch = Batch::new(table, "deleting");
        chain::delete(&mut batch, chain);
        self.commit(batch)
    }

    /// Adds elements; fails when one exists. The comment is cut to 127 bytes.
    pub(crate) fn add_elements(
        &mut self,
        table: &TableId,
        set: &Set,
        elements: &[Element],
        comment: &str,
    ) -> Result<()> {
        check_set(table, set)?;
        check::comment(comment).at(format_args!("set {} of {table}", set.name))?;
        let mut batch = Batch::new(table, "adding");
        let message = (NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL);
        element::push_all(&mut batch, message, set, elements, Extent::Whole { comment })?;
        self.commit(batch)
    }

    /// Deletes elements by their keys; fails when one is missing.
    pub(crate) fn delete_elements(&mut self, table: &TableId, set: &Set, elements: &[Element]) -> Result<()> {
        check_set(table, set)?;
        let mut batch = Batch::new(table, "deleting");
        element::push_all(&mut batch, (NFT_MSG_DELSETELEM, 0), set, elements, Extent::Key)?;
        self.commit(batch)
    }

    /// Looks up one element by its key: `None` when there is none, be it for
    /// want of the set or table, else its comment (empty when it has none).
    pub(crate) fn element_comment(&mut self, table: &TableId, set: &Set, element: &Element) -> Result<Option<String>> {
        check_set(table, set)?;
        let mut batch = Batch::new(table, "looking for");
        let elements = std::slice::from_ref(element);
        element::push_all(&mut batch, (NFT_MSG_GETSETELEM, 0), set, elements, Extent::Key)?;
        let Some(message) = batch.messages.pop() else {
            return Ok(None);
        };
        self.look_up(table, message, |found| {
            found
                .find_nested(NFTA_SET_ELEM_LIST_ELEMENTS)
                .and_then(|list| list.find_nested(NFTA_LIST_ELEM))
                .and_then(|element| element.find(NFTA_SET_ELEM_USERDATA))
                .map(user_data::read_comment)
                .unwrap_or_default()
        })
    }

    fn look_up_chain<T>(
        &mut self,
        table: &TableId,
        chain: &str,
        read: impl Fn(&Attributes<'_>) -> T,
    ) -> Result<Option<T>> {
        let mut message = Message::new(NFT_MSG_GETCHAIN, 0, Subject::Chain(chain), table);
        message.attributes.text(NFTA_CHAIN_NAME, chain);
        self.look_up(table, message, read)
    }

    /// Asks for one object; `None` when there is none.
    fn look_up<T>(
        &mut self,
        table: &TableId,
        message: Message<'_>,
        read: impl Fn(&Attributes<'_>) -> T,
    ) -> Result<Option<T>> {
        let deadline = self.transport.deadline();
        let subject = message.subject;
        let about = format!("looking for {}", words::name(table, &subject, None));
        let sequence = self.transport.reserve(1);
        self.transport.send(&message.encode(table, sequence)?, &about)?;
        while let Some(datagram) = self.transport.receive(deadline, &about)? {
            for reply in reply::read(&datagram) {
                match reply.content {
                    _ if reply.sequence != sequence => {}
                    Content::Object(attributes) => return Ok(Some(read(&attributes))),
                    Content::Refusal(refusal) if refusal.errno == Errno::ENOENT => return Ok(None),
                    Content::Refusal(refusal) => {
                        return Err(failure::of_look_up(&about, &subject, &refusal));
                    }
                    Content::Acknowledgement | Content::End => {}
                }
            }
        }
        Err(Error::Deadline(about))
    }

    /// Has the kernel carry out a batch, all of it or nothing.
    fn commit(&mut self, batch: Batch<'_>) -> Result<()> {
        if batch.messages.is_empty() {
            return Ok(());
        }
        let deadline = self.transport.deadline();
        let (table, action) = (batch.table, batch.action);
        let first = self.transport.reserve(batch.sequence_numbers());
        let encoded = batch.encode(first)?;
        let count = encoded.outlines.len();
        let about = format!("{action} what is asked of {table}");
        self.transport.make_room(encoded.bytes.len(), count);
        self.transport.send(&encoded.bytes, &about)?;
        let Some((number, refusal)) = self.await_outcome(first, count, deadline, &about)? else {
            return Ok(());
        };
        self.transport.drain();
        Err(
            match number.checked_sub(1).and_then(|index| encoded.outlines.get(index)) {
                Some(outline) => failure::of_message(table, action, outline, &refusal),
                None => failure::of_batch(table, action, &refusal),
            },
        )
    }

    /// The first refusal, with the number of its message in the batch, where
    /// 0 is the batch itself. `None` when all was done.
    fn await_outcome(
        &self,
        first: u32,
        count: usize,
        deadline: Instant,
        about: &str,
    ) -> Result<Option<(usize, Refusal)>> {
        while let Some(datagram) = self.transport.receive(deadline, about)? {
            for reply in reply::read(&datagram) {
                let Ok(number) = usize::try_from(reply.sequence.wrapping_sub(first)) else {
                    continue;
                };
                match reply.content {
                    _ if number > count => {}
                    Content::Refusal(refusal) => return Ok(Some((number, refusal))),
                    Content::Acknowledgement if number == count => return Ok(None),
                    Content::Acknowledgement | Content::End | Content::Object(_) => {}
                }
            }
        }
        Err(Error::Deadline(about.to_owned()))
    }
}
