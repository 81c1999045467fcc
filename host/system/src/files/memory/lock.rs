use std::collections::BTreeSet;

/// Who has a file's lock (`flock(2)`), by the number of the open file.
#[derive(Default)]
pub(super) enum Lock {
    #[default]
    Free,
    Shared(BTreeSet<u64>),
    Exclusive(u64),
}

impl Lock {
    /// Takes it, or makes of the one that is had the other kind. False where
    /// others have it: then nothing is had, as on Linux.
    pub(super) fn take(&mut self, by: u64, exclusive: bool) -> bool {
        self.release(by);
        match self {
            Self::Free if exclusive => *self = Self::Exclusive(by),
            Self::Free => *self = Self::Shared(BTreeSet::from([by])),
            Self::Shared(holders) if !exclusive => {
                holders.insert(by);
            }
            Self::Shared(_) | Self::Exclusive(_) => return false,
        }
        true
    }

    /// Lets it go, if it is had.
    pub(super) fn release(&mut self, by: u64) {
        let is_free = match self {
            Self::Free => true,
            Self::Exclusive(holder) => *holder == by,
            Self::Shared(holders) => {
                holders.remove(&by);
                holders.is_empty()
            }
        };
        if is_free {
            *self = Self::Free;
        }
    }
}
