//! Files and directories that plugins may ask for by their configuration,
//! opened or made before the first plugin runs.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use cofferdam_policy::{Operation, Question};
use cofferdam_protocol::{Place, PluginConfig};
use cofferdam_system::{
    files::{self, DirBuilder, DirBuilderExt as _},
    same_error,
};

use crate::{
    call::Call,
    mode::Mode,
    plugins::{Loaded, Plugins},
};

/// The list of what containers may have set.
pub(crate) const ALLOW_LIST: &str = "/etc/cni/tuning/allowlist.conf";
/// The tables of legacy iptables, by family: IPv4 and IPv6.
const LEGACY_TABLES: [&str; 2] = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"];

/// Where records are unless the configuration says otherwise.
const DEFAULT_LOCATION: &str = "/var/lib/cni/networks";

/// What is granted and asked for by the configuration, by the paths that are
/// written there.
#[derive(Debug, Default)]
pub(crate) struct Files {
    resolvers: BTreeMap<PathBuf, io::Result<File>>,
    locations: BTreeMap<PathBuf, Location>,
    allow_list: Option<io::Result<File>>,
    /// Whether legacy iptables filters, by family.
    legacy_filters: [bool; 2],
}

/// A directory that holds a directory of records for each network.
#[derive(Debug)]
struct Location {
    /// Below the installation's root.
    path: PathBuf,
    /// Whether it is there, and whether it could be made.
    there: io::Result<bool>,
}

impl Files {
    pub(crate) fn open(call: &Call, plugins: &Plugins, mode: Mode) -> Self {
        let mut files = Self::default();
        for (loaded, config) in plugins.with_configs(call) {
            files.open_resolver(call, loaded, config);
            files.find_location(call, loaded, config, mode);
            files.open_allow_list(call, loaded);
            let forwarding = [Operation::ForwardingAccept, Operation::ForwardingPublish];
            if loaded.grants.has_any(&forwarding, Place::Host) {
                files.legacy_filters = LEGACY_TABLES.map(has_filter);
            }
        }
        files
    }

    fn open_resolver(&mut self, call: &Call, loaded: &Loaded, config: &PluginConfig) {
        let Ok(Some(path)) = config.ipam_resolv_conf() else {
            return;
        };
        let path = PathBuf::from(path);
        let granted = loaded.grants.decide(&Question::ResolverRead { file: &path }).is_ok();
        let granted = path.has_root() && (granted || call.rehearsing.is_on());
        if granted {
            let resolved = call.installation.resolve(&path);
            self.resolvers.entry(path).or_insert_with(|| File::open(resolved));
        }
    }

    fn open_allow_list(&mut self, call: &Call, loaded: &Loaded) {
        let path = Path::new(ALLOW_LIST);
        let granted = loaded.grants.decide(&Question::AllowListRead { file: path }).is_ok();
        if (granted || call.rehearsing.is_on()) && self.allow_list.is_none() {
            self.allow_list = Some(File::open(call.installation.resolve(path)));
        }
    }

    /// What is above it may hold what is no plugin's business: only the
    /// location itself can be left open to the process, so it is made now.
    fn find_location(&mut self, call: &Call, loaded: &Loaded, config: &PluginConfig, mode: Mode) {
        let Ok(location) = location(config) else { return };
        let question = Question::StoreOpen { location: &location };
        if loaded.grants.decide(&question).is_ok() || call.rehearsing.is_on() {
            let path = call.installation.resolve(&location);
            self.locations.entry(location).or_insert_with(|| Location {
                there: find_or_make(&path, mode.creates()),
                path,
            });
        }
    }

    /// The files that plugins may read, by the paths that they know.
    pub(crate) fn readable(&self) -> impl Iterator<Item = &Path> {
        let allow_list = self.allow_list.as_ref().map(|_| Path::new(ALLOW_LIST));
        self.resolvers.keys().map(PathBuf::as_path).chain(allow_list)
    }

    /// Whether legacy iptables filters, by family: IPv4 and IPv6.
    pub(crate) fn legacy_filters(&self) -> [bool; 2] {
        self.legacy_filters
    }

    /// The same as it was elsewhere.
    #[cfg(feature = "simulation")]
    pub(crate) fn set_legacy_filters(&mut self, legacy_filters: [bool; 2]) {
        self.legacy_filters = legacy_filters;
    }

    /// A resolver's configuration. `None` where it was not opened.
    pub(crate) fn resolver(&self, path: &Path) -> Option<&io::Result<File>> {
        self.resolvers.get(path)
    }

    /// The list of what containers may have set. `None` where it was not
    /// opened.
    pub(crate) fn allow_list(&self) -> Option<&io::Result<File>> {
        self.allow_list.as_ref()
    }

    /// Whether legacy iptables has a table that filters packets of a family.
    pub(crate) fn has_legacy_filter(&self, ipv6: bool) -> bool {
        self.legacy_filters[usize::from(ipv6)]
    }

    /// Why a location of records could not be made.
    pub(crate) fn location_failure(&self, location: &Path) -> Option<io::Error> {
        let failure = self.locations.get(location)?.there.as_ref().err()?;
        Some(same_error(failure))
    }

    /// The locations that are there, below the installation's root.
    pub(crate) fn locations(&self) -> impl Iterator<Item = &Path> {
        let there = self
            .locations
            .values()
            .filter(|location| matches!(location.there, Ok(true)));
        there.map(|location| location.path.as_path())
    }
}

/// Where a configuration wants its records.
pub(crate) fn location(config: &PluginConfig) -> Result<PathBuf, cofferdam_protocol::CniError> {
    let location = config.ipam_data_dir()?;
    Ok(location.map_or_else(|| DEFAULT_LOCATION.into(), PathBuf::from))
}

/// Without legacy iptables there is no such file.
fn has_filter(tables: &str) -> bool {
    std::fs::read_to_string(tables).is_ok_and(|text| text.lines().any(|table| table == "filter"))
}

fn find_or_make(path: &Path, make: bool) -> io::Result<bool> {
    if files::is_directory(path) {
        return Ok(true);
    }
    if !make {
        return Ok(false);
    }
    DirBuilder::new().recursive(true).mode(0o755).create(path)?;
    Ok(true)
}
