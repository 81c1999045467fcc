use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

#[cfg(target_arch = "x86_64")]
use crate::tracer::{Plan, Trace, trace};
use crate::{
    Boot, GoPlugins, Installation, Mortals, Namespace,
    program::{finish, talk},
};

/// One execution of a plugin as a runtime does it. All variables have a
/// workable value from the start; the command has none.
#[derive(Clone, Debug)]
pub struct Cni<'a> {
    node: &'a Namespace,
    directory: PathBuf,
    root: Option<PathBuf>,
    plugin: String,
    environment: BTreeMap<&'static str, String>,
    stdin: Vec<u8>,
    arguments: Vec<String>,
}

impl<'a> Cni<'a> {
    /// Calls the installation's plugins, on this node.
    #[must_use]
    pub fn new(installation: &Installation, node: &'a Namespace) -> Self {
        Self::at(
            &installation.plugin_directory(),
            node,
            Some(installation.root().to_owned()),
        )
    }

    /// Calls the Go plugins, on this node.
    #[must_use]
    pub fn go(plugins: &GoPlugins, node: &'a Namespace) -> Self {
        Self::at(plugins.directory(), node, None)
    }

    fn at(directory: &Path, node: &'a Namespace, root: Option<PathBuf>) -> Self {
        let environment = BTreeMap::from([
            ("CNI_CONTAINERID", "container-1".to_owned()),
            ("CNI_NETNS", String::new()),
            ("CNI_IFNAME", "eth0".to_owned()),
            ("CNI_ARGS", String::new()),
            ("CNI_PATH", directory.to_string_lossy().into_owned()),
            ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ]);
        let directory = directory.to_owned();
        Self {
            node,
            directory,
            root,
            plugin: "cofferdam".to_owned(),
            environment,
            stdin: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// The name that the plugin is executed by.
    #[must_use]
    pub fn plugin(mut self, name: &str) -> Self {
        name.clone_into(&mut self.plugin);
        self
    }

    /// `CNI_COMMAND`
    #[must_use]
    pub fn command(self, command: &str) -> Self {
        self.variable("CNI_COMMAND", command)
    }

    /// `CNI_CONTAINERID`
    #[must_use]
    pub fn container_id(self, id: &str) -> Self {
        self.variable("CNI_CONTAINERID", id)
    }

    /// `CNI_NETNS`, by namespace.
    #[must_use]
    pub fn netns(self, namespace: &Namespace) -> Self {
        self.netns_path(&namespace.path())
    }

    /// `CNI_NETNS`, as text.
    #[must_use]
    pub fn netns_path(self, path: &str) -> Self {
        self.variable("CNI_NETNS", path)
    }

    /// `CNI_IFNAME`
    #[must_use]
    pub fn ifname(self, name: &str) -> Self {
        self.variable("CNI_IFNAME", name)
    }

    /// `CNI_ARGS`
    #[must_use]
    pub fn args(self, args: &str) -> Self {
        self.variable("CNI_ARGS", args)
    }

    /// Any variable.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.environment.insert(name, value.to_owned());
        self
    }

    /// Takes a variable out of the environment.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Something on the command line, which no runtime ever writes there.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Standard input.
    #[must_use]
    pub fn config(self, config: &Value) -> Self {
        self.stdin(config.to_string().as_bytes())
    }

    /// Standard input, as bytes.
    #[must_use]
    pub fn stdin(mut self, bytes: &[u8]) -> Self {
        self.stdin = bytes.to_owned();
        self
    }

    /// Executes the plugin and waits for its end.
    #[must_use]
    pub fn run(&self) -> Output {
        self.run_by(&self.executable())
    }

    /// The same in another boot.
    #[must_use]
    pub fn run_in(&self, boot: &Boot) -> Output {
        self.run_by(&boot.program())
    }

    fn run_by(&self, program: &Path) -> Output {
        let mut command = self.command_line(program);
        let ended = self.node.run(|| finish(&mut command, &self.stdin));
        let code = ended.code.unwrap_or_else(|| {
            panic!("{}: ended by a signal: {}", self.call(), ended.stderr);
        });
        self.output(code, ended.stdout, ended.stderr)
    }

    /// The same among those that may be killed at any time; then there is no
    /// output.
    #[must_use]
    pub fn run_among(&self, mortals: &Mortals) -> Option<Output> {
        let mut command = self.command_line(&self.executable());
        let (code, stdout, stderr) = self
            .node
            .run(|| talk(&mut command, &self.stdin, |child| mortals.wait(child)));
        code.map(|code| self.output(code, stdout, stderr))
    }

    /// The same with an eye on everything that it changes, by way of `traced`,
    /// an executable of this crate. There is no output when it was killed.
    #[cfg(target_arch = "x86_64")]
    #[must_use]
    pub fn run_traced(&self, traced: &Path, plan: Plan<'_>) -> (Trace, Option<Output>) {
        let mut command = self.command_line(traced);
        let (trace, stdout, stderr) = self
            .node
            .run(|| talk(&mut command, &self.stdin, |child| trace(child, plan)));
        let output = trace.code.map(|code| self.output(code, stdout, stderr));
        (trace, output)
    }

    fn executable(&self) -> PathBuf {
        self.directory.join(&self.plugin)
    }

    fn call(&self) -> String {
        let verb = self.environment.get("CNI_COMMAND").map_or("no command", String::as_str);
        format!("{verb} by {}", self.executable().display())
    }

    fn command_line(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if program != self.executable() {
            command.arg(self.executable());
        }
        if let Some(root) = &self.root {
            command.arg("--root").arg(root);
        }
        command.args(&self.arguments).env_clear().envs(&self.environment);
        command
    }

    fn output(&self, code: i32, stdout: String, stderr: String) -> Output {
        Output {
            call: self.call(),
            code,
            stdout_json: serde_json::from_str(&stdout).ok(),
            stdout,
            stderr,
        }
    }
}

/// What came of an execution.
#[derive(Clone, Debug)]
pub struct Output {
    call: String,
    /// The exit code.
    pub code: i32,
    /// Standard output, when it is one JSON document.
    pub stdout_json: Option<Value>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The specification's error object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CniError {
    /// The specification's or the plugin's number.
    pub code: u64,
    /// The sentence.
    pub message: String,
    /// More of it.
    pub details: String,
}

impl CniError {
    /// Message and details, for looking for words in them.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}; {}", self.message, self.details)
    }
}

impl Output {
    /// The result of an ADD; anything else fails the test.
    #[track_caller]
    pub fn result(&self) -> Value {
        assert_eq!(self.code, 0, "{self}");
        self.stdout_json
            .clone()
            .unwrap_or_else(|| panic!("stdout is not one JSON document: {self}"))
    }

    /// Success without a result, as for every verb but ADD and VERSION.
    #[track_caller]
    pub fn silent_success(&self) {
        assert_eq!((self.code, self.stdout.as_str()), (0, ""), "{self}");
    }

    /// The error: exit code 1 and one error object on stdout; anything else
    /// fails the test.
    #[track_caller]
    pub fn error(&self) -> CniError {
        assert_eq!(self.code, 1, "{self}");
        let json = self
            .stdout_json
            .as_ref()
            .unwrap_or_else(|| panic!("stdout is not one JSON document: {self}"));
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        let code = json["code"]
            .as_u64()
            .unwrap_or_else(|| panic!("an error has a code: {self}"));
        assert!(json["msg"].is_string(), "an error has a message: {self}");
        CniError {
            code,
            message: text("msg"),
            details: text("details"),
        }
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            call,
            code,
            stdout,
            stderr,
            ..
        } = self;
        write!(f, "{call}: exit code {code}\nstdout: {stdout}\nstderr: {stderr}")
    }
}
