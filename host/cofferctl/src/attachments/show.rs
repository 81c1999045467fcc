use cofferdam_broker::{Installation, collect::Inhabited};
use cofferdam_journal::{
    AttachmentId, AttachmentSummary, Entry, HeldLocks, History, Inverse, Progress, Scope, SharedObject, StateDirectory,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{ShowArguments, View, summaries};
use crate::output::{cut, say, say_json, say_line};

/// Operations that are shown to people.
const SHOWN: usize = 200;
/// Operations that are told to programs.
const TOLD: usize = 10_000;
/// Others that use a shared object, by name.
const OTHERS: usize = 20;
/// Characters of a line.
const LINE: usize = 400;
/// Characters of a result.
const RESULT: usize = 64 << 10;

/// One journal in full.
#[derive(Debug, Serialize)]
struct Whole {
    #[serde(flatten)]
    view: View,
    boot_id: String,
    written_by: u32,
    config_digest: String,
    /// As ADD printed it; text where it is no JSON.
    result: Option<Value>,
    operations: Vec<OperationView>,
    operations_left_out: usize,
    owns: Vec<String>,
    shares: Vec<SharedView>,
}

#[derive(Debug, Serialize)]
struct OperationView {
    number: u32,
    plugin: String,
    operation: String,
    progress: &'static str,
    /// Absent where there is nothing to undo.
    undo: Option<String>,
}

#[derive(Debug, Serialize)]
struct SharedView {
    object: String,
    made_by_cofferdam: bool,
    /// `NETWORK/CONTAINER/INTERFACE`; at most [`OTHERS`].
    others: Vec<String>,
    others_count: usize,
}

pub(crate) fn show(installation: &Installation, arguments: &ShowArguments) -> anyhow::Result<()> {
    let (state, summaries) = summaries(installation, Some(arguments.attachment.network()))?;
    let (locks, inhabited) = (HeldLocks::read(), Inhabited::default());
    let meant = arguments.attachment.find(&summaries)?;
    let wholes: Vec<Whole> = match &state {
        Some(state) => meant
            .iter()
            .filter_map(|summary| Whole::of(state, summary, &locks, &inhabited))
            .collect(),
        None => Vec::new(),
    };
    if arguments.json {
        say_json(&json!({ "attachments": wholes }));
    } else {
        wholes.iter().for_each(Whole::say);
    }
    Ok(())
}

impl Whole {
    fn of(
        state: &StateDirectory,
        summary: &AttachmentSummary,
        locks: &HeldLocks,
        inhabited: &Inhabited,
    ) -> Option<Self> {
        let view = View::of(summary, locks, inhabited)?;
        let (header, history) = (summary.header.as_ref()?, summary.history.as_ref()?);
        let operations = history.entries().iter().take(TOLD).map(OperationView::of);
        Some(Self {
            view,
            boot_id: header.boot_id.clone(),
            written_by: header.pid,
            config_digest: header.config_digest.clone(),
            result: history.result().map(result),
            operations: operations.collect(),
            operations_left_out: history.entries().len().saturating_sub(TOLD),
            owns: owns(state, &header.attachment, history),
            shares: shares(state, &header.attachment, history),
        })
    }

    fn say(&self) {
        let line = |text: &str| say_line(text, LINE);
        let view = &self.view;
        line(&format!("{} ({})", view.label(), view.unit));
        line(&format!("  state      {}", view.state_text()));
        line(&format!("  since      {}, by process {}", view.since, self.written_by));
        let inode = view.namespace.as_ref().map(super::view::Namespace::inode);
        let inode = inode.map_or_else(String::new, |inode| format!(", inode {inode}"));
        line(&format!("  namespace  {}{inode}", view.namespace_text()));
        for plugin in &view.plugins {
            line(&format!("  plugin     {}", plugin.long()));
        }
        line(&format!("  boot       {}", self.boot_id));
        line(&format!("  journal    {}", view.journal));
        self.say_operations();
        if !self.owns.is_empty() {
            line("owns");
            self.owns.iter().for_each(|thing| line(&format!("  {thing}")));
        }
        if !self.shares.is_empty() {
            line("shares");
            self.shares
                .iter()
                .for_each(|shared| line(&format!("  {}", shared.text())));
        }
        if let Some(result) = &self.result {
            line("result");
            let text = serde_json::to_string_pretty(result).unwrap_or_default();
            cut(&text, RESULT).lines().for_each(|text| line(&format!("  {text}")));
        }
    }

    fn say_operations(&self) {
        if self.operations.is_empty() {
            return;
        }
        say("operations");
        for operation in self.operations.iter().take(SHOWN) {
            let OperationView {
                number,
                plugin,
                operation,
                progress,
                undo,
            } = operation;
            say_line(&format!("  {number:>3} {plugin}: {operation} [{progress}]"), LINE);
            if let Some(undo) = undo {
                say_line(&format!("      undo: {undo}"), LINE);
            }
        }
        let left = self.operations.len().saturating_sub(SHOWN) + self.operations_left_out;
        if left > 0 {
            say(&format!("  and {left} more; --json has up to {TOLD}"));
        }
    }
}

impl OperationView {
    fn of(entry: &Entry) -> Self {
        Self {
            number: entry.sequence.0,
            plugin: entry.plugin.clone(),
            operation: entry.operation.to_string(),
            progress: match entry.progress {
                Progress::Intended => "perhaps-done",
                Progress::Done => "done",
                Progress::Abandoned => "failed",
                Progress::Undone => "undone",
            },
            undo: entry.is_pending().then(|| entry.inverse.to_string()),
        }
    }
}

impl SharedView {
    fn text(&self) -> String {
        let made = if self.made_by_cofferdam {
            "made by Cofferdam"
        } else {
            "was there before"
        };
        let others = match (self.others_count, self.made_by_cofferdam) {
            (0, true) => "goes with this attachment".to_owned(),
            (0, false) => "nobody else uses it".to_owned(),
            (count, _) if count > self.others.len() => {
                format!(
                    "used by {} and {} more",
                    self.others.join(", "),
                    count - self.others.len()
                )
            }
            _ => format!("used by {}", self.others.join(", ")),
        };
        format!("{}: {made}, {others}", self.object)
    }
}

fn result(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// What the attachment's operations made its own, and still is.
fn owns(state: &StateDirectory, id: &AttachmentId, history: &History) -> Vec<String> {
    let scope = Scope {
        network: &id.network,
        namespace: history.namespace(),
    };
    let owned = state.owned();
    let things = history
        .pending()
        .take(TOLD)
        .flat_map(|entry| scope.things(&entry.operation, &entry.inverse));
    let mut names = Vec::new();
    for thing in things {
        let is_own = matches!(owned.owner(&thing), Ok(Some(by)) if by.is_of(id));
        let name = thing.to_string();
        if is_own && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The shared objects that it uses, with the others that do.
fn shares(state: &StateDirectory, id: &AttachmentId, history: &History) -> Vec<SharedView> {
    let mut objects: Vec<&SharedObject> = Vec::new();
    for entry in history.pending().take(TOLD) {
        if let Inverse::LeaveShared { object } = &entry.inverse
            && !objects.contains(&object)
        {
            objects.push(object);
        }
    }
    let shared = state.shared();
    let view = |object: &&SharedObject| {
        let others = shared.others(object, id).unwrap_or_default();
        let name = |other: &Option<AttachmentId>| match other {
            Some(other) => other.label(),
            None => "an attachment without a journal".to_owned(),
        };
        SharedView {
            object: object.to_string(),
            made_by_cofferdam: shared.made(object, id).is_ok_and(|made| made.is_some()),
            others: others.iter().take(OTHERS).map(name).collect(),
            others_count: others.len(),
        }
    };
    objects.iter().map(view).collect()
}
