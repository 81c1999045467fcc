use crate::{
    format::{Header, NamespaceRecord, Record, format_of, parse_line},
    model::{Inverse, Operation, Outcome, Sequence},
};

/// How far an attachment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is no journal, or an empty one.
    None,
    /// Not complete, and part of the journal can't be read.
    Torn,
    /// An ADD that has not ended, or never will.
    Uncommitted,
    /// Complete.
    Committed,
    /// It was begun to be undone.
    RollingBack,
}

/// How far one operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nobody knows whether it was done.
    Intended,
    /// It was done.
    Done,
    /// It failed; nothing happened.
    Abandoned,
    /// It was undone.
    Undone,
}

/// An operation on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub sequence: Sequence,
    /// The plugin that asked for it.
    pub plugin: String,
    /// What is done.
    pub operation: Operation,
    /// How to go back.
    pub inverse: Inverse,
    /// What only the kernel could tell.
    pub outcome: Outcome,
    /// How far it has come.
    pub progress: Progress,
}

impl Entry {
    /// Whether it has to be undone for the kernel to be as it was.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.progress, Progress::Intended | Progress::Done)
    }
}

/// What a journal says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    header: Option<Header>,
    entries: Vec<Entry>,
    result: Option<String>,
    /// The process that began to undo it last, and when.
    rolled_back_by: Option<(u32, u64)>,
    damaged: usize,
    empty: bool,
}

/// A journal in a format that is not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewerFormat(pub(crate) u32);

impl History {
    /// What there is before anything is written.
    pub(crate) fn nothing() -> Self {
        Self {
            empty: true,
            ..Self::default()
        }
    }

    /// Reads a journal. Lines that are torn or damaged are counted and left
    /// out, whatever they hold; all others count, a last one too that lacks
    /// nothing but its end: the next writer gives it one.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NewerFormat> {
        let mut history = Self {
            empty: bytes.is_empty(),
            ..Self::default()
        };
        for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let json = parse_line(line.strip_suffix(b"\n").unwrap_or(line));
            if number == 0
                && let Some(found) = json.and_then(format_of)
                && found > crate::FORMAT_VERSION
            {
                return Err(NewerFormat(found));
            }
            let record = json.and_then(|json| serde_json::from_slice(json).ok());
            if record.and_then(|record| history.apply(number, record)).is_none() {
                history.damaged += 1;
            }
        }
        Ok(history)
    }

    /// Takes a record in; `None` when it makes no sense here.
    fn apply(&mut self, number: usize, record: Record<'_>) -> Option<()> {
        match record {
            Record::Header(header) if number == 0 => self.header = Some(header.into_owned()),
            Record::Header(_) => return None,
            Record::Intend {
                sequence,
                plugin,
                operation,
                inverse,
            } => {
                if self.entries.last().is_some_and(|last| last.sequence >= sequence) {
                    return None;
                }
                self.push(sequence, &plugin, operation.into_owned(), inverse.into_owned());
            }
            Record::Done { sequence, outcome } => self.set_done(sequence, outcome)?,
            Record::Abandon { sequence } => self.set_progress(sequence, Progress::Abandoned)?,
            Record::Undone { sequence } => self.set_progress(sequence, Progress::Undone)?,
            Record::Commit { result } => self.result = Some(result.into_owned()),
            Record::RollBack { pid, started } => self.set_rolling_back(pid, started),
        }
        Some(())
    }

    pub(crate) fn start(&mut self, header: Header) {
        *self = Self {
            header: Some(header),
            ..Self::default()
        };
    }

    pub(crate) fn push(&mut self, sequence: Sequence, plugin: &str, operation: Operation, inverse: Inverse) {
        self.entries.push(Entry {
            sequence,
            plugin: plugin.to_owned(),
            operation,
            inverse,
            outcome: Outcome::default(),
            progress: Progress::Intended,
        });
    }

    pub(crate) fn next_sequence(&self) -> Sequence {
        Sequence(self.entries.last().map_or(0, |last| last.sequence.0.saturating_add(1)))
    }

    pub(crate) fn set_done(&mut self, sequence: Sequence, outcome: Outcome) -> Option<()> {
        let entry = self.entry(sequence)?;
        entry.outcome = outcome;
        if entry.progress == Progress::Intended {
            entry.progress = Progress::Done;
        }
        Some(())
    }

    pub(crate) fn set_progress(&mut self, sequence: Sequence, progress: Progress) -> Option<()> {
        self.entry(sequence)?.progress = progress;
        Some(())
    }

    pub(crate) fn set_committed(&mut self, result: &str) {
        self.result = Some(result.to_owned());
    }

    pub(crate) fn set_rolling_back(&mut self, pid: u32, started: u64) {
        self.rolled_back_by = Some((pid, started));
    }

    fn entry(&mut self, sequence: Sequence) -> Option<&mut Entry> {
        let index = self
            .entries
            .binary_search_by_key(&sequence, |entry| entry.sequence)
            .ok()?;
        self.entries.get_mut(index)
    }

    /// How far the attachment has come. A complete attachment is complete
    /// with a damaged line, too; [`History::damaged_lines`] tells.
    #[must_use]
    pub fn state(&self) -> State {
        if self.empty {
            State::None
        } else if self.rolled_back_by.is_some() {
            State::RollingBack
        } else if self.result.is_some() {
            State::Committed
        } else if self.damaged > 0 || self.header.is_none() {
            State::Torn
        } else {
            State::Uncommitted
        }
    }

    /// Whether nothing was ever recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether the attachment is complete, and nobody began to undo it.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        self.state() == State::Committed
    }

    /// Whose journal it is; absent when it can't be read.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Whether the kernel state that it describes went with an earlier boot.
    #[must_use]
    pub fn is_of_earlier_boot(&self) -> bool {
        self.header.as_ref().is_some_and(Header::is_of_earlier_boot)
    }

    /// The process that wrote last, and when it began, in milliseconds since
    /// 1970, as far as that is on record.
    #[must_use]
    pub fn writer(&self) -> Option<(u32, u64)> {
        let of_header = |header: &Header| (header.pid, header.started);
        self.rolled_back_by.or_else(|| self.header.as_ref().map(of_header))
    }

    /// The namespace that the attachment was made in.
    #[must_use]
    pub fn namespace(&self) -> Option<&NamespaceRecord> {
        self.header.as_ref()?.namespace.as_ref()
    }

    /// Every operation on record, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Those that have to be undone, in order.
    pub fn pending(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.is_pending())
    }

    /// The result that ADD gave, as it was printed.
    #[must_use]
    pub fn result(&self) -> Option<&str> {
        self.result.as_deref()
    }

    /// How many lines can't be read.
    #[must_use]
    pub fn damaged_lines(&self) -> usize {
        self.damaged
    }
}
