use std::{
    cell::OnceCell,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The network namespaces that processes are in, read once, when it is first
/// asked for: of a thousand containers that are gone each would take a look at
/// all processes otherwise.
#[derive(Debug)]
pub struct Inhabited {
    processes: PathBuf,
    by_inode: OnceCell<BTreeMap<u64, Vec<PathBuf>>>,
}

impl Default for Inhabited {
    fn default() -> Self {
        Self::below(Path::new("/proc"))
    }
}

impl Inhabited {
    fn below(processes: &Path) -> Self {
        Self {
            processes: processes.to_owned(),
            by_inode: OnceCell::new(),
        }
    }

    /// Paths that lead to namespaces of this number, which is soon another
    /// one's.
    pub(super) fn paths_to(&self, inode: u64) -> &[PathBuf] {
        let by_inode = self.by_inode.get_or_init(|| read(&self.processes));
        by_inode.get(&inode).map_or(&[], Vec::as_slice)
    }
}

fn read(processes: &Path) -> BTreeMap<u64, Vec<PathBuf>> {
    let mut by_inode: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
    for process in fs::read_dir(processes).into_iter().flatten().flatten() {
        let path = process.path().join("ns/net");
        if let Some(inode) = inode_at(&path) {
            by_inode.entry(inode).or_default().push(path);
        }
    }
    by_inode
}

/// As the link says: opening it takes a look at the process.
fn inode_at(path: &Path) -> Option<u64> {
    let link = fs::read_link(path).ok()?;
    let inode = link.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?;
    inode.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::symlink;

    use super::*;

    fn process(below: &Path, number: &str, namespace: &str) -> PathBuf {
        let directory = below.join(number).join("ns");
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("net");
        symlink(namespace, &path).unwrap();
        path
    }

    #[test]
    fn processes_are_known_by_their_namespace() {
        let below = tempfile::tempdir().unwrap();
        let first = process(below.path(), "1", "net:[4026531840]");
        let second = process(below.path(), "2", "net:[7]");
        process(below.path(), "3", "mnt:[7]");
        fs::create_dir(below.path().join("sys")).unwrap();
        let inhabited = Inhabited::below(below.path());
        assert_eq!(inhabited.paths_to(4_026_531_840), [first]);
        assert_eq!(inhabited.paths_to(7), [second]);
        assert!(inhabited.paths_to(8).is_empty());
    }

    #[test]
    fn all_processes_are_looked_at_once_and_only_when_it_matters() {
        let below = tempfile::tempdir().unwrap();
        let inhabited = Inhabited::below(below.path());
        let first = process(below.path(), "1", "net:[7]");
        assert_eq!(inhabited.paths_to(7), std::slice::from_ref(&first));
        process(below.path(), "2", "net:[7]");
        assert_eq!(inhabited.paths_to(7), [first]);
    }
}
