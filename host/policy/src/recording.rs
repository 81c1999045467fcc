/// Which calls of a plugin are kept, to be run again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recording {
    /// None.
    #[default]
    Never,
    /// Those that fail.
    Failures,
    /// Every one.
    Always,
}

impl Recording {
    pub(crate) const WORDS: [&str; 3] = ["never", "failures", "always"];

    /// As a policy writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Failures => "failures",
            Self::Always => "always",
        }
    }
}
