use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// Another boot of the machine, as far as a program can tell: one that is run
/// in it reads another boot id from the kernel.
#[derive(Debug)]
pub struct Boot {
    directory: TempDir,
}

impl Boot {
    /// A boot with this name, as `00000000-0000-4000-8000-000000000001`.
    #[must_use]
    pub fn new(id: &str) -> Self {
        let directory = TempDir::with_prefix("cofferdam-test-").expect("needs a writable temporary directory");
        let file = directory.path().join("boot_id");
        fs::write(&file, format!("{id}\n")).expect("a directory of our own");
        let script = format!(
            "#!/bin/sh\nexec unshare --mount sh -c 'mount --bind {} /proc/sys/kernel/random/boot_id && exec \"$@\"' sh \"$@\"\n",
            file.display()
        );
        let boot = Self { directory };
        fs::write(boot.program(), script).expect("a directory of our own");
        fs::set_permissions(boot.program(), fs::Permissions::from_mode(0o755)).expect("a file of our own");
        boot
    }

    /// Executes the command that its arguments are.
    pub(crate) fn program(&self) -> PathBuf {
        Path::new(self.directory.path()).join("run")
    }
}
