use std::{
    path::{Component, Path, PathBuf},
    time::Duration,
};

use cofferdam_network::Kernel;
use cofferdam_policy::PolicyDirectory;
use cofferdam_sandbox::ComponentStore;

use crate::recording::RecordingsDirectory;

/// Where the kernel shows devices.
const SYSFS: &str = "/sys";
/// Where the node's D-Bus listens.
const BUS: &str = "/run/dbus/system_bus_socket";

/// Where Cofferdam keeps its things on a node.
#[derive(Clone, Debug)]
pub struct Installation {
    root: PathBuf,
}

impl Default for Installation {
    fn default() -> Self {
        Self::below("/")
    }
}

impl Installation {
    /// Everything below another directory than `/`; whoever names it vouches
    /// for what is above it.
    #[must_use]
    pub fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory that all others are below.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `/var/lib/cofferdam`: components and their names.
    #[must_use]
    pub fn components(&self) -> ComponentStore {
        ComponentStore::new(&self.root, Path::new("var/lib/cofferdam"))
    }

    /// `/etc/cofferdam/policy.d`: what the operator grants.
    #[must_use]
    pub fn policies(&self) -> PolicyDirectory {
        PolicyDirectory::new(self.root.join("etc/cofferdam/policy.d"))
    }

    /// `/run/cofferdam`: journals and shared objects; gone at reboot, like the
    /// kernel state that they describe.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join("run/cofferdam")
    }

    /// `/var/log/cofferdam/audit.jsonl`: what was denied, and what the policy
    /// wants on record besides.
    #[must_use]
    pub fn audit_log(&self) -> PathBuf {
        self.root.join("var/log/cofferdam/audit.jsonl")
    }

    /// `/var/log/cofferdam/recordings`: calls that the policy wants to be kept.
    #[must_use]
    pub fn recordings(&self) -> RecordingsDirectory {
        RecordingsDirectory::at(self.root.join("var/log/cofferdam/recordings"))
    }

    /// `/var/lib/cni/networks`: the records of address management, in the
    /// layout of the reference plugin host-local.
    #[must_use]
    pub fn records(&self) -> PathBuf {
        self.root.join("var/lib/cni/networks")
    }

    /// The node's kernel, with what of the node it looks into besides. Each of
    /// its operations ends within the time limit.
    #[must_use]
    pub fn kernel(&self, time_limit: Duration) -> Kernel {
        Kernel::new(time_limit)
            .with_sysfs(self.resolve(Path::new(SYSFS)))
            .with_bus(self.resolve(Path::new(BUS)))
    }

    /// A path that the operator or a configuration wrote, below the root,
    /// whatever it begins with.
    #[must_use]
    pub fn resolve(&self, absolute: &Path) -> PathBuf {
        let mut parts = absolute.components();
        let from_above = |part: Option<Component<'_>>| matches!(part, Some(Component::Prefix(_) | Component::RootDir));
        while from_above(parts.clone().next()) {
            parts.next();
        }
        self.root.join(parts.as_path())
    }
}
