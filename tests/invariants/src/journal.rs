//! Journals on disk: whatever they hold, they are listed, read and undone, and
//! what is undone once is not undone again.

use std::{
    fs,
    time::{Duration, Instant},
};

use cofferdam_journal::{AttachmentId, StateDirectory, Undo};
use cofferdam_simulation::{Nobody, Simulated};

use crate::{node, workspace::Workspace};

/// One input: the lines of a journal's file. A line that begins with a blank
/// gets the checksum of what follows, so that it is read; the others stay as
/// they are.
pub fn journal(data: &[u8]) {
    // Records of addresses are files anywhere: those of this machine are not to
    // be touched.
    if data.windows(9).any(|window| window == b"directory") || data.contains(&b'\\') {
        return;
    }
    let bytes = with_checksums(data);
    let workspace = Workspace::of_this_thread("journal");
    let state = StateDirectory::open(&workspace.fresh("state")).unwrap();
    let path = state.path().join("attachments/mynet");
    fs::create_dir_all(&path).unwrap();
    let path = path.join(format!("{}.journal", attachment().key()));
    fs::write(&path, &bytes).unwrap();

    let listed = state.attachments(None).unwrap();
    assert_eq!(listed.len(), usize::from(!bytes.is_empty()));
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
    let mut network = Simulated::new(node::sides(), Box::new(Nobody));
    let Ok(locked) = state.lock(&attachment(), soon()) else {
        // Only of a newer format.
        assert!(
            listed[0]
                .problem
                .as_ref()
                .is_some_and(|problem| problem.contains("format"))
        );
        return;
    };
    let history = locked.history().clone();
    assert_eq!(
        listed.first().and_then(|listed| listed.history.as_ref()),
        Some(&history).filter(|_| lines > 0)
    );
    assert!(history.damaged_lines() <= lines && history.entries().len() <= lines);
    let sequences: Vec<_> = history.entries().iter().map(|entry| entry.sequence).collect();
    assert!(
        sequences.is_sorted()
            && sequences
                .iter()
                .zip(sequences.iter().skip(1))
                .all(|(one, next)| one != next)
    );

    let pending = history.pending().count();
    let mut journal = locked.reopen().unwrap();
    let shared = state.shared();
    let id = attachment();
    let report = journal.roll_back(&mut Undo {
        network: &mut network,
        shared: &shared,
        id: &id,
        deadline: soon(),
    });
    assert!(report.items.len() <= pending, "{report}");
    assert!(!report.to_string().contains('\n'));
    drop(journal);

    let locked = state.lock(&attachment(), soon()).unwrap();
    if report.is_clean() {
        assert_eq!(locked.history().pending().count(), 0, "{report}");
    }
    let sides = network.sides();
    let mut journal = locked.reopen().unwrap();
    let again = journal.roll_back(&mut Undo {
        network: &mut network,
        shared: &shared,
        id: &id,
        deadline: soon(),
    });
    if report.is_clean() {
        assert!(again.items.is_empty(), "{again}");
        assert_eq!(network.sides(), sides);
        journal.finish().unwrap();
        assert!(!path.exists());
    }
}

fn with_checksums(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(data.len() + 64);
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        if let Some(json) = line.strip_prefix(b" ") {
            let body = json.strip_suffix(b"\n").unwrap_or(json);
            bytes.extend_from_slice(format!("{:08x} ", crc32fast::hash(body)).as_bytes());
            bytes.extend_from_slice(json);
        } else {
            bytes.extend_from_slice(line);
        }
    }
    bytes
}

fn attachment() -> AttachmentId {
    AttachmentId {
        network: "mynet".to_owned(),
        container_id: "c1".to_owned(),
        interface_name: "eth0".to_owned(),
        unit: "hostile".to_owned(),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}
