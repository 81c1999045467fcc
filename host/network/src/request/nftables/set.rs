//! Sets and maps.

use super::{
    batch::{Batch, Message, Subject},
    check::Checked,
    constants::{
        NFT_DATA_VERDICT, NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM, NFT_SET_ANONYMOUS, NFT_SET_CONSTANT, NFT_SET_MAP,
        NFTA_LIST_ELEM, NFTA_SET_DATA_LEN, NFTA_SET_DATA_TYPE, NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_LIST_ELEMENTS,
        NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_SET_ID, NFTA_SET_FLAGS, NFTA_SET_ID, NFTA_SET_KEY_LEN,
        NFTA_SET_KEY_TYPE, NFTA_SET_NAME, NFTA_SET_USERDATA, NLM_F_CREATE,
    },
    expression::write_value,
    rule::{PORT_PROTOCOLS, PORT_PROTOCOLS_SET},
    user_data,
    value::Layout,
};
use crate::nftables::{DataType, Set, ValueType};

/// The parts of a set or map that the kernel wants to know.
struct Shape<'a> {
    key: Layout<'a>,
    data: Option<MapData<'a>>,
}

enum MapData<'a> {
    Verdict,
    Values(Layout<'a>),
}

impl<'a> Shape<'a> {
    fn of(set: &'a Set) -> Checked<Self> {
        Ok(Self {
            key: Layout::new(&set.key)?,
            data: match &set.data {
                None => None,
                Some(DataType::Verdict) => Some(MapData::Verdict),
                Some(DataType::Values(types)) => Some(MapData::Values(Layout::new(types)?)),
            },
        })
    }
}

/// Refuses a set that the kernel could not hold.
pub(crate) fn check(set: &Set) -> Checked<()> {
    Shape::of(set).map(drop)
}

/// Makes a set or map; `flags` is `NLM_F_CREATE`, with `NLM_F_EXCL` when it
/// may not exist.
pub(crate) fn create<'a>(batch: &mut Batch<'a>, set: &'a Set, flags: u16) -> Checked<()> {
    let shape = Shape::of(set)?;
    let id = batch.next_set_id();
    let mut message = Message::new(NFT_MSG_NEWSET, flags, Subject::Set(&set.name), batch.table);
    let attributes = &mut message.attributes;
    attributes.text(NFTA_SET_NAME, &set.name);
    let set_flags = if shape.data.is_some() { NFT_SET_MAP } else { 0 };
    attributes.u32(NFTA_SET_FLAGS, set_flags);
    attributes.u32(NFTA_SET_KEY_TYPE, shape.key.number());
    attributes.u32(NFTA_SET_KEY_LEN, length(shape.key));
    match shape.data {
        None => {}
        Some(MapData::Verdict) => {
            attributes.u32(NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
            attributes.u32(NFTA_SET_DATA_LEN, 0);
        }
        Some(MapData::Values(layout)) => {
            attributes.u32(NFTA_SET_DATA_TYPE, layout.number());
            attributes.u32(NFTA_SET_DATA_LEN, length(layout));
        }
    }
    attributes.u32(NFTA_SET_ID, id);
    let data_byte_order = shape.data.map(|data| match data {
        MapData::Verdict => 0,
        MapData::Values(layout) => layout.byte_order(),
    });
    attributes.bytes(
        NFTA_SET_USERDATA,
        &user_data::byte_orders(shape.key.byte_order(), data_byte_order),
    );
    batch.push(message);
    Ok(())
}

/// Makes the anonymous set of the protocols that have ports, for one rule
/// that follows in the same batch.
pub(crate) fn create_port_protocols(batch: &mut Batch<'_>, id: u32) {
    let subject = Subject::Set(PORT_PROTOCOLS_SET);
    let mut set = Message::new(NFT_MSG_NEWSET, NLM_F_CREATE, subject, batch.table);
    let layout = Layout::of_one(&ValueType::Protocol);
    let attributes = &mut set.attributes;
    attributes.text(NFTA_SET_NAME, PORT_PROTOCOLS_SET);
    attributes.u32(NFTA_SET_FLAGS, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
    attributes.u32(NFTA_SET_KEY_TYPE, layout.number());
    attributes.u32(NFTA_SET_KEY_LEN, length(layout));
    attributes.u32(NFTA_SET_ID, id);
    attributes.bytes(NFTA_SET_USERDATA, &user_data::byte_orders(layout.byte_order(), None));
    batch.push(set);

    let mut elements = Message::new(NFT_MSG_NEWSETELEM, NLM_F_CREATE, subject, batch.table);
    let attributes = &mut elements.attributes;
    attributes.text(NFTA_SET_ELEM_LIST_SET, PORT_PROTOCOLS_SET);
    attributes.u32(NFTA_SET_ELEM_LIST_SET_ID, id);
    attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS, |list| {
        for protocol in PORT_PROTOCOLS {
            list.nested(NFTA_LIST_ELEM, |element| {
                write_value(element, NFTA_SET_ELEM_KEY, &[protocol]);
            });
        }
    });
    batch.push(elements);
}

fn length(layout: Layout<'_>) -> u32 {
    u32::try_from(layout.length()).expect("a layout has at most 64 bytes")
}
