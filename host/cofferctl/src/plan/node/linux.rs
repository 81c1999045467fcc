use std::{
    collections::BTreeMap,
    fs,
    os::fd::{AsFd as _, OwnedFd},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};
use cofferdam_broker::Installation;
use cofferdam_journal::{NamespaceRecord, StateDirectory};
use cofferdam_network::{
    Kernel, Network, SysctlKey,
    namespace::{NamespaceIdentity, identity, is_current, open_current, open_namespace},
    nftables::{Family, TableId},
};
use cofferdam_protocol::Place;
use cofferdam_simulation::{Nobody, Side, Sides, Simulated};
use nix::sched::{CloneFlags, setns, unshare};

use super::{
    super::{Arguments, tables},
    Node,
};

/// What one request to the kernel may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Where the kernel's settings are.
const SETTINGS: &str = "/proc/sys/net";
/// Deeper than any setting is.
const DEEPEST: usize = 8;

type Settings = BTreeMap<SysctlKey, String>;

impl Node {
    pub(in crate::plan) fn read(
        installation: &Installation,
        arguments: &Arguments,
        state: PathBuf,
    ) -> anyhow::Result<Self> {
        let mut kernel = installation.kernel(TIME_LIMIT);
        let mut host = Side::read(&mut kernel, Place::Host).context("look at this node's network")?;
        host.settings = settings();
        // Who is in which zone is told to root alone, and does not matter to one who comes.
        host.zones = kernel.has_zones().unwrap_or(false).then(BTreeMap::new);
        let path = arguments.namespace_path()?;
        let (container, identity) = match &arguments.netns {
            Some(netns) => of_namespace(netns)?,
            None => new_namespace(&host.settings),
        };
        let mut node = Self {
            sides: Sides { host, container },
            namespace: NamespaceRecord {
                identity,
                path,
                cookie: None,
            },
            remarks: Vec::new(),
        };
        node.add_tables(&mut kernel, &state)?;
        Ok(node)
    }

    /// Of nftables what is on record, where this user may look at it.
    fn add_tables(&mut self, kernel: &mut Kernel, state: &Path) -> anyhow::Result<()> {
        let any = TableId {
            family: Family::Inet,
            name: "cofferdam".to_owned(),
        };
        if kernel.has_table(Place::Host, &any).is_err() {
            let text = "nftables can't be looked at by this user, and is taken for empty";
            self.remarks.push(text.to_owned());
            return Ok(());
        }
        let Some(state) = StateDirectory::open_existing(state)? else {
            return Ok(());
        };
        let mut network = Simulated::new(self.sides.clone(), Box::new(Nobody));
        let mut is_there = |table: &TableId| matches!(kernel.has_table(Place::Host, table), Ok(true));
        tables::rebuild(&state, &mut is_there, &mut network);
        self.sides = network.sides();
        Ok(())
    }
}

/// A namespace that is there.
fn of_namespace(path: &Path) -> anyhow::Result<(Side, NamespaceIdentity)> {
    let namespace = open_namespace(path)?;
    if is_current(&namespace)? {
        bail!(
            "{} is this node's own network namespace, not a container's",
            path.display()
        );
    }
    let identity = identity(&namespace)?;
    let side = look_into(namespace).with_context(|| {
        format!(
            "look into {}, which takes root; without --netns a new namespace is imagined",
            path.display()
        )
    })?;
    Ok((side, identity))
}

fn look_into(namespace: OwnedFd) -> anyhow::Result<Side> {
    let inside = namespace.try_clone()?;
    let settings = in_thread(move || {
        setns(inside.as_fd(), CloneFlags::CLONE_NEWNET)?;
        Ok(settings())
    })?;
    let mut kernel = Kernel::new(TIME_LIMIT).with_container(namespace);
    let mut side = Side::read(&mut kernel, Place::Container)?;
    side.settings = settings;
    Ok(side)
}

/// A namespace as the kernel makes it: a real one, which goes at once, where
/// this user may make one.
fn new_namespace(of_node: &Settings) -> (Side, NamespaceIdentity) {
    let made = in_thread(|| {
        unshare(CloneFlags::CLONE_NEWNET)?;
        Ok(open_current())
    });
    let looked_into = made
        .ok()
        .and_then(Result::ok)
        .and_then(|namespace| look_into(namespace).ok());
    let nowhere = NamespaceIdentity { device: 0, inode: 0 };
    (looked_into.unwrap_or_else(|| imagined(of_node)), nowhere)
}

/// `lo`, down. The settings are those that the kernel takes from the node's.
fn imagined(of_node: &Settings) -> Side {
    let mut side = Sides::bare().container;
    let inherited = |key: &SysctlKey| match key.parts() {
        [_, family, group, name, _] if group == "conf" || group == "neigh" => {
            family.starts_with("ipv") && ["all", "default", "lo"].contains(&name.as_str())
        }
        [_, family, _] => family.starts_with("ipv"),
        _ => false,
    };
    let settings = of_node.iter().filter(|(key, _)| inherited(key));
    side.settings = settings.map(|(key, value)| (key.clone(), value.clone())).collect();
    side
}

fn in_thread<T: Send + 'static>(act: impl FnOnce() -> nix::Result<T> + Send + 'static) -> nix::Result<T> {
    match thread::spawn(act).join() {
        Ok(outcome) => outcome,
        Err(_) => Err(nix::errno::Errno::EIO),
    }
}

/// All settings of the calling thread's namespace that can be read.
fn settings() -> Settings {
    let mut settings = Settings::new();
    let mut parts = vec!["net".to_owned()];
    collect(Path::new(SETTINGS), &mut parts, &mut settings);
    settings
}

fn collect(directory: &Path, parts: &mut Vec<String>, settings: &mut Settings) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        parts.push(name);
        if entry.path().is_dir() {
            if parts.len() < DEEPEST {
                collect(&entry.path(), parts, settings);
            }
        } else if let (Ok(key), Ok(value)) = (SysctlKey::new(parts.clone()), fs::read_to_string(entry.path())) {
            let value = value.strip_suffix('\n').unwrap_or(&value);
            settings.insert(key, value.to_owned());
        }
        parts.pop();
    }
}
