/// Which operations of a plugin go to the audit log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audit {
    /// Those that were denied.
    #[default]
    Denied,
    /// Every one.
    All,
}

impl Audit {
    pub(crate) const WORDS: [&str; 2] = ["denied", "all"];

    /// As a policy writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::All => "all",
        }
    }
}
