use crate::{
    nftables::Base,
    request::nftables::{
        attribute::{Attributes, text_of},
        chain::{hook_number, type_name},
        constants::{NFTA_CHAIN_HOOK, NFTA_CHAIN_TYPE, NFTA_HOOK_HOOKNUM, NFTA_HOOK_PRIORITY},
    },
};

/// Where the kernel calls a chain that it has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attachment {
    chain_type: String,
    hook: u32,
    priority: i32,
}

impl Attachment {
    /// As it is declared.
    pub(super) fn declared(base: Base) -> Self {
        Self {
            chain_type: type_name(base.chain_type).to_owned(),
            hook: hook_number(base.hook),
            priority: base.priority,
        }
    }

    /// As the kernel shows it; `None` when it is not a base chain.
    pub(super) fn read(chain: &Attributes<'_>) -> Option<Self> {
        let hook = chain.find_nested(NFTA_CHAIN_HOOK)?;
        let number = |kind| hook.find(kind).and_then(|value| value.first_chunk().copied());
        Some(Self {
            chain_type: text_of(chain.find(NFTA_CHAIN_TYPE)?),
            hook: u32::from_be_bytes(number(NFTA_HOOK_HOOKNUM)?),
            priority: i32::from_be_bytes(number(NFTA_HOOK_PRIORITY)?),
        })
    }
}
