use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime},
};

use cofferdam_journal::{NamespaceRecord, boot_id};
use cofferdam_network::{Kernel, Network};
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
    tracer: Arc<Tracer>,
    _listening: DefaultGuard,
}

/// Where a call has its recorder, once there is one.
#[derive(Default)]
pub(crate) struct Slot(RefCell<Option<Recorder>>);

impl Slot {
    pub(crate) fn fill(&self, recorder: Recorder) {
        self.0.replace(Some(recorder));
    }

    pub(crate) fn take(&self) -> Option<Recorder> {
        self.0.take()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

impl Recorder {
    /// Begins to record an ADD, if the policy of one of its plugins wants it:
    /// looks around, and has the network's answers written down from here on.
    /// Where that can't be, the call is served all the same.
    pub(crate) fn begin(
        call: &Call,
        mode: Mode,
        resources: &Resources,
        kernel: Kernel,
        namespace: Option<&NamespaceRecord>,
    ) -> (Box<dyn Network + Send>, Option<Self>) {
        let wanted = resources.plugins.recording();
        let is_wanted = wanted != cofferdam_policy::Recording::Never && mode == Mode::Add;
        let Some(namespace) = namespace.filter(|_| is_wanted && !call.rehearsing.is_heard()) else {
            return (Box::new(kernel), None);
        };
        let started = Instant::now();
        let directory = call.installation.recordings();
        let surroundings = Tape::blank();
        let mut heard = Heard::new(Box::new(kernel), surroundings.clone());
        let begun = directory
            .make()
            .map_err(|error| format!("{}: {error}", directory.path().display()))
            .and_then(|()| look_around(&mut heard).map_err(|error| error.to_string()))
            .and_then(|()| surroundings.take().whole())
            .and_then(|written| begin(call, resources, namespace, written.told));
        let begun = match begun {
            Ok(begun) => begun,
            Err(why) => {
                not_recorded(call, &why);
                return (heard.into_network(), None);
            }
        };
        let (tape, tracer) = (Tape::blank(), Arc::new(Tracer::bounded(MOST_BYTES)));
        let recorder = Self {
            wanted,
            directory,
            begun,
            started,
            tape: tape.clone(),
            _listening: set_default(Traced::of(Arc::clone(&tracer))),
            tracer,
        };
        (Box::new(heard.with_tape(tape)), Some(recorder))
    }

    /// Where the recording will be.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Has all written down that the session is told by others.
    pub(crate) fn listen_to(&self, session: &mut Session) {
        session.world = Arc::new(self.tape.clone());
        session.tape = Some(self.tape.clone());
        session.rehearsing = Rehearsing::HeardBy(Arc::clone(&self.tracer) as Arc<_>);
    }

    /// Keeps the recording, if the call ended as those that are wanted.
    pub(crate) fn conclude(self, answer: &Answer) {
        if self.wanted == cofferdam_policy::Recording::Failures && answer.exit == 0 {
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
    namespace: &NamespaceRecord,
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
        namespace: namespace.clone(),
        plugins: plugins.collect(),
        legacy_filters: resources.files.legacy_filters(),
        files: files(call, resources).map_err(|error| error.to_string())?,
        surroundings,
        told: Vec::new(),
        random: String::new(),
        clocks: Vec::new(),
        calls: Vec::new(),
        outcome: Outcome {
            exit: 0,
            stdout: String::new(),
        },
    })
}

/// Policies, address records, what is on record of attachments, and what
/// plugins may read.
fn files(call: &Call, resources: &Resources) -> Result<Tree, super::TreeError> {
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
    tree.add(root, &installation.records(), &mut left)?;
    for location in resources.files.locations() {
        tree.add(root, location, &mut left)?;
    }
    for file in resources.files.readable() {
        tree.add_file(root, &installation.resolve(file), &mut left)?;
    }
    Ok(tree)
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
