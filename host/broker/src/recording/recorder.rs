use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Instant, SystemTime},
};

use cofferdam_journal::{History, NamespaceRecord, Operation, boot_id};
use cofferdam_network::Kernel;
use cofferdam_sandbox::CONTRACT;
use tracing::subscriber::{DefaultGuard, set_default};

use super::{
    MOST_BYTES, Outcome, RecordedPlugin, Recording, RecordingsDirectory, Tape, Told, Tree, document::to_hexadecimal,
    network::Heard, surroundings::look_around,
};
use crate::{
    Answer,
    call::Call,
    log::emit,
    mode::Mode,
    rehearsal::Rehearsing,
    session::{Resources, Session},
    trace::{Traced, Tracer},
};

/// Writes a call down, from its plugins' beginning to the answer.
pub(crate) struct Recorder {
    wanted: cofferdam_policy::Recording,
    directory: RecordingsDirectory,
    begun: Recording,
    started: Instant,
    tape: Tape,
    complaints: Vec<String>,
    tracer: Arc<Tracer>,
    _listening: DefaultGuard,
}

impl Recorder {
    /// Begins to record an ADD, CHECK or DEL, if the policy of one of its
    /// plugins wants it: looks around, and has the call's slot from here on.
    /// `history` is what is on record of the attachment. Where it can't be, the
    /// call is served all the same.
    pub(crate) fn begin(
        call: &Call,
        resources: &Resources,
        kernel: &mut Kernel,
        namespace: Option<&NamespaceRecord>,
        history: Option<&History>,
    ) {
        let wanted = resources.plugins.recording();
        let is_of_those = matches!(resources.mode, Mode::Add | Mode::Check | Mode::Del);
        if wanted == cofferdam_policy::Recording::Never || !is_of_those || call.rehearsing.is_heard() {
            return;
        }
        let started = Instant::now();
        let directory = call.installation.recordings();
        let surroundings = Tape::blank();
        let begun = directory
            .make()
            .map_err(|error| format!("{}: {error}", directory.path().display()))
            .and_then(|()| {
                look_around(&mut Heard::lent(kernel, surroundings.clone())).map_err(|error| error.to_string())
            })
            .and_then(|()| surroundings.take().whole())
            .and_then(|written| begin(call, resources, (namespace, history), written.told));
        let begun = match begun {
            Ok(begun) => begun,
            Err(why) => return not_recorded(call, &why),
        };
        let tracer = Arc::new(Tracer::bounded(MOST_BYTES));
        call.recorder.fill(Self {
            wanted,
            directory,
            begun,
            started,
            tape: Tape::blank(),
            complaints: Vec::new(),
            _listening: set_default(Traced::of(Arc::clone(&tracer))),
            tracer,
        });
    }

    /// Where the recording will be.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the answers of networks are written down on.
    pub(super) fn tape(&self) -> Tape {
        self.tape.clone()
    }

    /// Has all written down that the session is told by others.
    pub(super) fn listen_to(&self, session: &mut Session) {
        session.world = Arc::new(self.tape.clone());
        session.tape = Some(self.tape.clone());
        session.rehearsing = Rehearsing::HeardBy(Arc::clone(&self.tracer) as Arc<_>);
    }

    /// What components failed with, and the runtime may not be told of.
    pub(super) fn note(&mut self, complaints: Vec<String>) {
        self.complaints = complaints;
    }

    /// Keeps the recording, if the call ended as those that are wanted.
    pub(crate) fn conclude(self, answer: &Answer) {
        let is_success = answer.exit == 0 && self.complaints.is_empty();
        if self.wanted == cofferdam_policy::Recording::Failures && is_success {
            return;
        }
        let (directory, of) = (self.directory.clone(), described(&self.begun.variables));
        if let Err(why) = self.write(answer) {
            emit(&format!(
                "cofferdam: warn: {of} is not recorded in {}: {why}",
                directory.path().display()
            ));
        }
    }

    fn write(self, answer: &Answer) -> Result<(), String> {
        let Self {
            directory,
            begun,
            started,
            tape,
            complaints,
            tracer,
            ..
        } = self;
        if tracer.is_full() {
            return Err(format!("the calls of its components have more than {MOST_BYTES} bytes"));
        }
        let written = tape.take().whole()?;
        let mut files = begun.files;
        for (path, tree) in written.records {
            files.replace(&path, tree);
        }
        let recording = Recording {
            milliseconds: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            files,
            told: written.told,
            random: to_hexadecimal(&written.random),
            clocks: written.clocks,
            calls: tracer.take(),
            outcome: Outcome {
                exit: answer.exit,
                stdout: answer.stdout.clone(),
                complaints,
            },
            ..begun
        };
        let content = serde_json::to_vec(&recording).map_err(|error| error.to_string())?;
        if content.len() > MOST_BYTES {
            return Err(format!("it has more than {MOST_BYTES} bytes"));
        }
        let kept = directory.keep(&file_name(&recording.time), &content);
        kept.map_err(|error| error.to_string())
    }
}

/// What there is when the plugins begin.
fn begin(
    call: &Call,
    resources: &Resources,
    (namespace, history): (Option<&NamespaceRecord>, Option<&History>),
    surroundings: Vec<Told>,
) -> Result<Recording, String> {
    let named = resources.plugins.named();
    let plugins = named.map(|(name, loaded)| RecordedPlugin {
        name: name.to_owned(),
        digest: loaded.program.digest().to_owned(),
    });
    Ok(Recording {
        format: Recording::FORMAT,
        cofferdam: env!("CARGO_PKG_VERSION").to_owned(),
        contract: CONTRACT.to_owned(),
        time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
        milliseconds: 0,
        budget_milliseconds: u64::try_from(call.budget.as_millis()).unwrap_or(u64::MAX),
        boot: boot_id().to_owned(),
        root: call.installation.root().to_string_lossy().into_owned(),
        name: call.name.clone(),
        variables: variables(call),
        configuration: call.config.text().to_owned(),
        namespace: namespace.cloned(),
        plugins: plugins.collect(),
        legacy_filters: resources.files.legacy_filters(),
        files: files(call, resources, history).map_err(|error| error.to_string())?,
        surroundings,
        told: Vec::new(),
        random: String::new(),
        clocks: Vec::new(),
        calls: Vec::new(),
        outcome: Outcome {
            exit: 0,
            stdout: String::new(),
            complaints: Vec::new(),
        },
    })
}

/// Policies, address records, what is on record of attachments, and what
/// plugins may read.
fn files(call: &Call, resources: &Resources, history: Option<&History>) -> Result<Tree, super::TreeError> {
    let installation = &call.installation;
    let root = installation.root();
    let (mut tree, mut left) = (Tree::default(), MOST_BYTES);
    let policies = installation.policies();
    for (name, loaded) in resources.plugins.named() {
        // They were read when the plugin was loaded.
        for (file, _) in policies.files(name).unwrap_or_default() {
            tree.add_file(root, &file, &mut left)?;
        }
        if let Some(key) = &loaded.key {
            tree.add_file(root, &policies.key_file(key), &mut left)?;
        }
    }
    tree.add(root, &installation.state(), &mut left)?;
    for directory in records(call, resources, history) {
        tree.add(root, &directory, &mut left)?;
    }
    for file in resources.files.readable() {
        tree.add_file(root, &installation.resolve(file), &mut left)?;
    }
    Ok(tree)
}

/// Where address records are that matter: of the usual place, of where the
/// configuration has them, and of where the attachment has claims. None is below
/// another one.
fn records(call: &Call, resources: &Resources, history: Option<&History>) -> BTreeSet<PathBuf> {
    let entries = history.into_iter().flat_map(History::entries);
    let claims = entries.filter_map(|entry| match &entry.operation {
        Operation::Claim { directory, .. } => Some(directory.clone()),
        _ => None,
    });
    let locations = resources.files.locations().map(Path::to_owned);
    let all: BTreeSet<PathBuf> = claims.chain(locations).chain([call.installation.records()]).collect();
    let is_outermost = |directory: &&PathBuf| !directory.ancestors().skip(1).any(|above| all.contains(above));
    all.iter().filter(is_outermost).cloned().collect()
}

fn variables(call: &Call) -> BTreeMap<String, String> {
    let environment = &call.environment;
    let is_override = if environment.netns_override { "1" } else { "" };
    let variables = [
        ("CNI_COMMAND", call.verb.as_str()),
        ("CNI_CONTAINERID", &environment.container_id),
        ("CNI_NETNS", environment.netns.as_deref().unwrap_or_default()),
        ("CNI_IFNAME", &environment.interface_name),
        ("CNI_ARGS", &environment.args),
        ("CNI_PATH", &environment.path),
        ("CNI_NETNS_OVERRIDE", is_override),
    ];
    let set = variables.into_iter().filter(|(_, value)| !value.is_empty());
    set.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// In the order of time, and another for each process.
fn file_name(time: &str) -> String {
    let plain: String = time.chars().filter(|symbol| !matches!(symbol, '-' | ':')).collect();
    format!("{plain}-{}", std::process::id())
}

fn described(variables: &BTreeMap<String, String>) -> String {
    let value = |name| variables.get(name).map(String::as_str).unwrap_or_default();
    format!(
        "{} of container {}, interface {},",
        value("CNI_COMMAND"),
        value("CNI_CONTAINERID"),
        value("CNI_IFNAME")
    )
}

fn not_recorded(call: &Call, why: &str) {
    let of = described(&variables(call));
    emit(&format!("cofferdam: warn: {of} is not recorded: {why}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_named_in_the_order_of_time() {
        let name = file_name("2026-11-27T14:05:09.123Z");
        assert_eq!(name, format!("20261127T140509.123Z-{}", std::process::id()));
    }
}
