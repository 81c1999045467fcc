use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    rc::Rc,
};

use tempfile::TempDir;

/// A directory of a thread's own, which it uses again for each input: making
/// one costs more than most inputs.
#[derive(Debug)]
pub(crate) struct Workspace {
    directory: TempDir,
}

thread_local! {
    static MADE: RefCell<BTreeMap<&'static str, Rc<Workspace>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Workspace {
    /// The thread's directory of that name, closed to others.
    pub(crate) fn of_this_thread(name: &'static str) -> Rc<Self> {
        MADE.with_borrow_mut(|made| Rc::clone(made.entry(name).or_insert_with(|| Rc::new(Self::new()))))
    }

    fn new() -> Self {
        // In memory where that is possible: some inputs write dozens of files.
        let memory = Path::new("/dev/shm");
        let above = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        let directory = TempDir::with_prefix_in("cofferdam-invariants-", above).unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        Self { directory }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A directory in it that is made anew.
    pub(crate) fn fresh(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        remove(&path).unwrap();
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }
}

/// Whatever is there, if anything is.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(status) if status.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}
