use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    rc::Rc,
    time::Duration,
};

use cofferdam_broker::Installation;
use cofferdam_policy::{Grants, NO_KEYS, PluginPolicy};

use super::PLUGIN;
use crate::{components, workspace::Workspace};

/// Nothing is to end because the machine is slow.
pub(super) const BUDGET: Duration = Duration::from_secs(3600);

/// An installation with the component that makes the calls.
pub(super) struct Ground {
    workspace: Rc<Workspace>,
}

impl Ground {
    pub(super) fn new() -> Self {
        let ground = Self {
            workspace: Workspace::of_this_thread("calls"),
        };
        let (wasm, code) = components::hostile();
        let components = ground.installation().components();
        let digest = components.add(wasm, code, components::UNDECLARED).unwrap();
        components.name(PLUGIN, digest).unwrap();
        let policies = ground.installation().policies().path().to_owned();
        fs::create_dir_all(policies).unwrap();
        ground
    }

    pub(super) fn installation(&self) -> Installation {
        Installation::below(self.workspace.path())
    }

    /// An installation on which nothing ran yet, with this policy.
    pub(super) fn prepare(&self, policy: &str) -> Grants {
        let installation = self.installation();
        for path in [
            installation.state(),
            installation.records(),
            installation.root().join("var/log"),
        ] {
            if path.exists() {
                fs::remove_dir_all(path).unwrap();
            }
        }
        let path = installation.policies().path().join(format!("{PLUGIN}.toml"));
        fs::write(&path, policy).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let files: [(PathBuf, String); 1] = [(path, policy.to_owned())];
        let policy = PluginPolicy::parse(PLUGIN, &files, NO_KEYS).unwrap_or_else(|error| panic!("{error}"));
        policy.for_attachment("mynet", None)
    }
}
