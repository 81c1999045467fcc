use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use nix::fcntl::{Flock, FlockArg};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::{Ended, Products, program::finish};

/// The plugins of an installation, with the packages that they are built from.
pub const PLUGINS: [(&str, &str); 19] = [
    ("loopback", "cofferdam-plugin-loopback"),
    ("bridge", "cofferdam-plugin-bridge"),
    ("host-local", "cofferdam-plugin-host-local"),
    ("dhcp", "cofferdam-plugin-dhcp"),
    ("dummy", "cofferdam-plugin-dummy"),
    ("ipvlan", "cofferdam-plugin-ipvlan"),
    ("macvlan", "cofferdam-plugin-macvlan"),
    ("tap", "cofferdam-plugin-tap"),
    ("vlan", "cofferdam-plugin-vlan"),
    ("portmap", "cofferdam-plugin-portmap"),
    ("bandwidth", "cofferdam-plugin-bandwidth"),
    ("static", "cofferdam-plugin-static"),
    ("sbr", "cofferdam-plugin-sbr"),
    ("vrf", "cofferdam-plugin-vrf"),
    ("ptp", "cofferdam-plugin-ptp"),
    ("tuning", "cofferdam-plugin-tuning"),
    ("firewall", "cofferdam-plugin-firewall"),
    ("host-device", "cofferdam-plugin-host-device"),
    ("hostile", "cofferdam-hostile"),
];

const POLICIES: &str = "etc/cofferdam/policy.d";
const PLUGIN_DIRECTORY: &str = "opt/cni/bin";

/// Cofferdam installed below a temporary directory: components, the default
/// policies, and `cofferdam` in the plugin directory under its own name and,
/// as links, under those of the plugins.
#[derive(Debug)]
pub struct Installation {
    root: TempDir,
}

impl Installation {
    /// A fresh one. Components are compiled once for all tests.
    #[must_use]
    pub fn new() -> Self {
        let installation = Self::without_policies();
        installation.default_policies();
        installation
    }

    /// Writes the policies that ship, in the place of others of their names.
    pub fn default_policies(&self) {
        let policies = Products::workspace().join("host/policy/default");
        for entry in fs::read_dir(&policies).expect("the default policies are in the sources") {
            let path = entry.expect("a directory of the sources").path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = fs::read_to_string(&path).expect("a policy is text");
                let name = path
                    .file_name()
                    .expect("a file has a name")
                    .to_string_lossy()
                    .into_owned();
                self.policy(&name, &text);
            }
        }
    }

    /// Another one, with the components of `other` and the default policies.
    #[must_use]
    pub fn with_components_of(other: &Self) -> Self {
        const STORE: &str = "var/lib/cofferdam";
        let installation = Self::new();
        let store = installation.root().join(STORE);
        fs::remove_dir_all(&store).expect("a directory of our own");
        make_directory(&store);
        copy_tree(&other.root().join(STORE), &store);
        installation
    }

    /// One whose operator granted nothing.
    #[must_use]
    pub fn without_policies() -> Self {
        let products = Products::locate();
        let root = TempDir::with_prefix("cofferdam-test-").expect("needs a writable temporary directory");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("a directory of our own");
        copy_tree(prepared_store(&products), root.path());
        let bin = root.path().join(PLUGIN_DIRECTORY);
        fs::create_dir_all(&bin).expect("a directory of our own");
        let plugins = PLUGINS.iter().map(|(name, _)| *name).filter(|name| *name != "hostile");
        for name in std::iter::once("cofferdam").chain(plugins) {
            symlink(products.cofferdam(), bin.join(name)).expect("a directory of our own");
        }
        fs::create_dir_all(root.path().join(POLICIES)).expect("a directory of our own");
        Self { root }
    }

    /// The directory that everything is below.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// What a runtime calls its CNI directory.
    #[must_use]
    pub fn plugin_directory(&self) -> PathBuf {
        self.root().join(PLUGIN_DIRECTORY)
    }

    /// Where addresses are on record.
    #[must_use]
    pub fn leases(&self) -> PathBuf {
        self.root().join("var/lib/cni/networks")
    }

    /// Where journals are.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root().join("run/cofferdam")
    }

    /// Fails the test when a file that was written at run time has a secret in
    /// it: components and what is below `operators` are left out. How many files
    /// there are.
    #[track_caller]
    pub fn assert_nowhere_written(&self, secret: &str, what: &str, operators: &[&str]) -> usize {
        let left_out: Vec<PathBuf> = ["var/lib/cofferdam"]
            .iter()
            .chain(operators)
            .map(|path| self.root().join(path))
            .collect();
        let mut files = 0;
        look_through(self.root(), &left_out, &mut |path, bytes| {
            files += 1;
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{what}: in {}", path.display());
        });
        files
    }

    /// Writes a policy file, as its operator does; an existing one of that
    /// name is replaced.
    pub fn policy(&self, file: &str, text: &str) {
        let path = self.root().join(POLICIES).join(file);
        fs::write(&path, text).expect("a directory of our own");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a file of our own");
    }

    /// Takes all policies away.
    pub fn remove_policies(&self) {
        let policies = self.root().join(POLICIES);
        fs::remove_dir_all(&policies).expect("a directory of our own");
        fs::create_dir(&policies).expect("a directory of our own");
    }

    /// Puts another executable into the place of `cofferdam`.
    pub fn replace_cofferdam(&self, executable: &Path) {
        let path = self.plugin_directory().join("cofferdam");
        fs::remove_file(&path).expect("a directory of our own");
        symlink(executable, &path).expect("a directory of our own");
    }

    /// Takes a component's name away: nothing runs for that plugin any more.
    pub fn remove_component(&self, plugin: &str) {
        let path = self.root().join("var/lib/cofferdam/plugins").join(plugin);
        fs::remove_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Puts the component of another plugin under this one's name.
    pub fn replace_component(&self, plugin: &str, by: &str) {
        let names = self.root().join("var/lib/cofferdam/plugins");
        let digest = fs::read(names.join(by)).unwrap_or_else(|error| panic!("{by}: {error}"));
        // The file may be another installation's, too: it is not written into.
        self.remove_component(plugin);
        fs::write(names.join(plugin), digest).expect("a directory of our own");
    }

    /// `cofferctl component add`, of a component that was just built.
    #[must_use]
    pub fn add_component(&self, plugin: &str, wasm: &[u8]) -> Ended {
        let file = self.root().join("added.wasm");
        fs::write(&file, wasm).expect("a directory of our own");
        let mut add = self.cofferctl();
        add.args(["component", "add", "--name", plugin]).arg(&file);
        finish(&mut add, b"")
    }

    /// A file of the component that a plugin's name stands for.
    #[must_use]
    pub fn stored(&self, plugin: &str, file: &str) -> PathBuf {
        let store = self.root().join("var/lib/cofferdam");
        let name = store.join("plugins").join(plugin);
        let digest = fs::read_to_string(&name).unwrap_or_else(|error| panic!("{}: {error}", name.display()));
        let digest = digest.trim().trim_start_matches("sha256:");
        store.join("components").join(digest).join(file)
    }

    /// A component's compiled form.
    ///
    /// # Panics
    /// When there is none, or that of another engine, too.
    #[must_use]
    pub fn compiled(&self, plugin: &str) -> PathBuf {
        let directory = self.stored(plugin, "");
        let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let files = entries.map(|entry| entry.expect("a directory of our own").path());
        let forms: Vec<PathBuf> = files
            .filter(|file| file.extension().is_some_and(|end| end == "cwasm"))
            .collect();
        let [form] = &forms[..] else {
            panic!("{plugin} has these compiled forms: {forms:?}")
        };
        form.clone()
    }

    /// `cofferctl --root …`, to be completed and run.
    #[must_use]
    pub fn cofferctl(&self) -> Command {
        let mut command = Command::new(Products::locate().cofferctl());
        command.arg("--root").arg(self.root());
        command
    }
}

impl Default for Installation {
    fn default() -> Self {
        Self::new()
    }
}

/// A root that holds the compiled components and nothing else, kept in the
/// target directory for as long as components and compiler stay the same.
fn prepared_store(products: &Products) -> &'static Path {
    static STORE: OnceLock<PathBuf> = OnceLock::new();
    STORE.get_or_init(|| {
        let stores = products.target().join("test-stores");
        fs::create_dir_all(&stores).expect("cargo's target directory is writable");
        let lock = fs::File::create(stores.join("lock")).expect("cargo's target directory is writable");
        let _alone = Flock::lock(lock, FlockArg::LockExclusive).expect("needs flock");
        let store = stores.join(store_key(products));
        if !store.exists() {
            forget_others(&stores);
            let unfinished = stores.join("unfinished");
            let _ = fs::remove_dir_all(&unfinished);
            fs::create_dir(&unfinished).expect("cargo's target directory is writable");
            fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o755)).expect("a directory of our own");
            for (name, package) in PLUGINS {
                let mut add = Command::new(products.cofferctl());
                add.arg("--root").arg(&unfinished).args(["component", "add"]);
                let ended = finish(add.arg(products.component(package)).args(["--name", name]), b"");
                let _ = ended.printed(format_args!("cofferctl component add {name}"));
            }
            fs::rename(&unfinished, &store).expect("a directory of our own");
        }
        store
    })
}

/// Names the components by content and the compiler by size and time: hashing
/// the whole of it for each test binary would take longer than it saves. And
/// the processor by what it can do, which a virtual one in the same target
/// directory can't.
fn store_key(products: &Products) -> String {
    let mut hash = Sha256::new();
    for (_, package) in PLUGINS {
        hash.update(fs::read(products.component(package)).expect("a component is readable"));
    }
    let compiler = fs::metadata(products.cofferctl()).expect("cofferctl is there");
    let modified = compiler.modified().expect("files have times here");
    hash.update(format!("{} {modified:?}", compiler.len()));
    let processors = fs::read_to_string("/proc/cpuinfo").expect("the kernel tells of processors");
    hash.update(
        processors
            .lines()
            .find(|line| line.starts_with("flags"))
            .unwrap_or_default(),
    );
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn forget_others(stores: &Path) {
    for entry in fs::read_dir(stores).expect("a directory of our own") {
        let path = entry.expect("a directory of our own").path();
        if path.is_dir() {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Links, or copies where the file systems differ.
/// One that others can look into, whatever the process's mask.
fn make_directory(path: &Path) {
    fs::create_dir(path).expect("a directory of our own");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a directory of our own");
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a directory of our own") {
        let entry = entry.expect("a directory of our own");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            make_directory(&target);
            copy_tree(&entry.path(), &target);
        } else if fs::hard_link(entry.path(), &target).is_err() {
            fs::copy(entry.path(), &target).expect("a directory of our own");
        }
    }
}

fn look_through(directory: &Path, left_out: &[PathBuf], look: &mut dyn FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(directory).expect("a directory of our own") {
        let path = entry.expect("a directory of our own").path();
        if path.is_symlink() || left_out.contains(&path) {
            continue;
        }
        if path.is_dir() {
            look_through(&path, left_out, look);
        } else {
            look(&path, &fs::read(&path).expect("a file of our own"));
        }
    }
}
