/// Core instances that a policy can let a component be made of.
pub(crate) const CORE_INSTANCES: std::ops::RangeInclusive<u32> = 1..=256;

/// How many objects of one grant may be there at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Made by one attachment.
    pub(crate) attachment: Option<u32>,
    /// Made by all attachments of one network together.
    pub(crate) network: Option<u32>,
    /// Made by all attachments of one tenant together.
    pub(crate) tenant: Option<u32>,
}

impl Limits {
    pub(crate) fn is_none(self) -> bool {
        self == Self::default()
    }
}
