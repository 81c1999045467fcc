//! A journal's file that was cut or changed, at every byte: reading it is
//! never fatal, and every whole record outside the damage counts.

use std::path::PathBuf;

use cofferdam_journal::{AttachmentId, Entry, History, LockedAttachment, Outcome, Progress, Sequence, State as Stage};
use cofferdam_system::files as fs;

use crate::fixture::{State, attachment, harmless, soon};

/// A journal in which every kind of record occurs, and its file.
struct Specimen {
    state: State,
    id: AttachmentId,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Specimen {
    fn new() -> Self {
        let state = State::new();
        let id = attachment("c1");
        let mut journal = state.begin(&id);
        let path = state.journal_path(&id);
        for number in 0..4 {
            let (operation, inverse) = harmless(number);
            let sequence = journal.intend("bridge", &operation, &inverse).unwrap();
            match number {
                2 => journal.abandon(sequence),
                number => journal.done(
                    sequence,
                    Outcome {
                        index: Some(number + 7),
                        ..Outcome::default()
                    },
                ),
            }
        }
        journal.commit(r#"{"cniVersion": "1.0.0"}"#).unwrap();
        drop(journal);
        let mut bytes = fs::read(&path).unwrap();
        // What a DEL adds that was killed before its last operation.
        let mut journal = state.directory.lock(&id, soon()).unwrap().reopen().unwrap();
        roll_back(&state, &id, &mut journal);
        drop(journal);
        let whole = fs::read(&path).unwrap();
        let lines: Vec<&[u8]> = whole[bytes.len()..].split_inclusive(|byte| *byte == b'\n').collect();
        bytes.extend(lines[..lines.len() - 1].concat());
        Self { state, id, path, bytes }
    }

    fn lines(&self) -> Vec<&[u8]> {
        self.bytes.split_inclusive(|byte| *byte == b'\n').collect()
    }

    /// What is read of a file with these bytes.
    fn read(&self, bytes: &[u8]) -> History {
        self.lock(bytes).history().clone()
    }

    fn lock(&self, bytes: &[u8]) -> LockedAttachment {
        // An empty journal is removed by whoever had its lock.
        fs::create_dir_all(self.path.parent().unwrap()).unwrap();
        fs::write(&self.path, bytes).unwrap();
        self.state.directory.lock(&self.id, soon()).unwrap()
    }
}

fn roll_back(state: &State, id: &AttachmentId, journal: &mut cofferdam_journal::Journal) -> cofferdam_journal::Report {
    let mut kernel = cofferdam_network::Kernel::new(std::time::Duration::from_secs(1));
    journal.roll_back(&mut cofferdam_journal::Undo {
        network: &mut kernel,
        shared: &state.directory.shared(),
        id,
        deadline: soon(),
    })
}

/// What the lines say, each taken by itself: the specification that reading is
/// measured by.
fn expected<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<(Sequence, Progress)> {
    let mut entries: Vec<(Sequence, Progress)> = Vec::new();
    for line in lines {
        let record: serde_json::Value = serde_json::from_slice(&line[9..]).unwrap();
        let (kind, value) = match &record {
            serde_json::Value::Object(object) => object.iter().next().unwrap(),
            other => panic!("{other} is no record"),
        };
        let sequence = || Sequence(value["sequence"].as_u64().unwrap().try_into().unwrap());
        let progress = match kind.as_str() {
            "intend" => {
                entries.push((sequence(), Progress::Intended));
                continue;
            }
            "done" => Progress::Done,
            "abandon" => Progress::Abandoned,
            "undone" => Progress::Undone,
            _ => continue,
        };
        let entry = entries.iter_mut().find(|(number, _)| *number == sequence());
        if let Some((_, reached)) = entry {
            *reached = progress;
        }
    }
    entries
}

fn found(history: &History) -> Vec<(Sequence, Progress)> {
    let of = |entry: &Entry| (entry.sequence, entry.progress);
    history.entries().iter().map(of).collect()
}

#[test]
fn a_whole_journal_is_read_as_it_was_written() {
    let specimen = Specimen::new();
    let history = specimen.read(&specimen.bytes);
    let progress: Vec<Progress> = history.entries().iter().map(|entry| entry.progress).collect();
    assert_eq!(
        progress,
        [Progress::Done, Progress::Undone, Progress::Abandoned, Progress::Undone]
    );
    assert_eq!(found(&history), expected(specimen.lines().into_iter()));
    assert_eq!(history.damaged_lines(), 0);
    assert_eq!(history.state(), Stage::RollingBack);
    assert_eq!(history.result(), Some(r#"{"cniVersion": "1.0.0"}"#));
    assert_eq!(history.entries()[1].outcome.index, Some(8));
    for (number, entry) in (0..).zip(history.entries()) {
        assert_eq!((entry.operation.clone(), entry.inverse.clone()), harmless(number));
    }
}

/// How many lines are whole in a file that was cut: the end of the last one
/// says nothing.
fn whole_lines(bytes: &[u8], next: Option<&u8>) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count() + usize::from(next == Some(&b'\n'))
}

#[test]
fn of_a_journal_that_was_cut_every_record_before_the_cut_counts() {
    let specimen = Specimen::new();
    for cut in 0..specimen.bytes.len() {
        let (bytes, rest) = specimen.bytes.split_at(cut);
        let whole = whole_lines(bytes, rest.first());
        let torn = bytes.last().is_some_and(|last| *last != b'\n') && rest[0] != b'\n';

        let history = specimen.read(bytes);

        let lines = specimen.lines();
        assert_eq!(found(&history), expected(lines.into_iter().take(whole)), "cut at {cut}");
        assert_eq!(history.damaged_lines(), usize::from(torn), "cut at {cut}");
        assert_eq!(history.is_empty(), cut == 0, "cut at {cut}");
        assert_eq!(history.header().is_some(), whole > 0, "cut at {cut}");
    }
}

#[test]
fn a_journal_that_was_cut_is_undone_to_its_end() {
    let specimen = Specimen::new();
    for cut in 1..specimen.bytes.len() {
        let locked = specimen.lock(&specimen.bytes[..cut]);
        let pending = locked.history().pending().count();
        let mut journal = locked.reopen().unwrap();

        let report = roll_back(&specimen.state, &specimen.id, &mut journal);

        assert!(report.is_clean(), "cut at {cut}: {report}");
        assert_eq!(report.items.len(), pending, "cut at {cut}");
        // What is added goes on a line of its own: a second crash loses
        // nothing.
        drop(journal);
        let locked = specimen.lock(&fs::read(&specimen.path).unwrap());
        assert_eq!(locked.history().pending().count(), 0, "cut at {cut}");
        locked.reopen().unwrap().finish().unwrap();
        assert!(!fs::is_there(&specimen.path), "cut at {cut}");
    }
}

#[test]
fn a_changed_byte_costs_the_lines_that_it_is_in_and_no_other() {
    let specimen = Specimen::new();
    let lines = specimen.lines();
    let mut place = 0;
    for (number, line) in lines.iter().enumerate() {
        for offset in 0..line.len() {
            // Without its end a line runs into the next one.
            let hit = if offset + 1 == line.len() {
                number..=number + 1
            } else {
                number..=number
            };
            let others = lines.iter().enumerate().filter(|(other, _)| !hit.contains(other));
            let expected = expected(others.map(|(_, line)| *line));
            for change in [0x01, 0x10, 0x80] {
                let mut bytes = specimen.bytes.clone();
                bytes[place + offset] ^= change;

                let history = specimen.read(&bytes);

                assert_eq!(found(&history), expected, "line {number} byte {offset} ^ {change:#x}");
                assert!(history.damaged_lines() > 0, "line {number} byte {offset} ^ {change:#x}");
                assert_eq!(history.header().is_some(), number > 0);
            }
        }
        place += line.len();
    }
}

#[test]
fn what_is_no_journal_is_read_as_damage() {
    let specimen = Specimen::new();
    let foreign: [&[u8]; 7] = [
        b"\n",
        b"\n\n\n",
        b"hello",
        b"{\"containerId\": \"c1\"}\n",
        &[0; 4096],
        &[0xff; 100],
        b"00000000 {}\n",
    ];
    for bytes in foreign {
        let history = specimen.read(bytes);
        assert_eq!(history.entries(), []);
        assert!(history.damaged_lines() > 0, "{bytes:?}");
        assert_eq!(history.state(), Stage::Torn);
    }
}
