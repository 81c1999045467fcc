//! Messages that the kernel carries out together or not at all.

use super::{
    attribute::AttributeWriter,
    check::At,
    constants::{
        NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES, NFPROTO_BRIDGE, NFPROTO_INET, NFPROTO_IPV4,
        NFPROTO_IPV6, NFPROTO_UNSPEC, NFTA_TABLE_NAME, NLM_F_ACK, NLM_F_REQUEST,
    },
    expression::Origin,
};
use crate::{
    Result,
    nftables::{Element, Family, Set, TableId},
};

/// `struct nlmsghdr` and `struct nfgenmsg`.
pub(crate) const HEADER: usize = 20;

/// What a message is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    Table,
    Chain(&'a str),
    Set(&'a str),
    Rule {
        chain: &'a str,
        /// From 1.
        number: usize,
    },
    Elements {
        set: &'a Set,
        elements: &'a [Element],
    },
}

/// What an attribute of a message is about, to explain a refusal of it.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Table,
    Set,
    ChainType(&'static str),
    /// Number in the subject's elements.
    Element(usize),
    Expression(Origin),
}

/// A request to the kernel.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    kind: u16,
    pub(crate) flags: u16,
    pub(crate) subject: Subject<'a>,
    pub(crate) attributes: AttributeWriter,
    /// With their offset in the message, in order.
    pub(crate) parts: Vec<(usize, Part)>,
}

impl<'a> Message<'a> {
    /// A message of the type `NFT_MSG_*` with flags `NLM_F_*` that names its
    /// table.
    pub(crate) fn new(kind: u16, flags: u16, subject: Subject<'a>, table: &TableId) -> Self {
        let mut message = Self {
            kind,
            flags,
            subject,
            attributes: AttributeWriter::default(),
            parts: Vec::new(),
        };
        message.mark(Part::Table);
        message.attributes.text(NFTA_TABLE_NAME, &table.name);
        message
    }

    /// Says what the next attribute is about.
    pub(crate) fn mark(&mut self, part: Part) {
        self.parts.push((HEADER + self.attributes.len(), part));
    }

    /// The whole message.
    pub(crate) fn encode(self, table: &TableId, sequence: u32) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let body = self
            .attributes
            .finish()
            .ok_or_else(|| "a part of it is longer than 64 KiB".to_owned())
            .at(table)?;
        write(
            &mut bytes,
            (NFNL_SUBSYS_NFTABLES << 8) | self.kind,
            self.flags,
            sequence,
            family_number(table.family),
            0,
            &body,
        );
        Ok(bytes)
    }
}

/// One change.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) table: &'a TableId,
    /// For errors: "creating", "deleting", …
    pub(crate) action: &'static str,
    pub(crate) messages: Vec<Message<'a>>,
    set_ids: u32,
}

/// A batch as it is sent, and what its messages were about.
#[derive(Debug)]
pub(crate) struct EncodedBatch<'a> {
    pub(crate) bytes: Vec<u8>,
    pub(crate) outlines: Vec<Outline<'a>>,
}

/// What is kept of a message once it is encoded.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    pub(crate) flags: u16,
    pub(crate) subject: Subject<'a>,
    pub(crate) parts: Vec<(usize, Part)>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(table: &'a TableId, action: &'static str) -> Self {
        Self {
            table,
            action,
            messages: Vec::new(),
            set_ids: 0,
        }
    }

    pub(crate) fn push(&mut self, message: Message<'a>) {
        self.messages.push(message);
    }

    /// A number for a set, unique in this batch.
    pub(crate) fn next_set_id(&mut self) -> u32 {
        self.set_ids += 1;
        self.set_ids
    }

    /// How many sequence numbers it takes.
    pub(crate) fn sequence_numbers(&self) -> u32 {
        u32::try_from(self.messages.len() + 2).unwrap_or(u32::MAX)
    }

    /// All messages between the two that make a batch of them. `first` is the
    /// sequence number of the batch's begin, and the others follow.
    ///
    /// The kernel reports each message that fails. Only the last one asks to
    /// be acknowledged as well: it is the sign that all were looked at, while
    /// one for each would overrun the receive buffer of a large batch.
    pub(crate) fn encode(self, first: u32) -> Result<EncodedBatch<'a>> {
        let mut bytes = Vec::new();
        let mut outlines = Vec::with_capacity(self.messages.len());
        let mut sequence = first;
        let frame = |bytes: &mut Vec<u8>, kind, sequence| {
            write(
                bytes,
                kind,
                NLM_F_REQUEST,
                sequence,
                NFPROTO_UNSPEC,
                NFNL_SUBSYS_NFTABLES,
                &[],
            );
        };
        frame(&mut bytes, NFNL_MSG_BATCH_BEGIN, sequence);
        let count = self.messages.len();
        for (index, mut message) in self.messages.into_iter().enumerate() {
            sequence = sequence.wrapping_add(1);
            outlines.push(Outline {
                flags: message.flags,
                subject: message.subject,
                parts: std::mem::take(&mut message.parts),
            });
            if index + 1 == count {
                message.flags |= NLM_F_ACK;
            }
            bytes.extend(message.encode(self.table, sequence)?);
        }
        frame(&mut bytes, NFNL_MSG_BATCH_END, sequence.wrapping_add(1));
        Ok(EncodedBatch { bytes, outlines })
    }
}

fn family_number(family: Family) -> u8 {
    match family {
        Family::Inet => NFPROTO_INET,
        Family::Ip => NFPROTO_IPV4,
        Family::Ip6 => NFPROTO_IPV6,
        Family::Bridge => NFPROTO_BRIDGE,
    }
}

/// `struct nlmsghdr`, `struct nfgenmsg` and what follows.
fn write(bytes: &mut Vec<u8>, kind: u16, flags: u16, sequence: u32, family: u8, resource: u16, body: &[u8]) {
    let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend((flags | NLM_F_REQUEST).to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend([family, 0]);
    bytes.extend(resource.to_be_bytes());
    bytes.extend_from_slice(body);
}
