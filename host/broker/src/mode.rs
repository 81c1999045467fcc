/// Which verb a component runs for; it decides what may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Everything that is granted; each change is journalled.
    Add,
    /// Only removing and switching off. There is nothing to go back to, so
    /// nothing is journalled.
    Del,
    /// As DEL, for a whole network.
    Gc,
    /// As DEL: the keeper's call for one attachment.
    Wake,
    /// Nothing.
    Check,
    /// Nothing.
    Status,
}

impl Mode {
    /// Whether new objects may be made.
    pub(crate) fn creates(self) -> bool {
        self == Self::Add
    }

    /// Whether anything may change.
    pub(crate) fn changes(self) -> bool {
        !matches!(self, Self::Check | Self::Status)
    }

    /// Whether datagrams may be exchanged.
    pub(crate) fn exchanges(self) -> bool {
        matches!(self, Self::Add | Self::Wake)
    }

    /// Whether firewalld may be asked; what is undone is so before.
    pub(crate) fn asks_for_zones(self) -> bool {
        matches!(self, Self::Add | Self::Check | Self::Status)
    }

    /// The verb, for error texts.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Del => "DEL",
            Self::Gc => "GC",
            Self::Wake => "WAKE",
            Self::Check => "CHECK",
            Self::Status => "STATUS",
        }
    }
}
