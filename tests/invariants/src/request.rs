//! One CNI call as a runtime makes it: environment and standard input, up to
//! where a plugin would change something.

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::OnceLock,
    time::Duration,
};

use cofferdam_broker::{Answer, Broker, Installation};
use cofferdam_protocol::{Environment, PluginConfig, SpecVersion, result};
use cofferdam_sandbox::Sandbox;
use serde_json::Value;

use crate::{components, workspace::Workspace};

/// Nothing is to end because the machine is slow.
const BUDGET: Duration = Duration::from_secs(3600);
/// Has a component that does nothing, and a policy that grants nothing.
const IDLE: &str = "idle";
/// Has a policy and no component.
const MISSING: &str = "missing";

/// One input: the name that the process is executed as, then one variable a
/// line, `NAME=VALUE`, an empty line, and standard input.
pub fn request(data: &[u8]) {
    let call = Call::read(data);
    let workspace = Workspace::of_this_thread("request");
    // Besides the installation, which it has to stay within.
    let root = workspace.path().join("root");
    if !root.exists() {
        install(&root);
    }
    let broker = Broker::new(Installation::below(&root), BUDGET).in_sandbox(sandbox());
    let _ = fs::remove_file(Installation::below(&root).audit_log());
    let before = listing(workspace.path());

    let answer = call.make(&broker);
    call.check(&answer);
    if call.command() == Some("ADD") && answer.exit == 0 {
        call.detach(&broker);
    }

    let kept = |path: &String| !is_transient(path);
    let after: BTreeSet<String> = listing(workspace.path()).into_iter().filter(kept).collect();
    let added: Vec<&String> = after.difference(&before).collect();
    assert!(added.is_empty(), "{added:?} is left");
}

/// What any call may leave: the audit log, and directories without anything in
/// them.
fn is_transient(path: &str) -> bool {
    path.ends_with('/') || path.starts_with("root/var/log/cofferdam/audit.jsonl")
}

struct Call<'a> {
    name: &'a str,
    variables: Vec<(&'a str, &'a str)>,
    stdin: &'a [u8],
}

impl<'a> Call<'a> {
    fn read(data: &'a [u8]) -> Self {
        let end = data.windows(2).position(|two| two == b"\n\n");
        let (head, stdin) = match end {
            Some(end) => (&data[..end], &data[end + 2..]),
            None => (data, &data[data.len()..]),
        };
        // A variable that is no text is none to the executable.
        let mut lines = head.split(|byte| *byte == b'\n');
        let mut text = || lines.next().map(|line| std::str::from_utf8(line).unwrap_or_default());
        let name = text().filter(|name| is_file_name(name)).unwrap_or("cofferdam");
        let variables = std::iter::from_fn(text)
            .filter_map(|line| line.split_once('='))
            .collect();
        Self { name, variables, stdin }
    }

    fn variable(&self, name: &str) -> Option<&'a str> {
        let found = self.variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| *value)
    }

    fn command(&self) -> Option<&'a str> {
        self.variable("CNI_COMMAND").filter(|command| !command.is_empty())
    }

    fn make(&self, broker: &Broker) -> Answer {
        let variable = |name: &str| self.variable(name).map(str::to_owned);
        broker.answer(self.name, variable, || Ok(self.stdin.to_vec()))
    }

    /// The configuration's version, where the call got as far as to know it.
    fn version(&self) -> Option<String> {
        let text = std::str::from_utf8(self.stdin).ok()?;
        PluginConfig::parse(text).ok()?.version_text().ok()
    }

    /// Whatever was asked, standard output holds one document that says how it
    /// went.
    fn check(&self, answer: &Answer) {
        let Some(command) = self.command() else {
            assert!(answer.stdout.is_empty() && answer.exit == 0 && !answer.stderr.is_empty());
            return;
        };
        assert!(answer.stderr.is_empty());
        if answer.exit != 0 {
            self.check_error(answer);
            return;
        }
        match command {
            "VERSION" => {
                let document = document(&answer.stdout);
                assert_eq!(document["cniVersion"], SpecVersion::NEWEST.as_str());
            }
            "ADD" => {
                let version: SpecVersion = self.version().expect("ADD has a version").parse().expect("a known one");
                let document = document(&answer.stdout);
                assert_eq!(document["cniVersion"], version.as_str());
                result::parse(&answer.stdout, version).expect("a result of its version");
            }
            "DEL" | "CHECK" | "GC" | "STATUS" => assert_eq!(answer.stdout, ""),
            other => panic!("{other:?} succeeded"),
        }
    }

    fn check_error(&self, answer: &Answer) {
        assert_eq!(answer.exit, 1);
        let document = document(&answer.stdout);
        assert!(document["code"].as_u64().is_some_and(|code| code > 0), "{document}");
        let message = document["msg"].as_str().expect("an error has a message");
        assert!(!message.is_empty());
        // An environment that is not in order is refused before the
        // configuration is read.
        let environment = Environment::read(|name| self.variable(name).map(str::to_owned));
        let own = environment.ok().and_then(|_| self.version());
        let told = document["cniVersion"].as_str();
        // One that is none comes back as printable text.
        let is_told = match own.as_deref() {
            Some(own) if own.parse::<SpecVersion>().is_err() => {
                told.is_some_and(|told| !told.contains(char::is_control))
            }
            own => told == own,
        };
        assert!(is_told, "{own:?} is not the version of {document}");
    }

    /// What an ADD made goes with DEL, whatever else the runtime says then.
    fn detach(&self, broker: &Broker) {
        let variable = |name: &str| match name {
            "CNI_COMMAND" => Some("DEL".to_owned()),
            name => self.variable(name).map(str::to_owned),
        };
        let answer = broker.answer(self.name, variable, || Ok(self.stdin.to_vec()));
        assert_eq!((answer.stdout.as_str(), answer.exit), ("", 0));
    }
}

/// A process is executed under a file's name.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\0'])
}

fn document(stdout: &str) -> Value {
    let document: Value =
        serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: it is not one document: {stdout:?}"));
    assert!(document.is_object());
    document
}

/// Paths below a directory, those of directories with a slash at the end.
fn listing(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![directory.to_owned()];
    while let Some(path) = left.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let mut name = path.strip_prefix(directory).unwrap().to_string_lossy().into_owned();
            if entry.file_type().unwrap().is_dir() {
                name.push('/');
                left.push(path);
            }
            found.insert(name);
        }
    }
    found
}

/// One engine for all calls, and nobody who watches the time: nothing runs
/// that would not end.
fn sandbox() -> Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| Sandbox::new().unwrap()).clone()
}

fn install(root: &Path) {
    fs::create_dir_all(root).unwrap();
    fs::set_permissions(root, Permissions::from_mode(0o755)).unwrap();
    let installation = Installation::below(root);
    let policies = installation.policies().path().to_owned();
    fs::create_dir_all(&policies).unwrap();
    for plugin in [IDLE, MISSING] {
        let path = policies.join(format!("{plugin}.toml"));
        fs::write(&path, format!("[plugin.{plugin}]\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    }
    let (wasm, code) = components::hostile();
    let components = installation.components();
    let digest = components.add(wasm, code, components::UNDECLARED).unwrap();
    components.name(IDLE, digest).unwrap();
}
