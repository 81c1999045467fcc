use std::path::{Path, PathBuf};

/// What the build made: the executables and the components.
#[derive(Clone, Debug)]
pub struct Products {
    executables: PathBuf,
    components: PathBuf,
    target: PathBuf,
}

impl Products {
    /// Finds them: `COFFERDAM_EXECUTABLES` and `COFFERDAM_COMPONENTS` name the
    /// two directories; without them it is cargo's target directory that this
    /// very program was built into.
    ///
    /// # Panics
    /// When something is missing, with the way to build it.
    #[must_use]
    pub fn locate() -> Self {
        let target = target_directory();
        let executables =
            std::env::var_os("COFFERDAM_EXECUTABLES").map_or_else(|| target.join("bin/release"), PathBuf::from);
        let components = std::env::var_os("COFFERDAM_COMPONENTS")
            .map_or_else(|| target.join("wasm32-wasip2/component"), PathBuf::from);
        Self {
            executables,
            components,
            target,
        }
    }

    /// The plugin that runtimes execute.
    #[must_use]
    pub fn cofferdam(&self) -> PathBuf {
        self.executable("cofferdam")
    }

    /// The plugin in which an escape from the sandbox can be simulated.
    #[must_use]
    pub fn simulated_escape(&self) -> PathBuf {
        self.executable("cofferdam-simulated-escape")
    }

    /// The command that people type.
    #[must_use]
    pub fn cofferctl(&self) -> PathBuf {
        self.executable("cofferctl")
    }

    /// An executable by its name.
    #[must_use]
    pub fn executable(&self, name: &str) -> PathBuf {
        present(self.executables.join(name))
    }

    /// The client of CRI, which `test.sh` builds.
    #[must_use]
    pub fn cri(&self) -> PathBuf {
        self.executable("cri")
    }

    /// A component by its crate's name.
    #[must_use]
    pub fn component(&self, package: &str) -> PathBuf {
        present(self.components.join(format!("{}.wasm", package.replace('-', "_"))))
    }

    /// Cargo's target directory, for what tests keep from run to run.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The workspace's sources.
    #[must_use]
    pub fn workspace() -> PathBuf {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        manifest.parent().expect("the crate is inside the workspace").to_owned()
    }
}

/// `target` of `target/TRIPLE/PROFILE/[deps/]PROGRAM`.
fn target_directory() -> PathBuf {
    let program = std::env::current_exe().expect("needs /proc");
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let built_for = program
        .ancestors()
        .find(|path| path.file_name().is_some_and(|name| *name == *triple));
    built_for
        .and_then(Path::parent)
        .map_or_else(|| Products::workspace().join("target"), Path::to_owned)
}

fn present(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing: run ./test.sh, which builds it",
        path.display()
    );
    path
}
