//! Elements of sets and maps.

use super::{
    attribute::AttributeWriter,
    batch::{Batch, HEADER, Message, Part, Subject},
    check::{self, At, Checked},
    constants::{
        NFTA_LIST_ELEM, NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET,
        NFTA_SET_ELEM_USERDATA,
    },
    expression::{write_value, write_verdict},
    rule::PORT_PROTOCOLS,
    user_data,
    value::Layout,
    words,
};
use crate::{
    Result,
    nftables::{Data, DataType, Element, Set, TableId, Value},
};

/// The list of elements is an attribute, and its length has 16 bits.
const LIST_MAXIMUM: usize = 60_000;

/// What of an element is sent.
#[derive(Clone, Copy)]
pub(crate) enum Extent<'a> {
    /// Its key, to find it.
    Key,
    /// All of it, with a comment.
    Whole { comment: &'a str },
}

/// Adds messages of one type about all the elements to a batch, each as
/// large as the kernel takes it.
pub(crate) fn push_all<'a>(
    batch: &mut Batch<'a>,
    (kind, flags): (u16, u16),
    set: &'a Set,
    elements: &'a [Element],
    extent: Extent<'_>,
) -> Result<()> {
    let table = batch.table;
    let mut list = List::default();
    for (index, element) in elements.iter().enumerate() {
        let encoded = encode(table, set, element, extent)?;
        if list.attributes.len() + encoded.len() > LIST_MAXIMUM {
            let full = std::mem::take(&mut list);
            batch.push(full.into_message(kind, flags, table, set, elements));
        }
        list.starts.push((list.attributes.len(), index));
        list.attributes.append(encoded);
    }
    if !list.starts.is_empty() {
        batch.push(list.into_message(kind, flags, table, set, elements));
    }
    Ok(())
}

#[derive(Default)]
struct List {
    attributes: AttributeWriter,
    /// Offset in the list, and which element.
    starts: Vec<(usize, usize)>,
}

impl List {
    fn into_message<'a>(
        self,
        kind: u16,
        flags: u16,
        table: &TableId,
        set: &'a Set,
        elements: &'a [Element],
    ) -> Message<'a> {
        let subject = Subject::Elements { set, elements };
        let mut message = Message::new(kind, flags, subject, table);
        message.mark(Part::Set);
        message.attributes.text(NFTA_SET_ELEM_LIST_SET, &set.name);
        let Message { attributes, parts, .. } = &mut message;
        attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
            let base = HEADER + list.len();
            parts.extend(
                self.starts
                    .into_iter()
                    .map(|(start, index)| (base + start, Part::Element(index))),
            );
            list.append(self.attributes);
        });
        message
    }
}

fn encode(table: &TableId, set: &Set, element: &Element, extent: Extent<'_>) -> Result<AttributeWriter> {
    let fields = |attributes: &mut AttributeWriter| -> Checked<()> {
        let key = Layout::new(&set.key)?.encode(&element.key)?;
        check_data(set, element, extent)?;
        write_value(attributes, NFTA_SET_ELEM_KEY, &key);
        if let Extent::Whole { comment } = extent {
            check_ports(element)?;
            write_data(attributes, set, element)?;
            if !comment.is_empty() {
                attributes.bytes(NFTA_SET_ELEM_USERDATA, &user_data::comment(comment));
            }
        }
        Ok(())
    };
    let mut attributes = AttributeWriter::default();
    let mut outcome = Ok(());
    attributes.nested(NFTA_LIST_ELEM, |attributes| outcome = fields(attributes));
    outcome.at(words::element(table, set, element))?;
    Ok(attributes)
}

/// A rule that looks up a protocol together with a port reads the port
/// wherever the protocol has it; of a protocol without ports it would be other
/// bytes of the packet.
fn check_ports(element: &Element) -> Checked<()> {
    let has_port = element.key.iter().any(|value| matches!(value, Value::Port(_)));
    let portless = element.key.iter().find_map(|value| match value {
        Value::Protocol(number) if !PORT_PROTOCOLS.contains(number) => Some(number),
        _ => None,
    });
    match portless {
        Some(number) if has_port => Err(format!("its key has a port, and the protocol {number} has none")),
        _ => Ok(()),
    }
}

fn check_data(set: &Set, element: &Element, extent: Extent<'_>) -> Checked<()> {
    match (&set.data, &element.data) {
        (None, None) | (Some(_), Some(_)) => Ok(()),
        (None, Some(_)) => Err("it has data, and the set is no map".to_owned()),
        (Some(_), None) if matches!(extent, Extent::Key) => Ok(()),
        (Some(_), None) => Err("it has no data, and the set is a map".to_owned()),
    }
}

fn write_data(attributes: &mut AttributeWriter, set: &Set, element: &Element) -> Checked<()> {
    match (&set.data, &element.data) {
        (Some(DataType::Verdict), Some(Data::Verdict(verdict))) => {
            if let Some(chain) = check::target(verdict) {
                check::name(chain)?;
            }
            write_verdict(attributes, NFTA_SET_ELEM_DATA, verdict);
            Ok(())
        }
        (Some(DataType::Values(types)), Some(Data::Values(values))) => {
            let data = Layout::new(types)?.encode(values)?;
            write_value(attributes, NFTA_SET_ELEM_DATA, &data);
            Ok(())
        }
        (None, None) => Ok(()),
        (expected, _) => Err(format!("its data are not of the map's type {expected:?}")),
    }
}
