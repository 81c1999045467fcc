//! Which files can still be opened: Landlock, where the kernel has it.

use std::{
    collections::BTreeSet,
    fmt,
    os::fd::{AsRawFd as _, OwnedFd},
    path::PathBuf,
    sync::Arc,
};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, NetPort, PathBeneath, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, Scope,
};
use rustix::{
    fs::{Mode, OFlags, open},
    io::Errno,
};

use crate::{ConfinementError, unsafe_calls::landlock_version};

/// What may be done below a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading files and listing directories.
    Read,
    /// That, and making, writing, renaming and removing files and directories.
    Write,
    /// That, and making symbolic links. Whoever follows one may be led to
    /// where this process can't go.
    WriteAndLink,
}

impl Access {
    fn rights(self) -> BitFlags<AccessFs> {
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let write = read
            | AccessFs::WriteFile
            | AccessFs::Truncate
            | AccessFs::MakeReg
            | AccessFs::MakeDir
            | AccessFs::RemoveFile
            | AccessFs::RemoveDir
            | AccessFs::Refer;
        match self {
            Self::Read => read,
            Self::Write => write,
            Self::WriteAndLink => write | AccessFs::MakeSym,
        }
    }
}

/// What stays accessible at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// A file, for reading.
    File,
    /// A directory, with what is below it.
    Directory(Access),
}

impl Kept {
    fn rights(self) -> BitFlags<AccessFs> {
        match self {
            Self::File => AccessFs::ReadFile.into(),
            Self::Directory(access) => access.rights(),
        }
    }

    fn flags(self) -> OFlags {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        match self {
            Self::File => flags,
            Self::Directory(_) => flags | OFlags::DIRECTORY,
        }
    }
}

/// How much of the file system the process sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileView {
    /// The directories that were named, and what was open before.
    Limited {
        /// The kernel's version of Landlock: 2 lets files be truncated that
        /// can't be written, 4 refuses TCP, 6 refuses signals to other
        /// processes and abstract sockets.
        version: u32,
    },
    /// All of it, as far as the user's rights go: the kernel was built without
    /// Landlock.
    WholeNotBuilt,
    /// All of it: Landlock is there, and not among the security modules that
    /// were chosen at boot.
    WholeNotEnabled,
}

impl fmt::Display for FileView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limited { version } => write!(f, "files are limited by Landlock, version {version}"),
            Self::WholeNotBuilt => f.write_str("files are not limited: the kernel has no Landlock"),
            Self::WholeNotEnabled => {
                f.write_str("files are not limited: Landlock is not enabled (add it to the kernel's parameter lsm=)")
            }
        }
    }
}

/// What the kernel offers.
///
/// Asking changes nothing, and has to be done before confinement.
#[must_use]
pub fn probe() -> FileView {
    match landlock_version() {
        Ok(version) => FileView::Limited { version },
        Err(Errno::OPNOTSUPP) => FileView::WholeNotEnabled,
        Err(_) => FileView::WholeNotBuilt,
    }
}

/// Rules that a thread can be put under.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) view: FileView,
    ruleset: Option<Arc<OwnedFd>>,
}

impl Rules {
    /// Makes the rules, as far as the kernel knows them. Nothing is opened
    /// where it knows none.
    pub(crate) fn new(paths: &[(PathBuf, Kept)], ports: &BTreeSet<u16>) -> Result<Self, ConfinementError> {
        let view = probe();
        let ruleset = match view {
            FileView::Limited { .. } => ruleset(paths, ports)?,
            _ => None,
        };
        Ok(Self {
            view,
            ruleset: ruleset.map(Arc::new),
        })
    }

    /// The descriptor for the kernel.
    pub(crate) fn descriptor(&self) -> Option<i32> {
        self.ruleset.as_ref().map(|ruleset| ruleset.as_raw_fd())
    }
}

fn ruleset(paths: &[(PathBuf, Kept)], ports: &BTreeSet<u16>) -> Result<Option<OwnedFd>, ConfinementError> {
    // What a newer kernel knows besides is refused as well; what an older one
    // does not know is left out.
    let newest = ABI::V10;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(newest))?
        .handle_access(AccessNet::from_all(newest))?
        .scope(Scope::from_all(newest))?
        .create()?;
    for (path, kept) in paths {
        let place = open(path, kept.flags(), Mode::empty()).map_err(|errno| ConfinementError::Path {
            path: path.clone(),
            errno,
        })?;
        ruleset = ruleset.add_rule(PathBeneath::new(place, kept.rights()))?;
    }
    for port in ports {
        ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    Ok(ruleset.into())
}
