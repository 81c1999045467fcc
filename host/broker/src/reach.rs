use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use cofferdam_policy::Operation;
use cofferdam_protocol::Place;
use cofferdam_system::files::is_directory;

use crate::{
    call::Call,
    files::Files,
    plugins::{Loaded, Plugins},
};

/// What the kernel's settings are below.
const SETTINGS: &str = "/proc/sys/net";
/// Where the kernel shows devices, by themselves and by their buses.
const DEVICES: [&str; 3] = ["/sys/devices", "/sys/bus/pci/devices", "/sys/bus/auxiliary/devices"];
/// Tells who holds a lock.
const LOCKS: &str = "/proc/locks";

/// What a process still needs for a request once its plugins run. Sockets and
/// files that are open already are not in it, nor netlink sockets of its own
/// namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether a plugin is granted anything in a network namespace, which
    /// takes `CAP_NET_ADMIN`.
    pub network: bool,
    /// Whether a plugin may make TAP devices in the container's namespace.
    pub taps: bool,
    /// Whether another process sends requests or asks firewalld; it has to be
    /// waited for when it ends.
    pub courier: bool,
    /// What is done below directories, which are there.
    pub directories: BTreeMap<PathBuf, Use>,
    /// Files, which are there, that are read.
    pub files: BTreeSet<PathBuf>,
}

/// What is done below a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Files are read.
    Read,
    /// Files and directories are made, read, written and removed.
    Write,
    /// Symbolic links as well.
    WriteAndLink,
}

impl Reach {
    pub(crate) fn new(call: &Call, plugins: &Plugins, files: &Files) -> Self {
        let mut reach = Self {
            network: plugins
                .all()
                .any(|plugin| plugin.grants.reaches(Place::Host) || plugin.grants.reaches(Place::Container)),
            taps: plugins.make_taps(),
            ..Self::default()
        };
        let state = call.installation.state();
        // Who only looks makes none.
        if is_directory(&state) {
            reach.add(&state, Use::WriteAndLink);
        }
        for location in files.locations() {
            reach.add(location, Use::Write);
        }
        // Whose an address is may be on record there, whoever adds it.
        let records = call.installation.records();
        if is_directory(&records) {
            reach.add(&records, Use::Read);
        }
        if let Some(how) = settings(plugins) {
            reach.add(Path::new(SETTINGS), how);
        }
        let takes_devices = |plugin: &Loaded| plugin.grants.has_any(&[Operation::DeviceTake], Place::Host);
        if plugins.all().any(takes_devices) {
            let directories = DEVICES.map(|directory| call.installation.resolve(Path::new(directory)));
            for directory in directories.iter().filter(|directory| directory.is_dir()) {
                reach.add(directory, Use::Read);
            }
        }
        if Path::new(LOCKS).exists() {
            reach.files.insert(LOCKS.into());
        }
        reach
    }

    /// With all that undoing may take: what attachments share on the node is
    /// of any kind, whatever is granted by now.
    pub(crate) fn and_undoing(mut self) -> Self {
        self.network = true;
        self.add(Path::new(SETTINGS), Use::Write);
        self
    }

    /// With a directory that the host itself writes into when the plugins are
    /// through.
    pub(crate) fn and_directory(mut self, directory: &Path) -> Self {
        self.add(directory, Use::Write);
        self
    }

    fn add(&mut self, directory: &Path, how: Use) {
        let known = self.directories.entry(directory.to_owned()).or_insert(how);
        *known = how.max(*known);
    }
}

/// What is done with the kernel's settings, if anything is.
fn settings(plugins: &Plugins) -> Option<Use> {
    let granted =
        |operations: &[Operation], place| plugins.all().any(|plugin| plugin.grants.has_any(operations, place));
    // The host makes a setting of its own for each bridge that it makes.
    let written = granted(&[Operation::SysctlWrite, Operation::LinkCreate], Place::Host)
        || granted(&[Operation::SysctlWrite], Place::Container);
    let read = granted(&[Operation::SysctlRead], Place::Host) || granted(&[Operation::SysctlRead], Place::Container);
    match (written, read) {
        (true, _) => Some(Use::Write),
        (false, true) => Some(Use::Read),
        (false, false) => None,
    }
}

/// What takes from the process all that is beyond the reach of a request.
#[derive(Clone)]
pub(crate) struct Confine(Arc<Confiner>);

type Confiner = dyn Fn(&Reach) -> Result<(), Box<dyn Error>> + Send + Sync;

impl Confine {
    pub(crate) fn new<E: Error + 'static>(confine: impl Fn(&Reach) -> Result<(), E> + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |reach| confine(reach).map_err(Into::into)))
    }

    pub(crate) fn to(&self, reach: &Reach) -> Result<(), Box<dyn Error>> {
        self.0(reach)
    }
}

impl fmt::Debug for Confine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Confine")
    }
}
