use std::{
    fs, io,
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
};

use super::{Artifact, Digest, StoreError, TrustedDirectory, record::Record};

/// Bytes that a component may have.
const COMPONENT_LIMIT: u64 = 64 << 20;
/// Bytes that its compiled form may have.
const CODE_LIMIT: u64 = 512 << 20;
/// Bytes of a file that holds a digest.
const DIGEST_LIMIT: u64 = 256;
/// Bytes of what a component may declare to need.
pub const NEEDS_LIMIT: u64 = 64 << 10;

const WASM: &str = "component.wasm";
const CODE: &str = "component.cwasm";
const CODE_DIGEST: &str = "component.cwasm.sha256";
const NEEDS: &str = "component.needs.json";

/// A plugin's name, and the component that it stands for or why that can't be
/// told.
pub type NamedComponent = (String, Result<Digest, StoreError>);

/// The components of this node.
#[derive(Clone, Debug)]
pub struct ComponentStore {
    base: PathBuf,
    relative: PathBuf,
    /// The directory itself, checked, where it is held open.
    opened: Option<Arc<TrustedDirectory>>,
}

impl ComponentStore {
    /// The store in `relative` below `base`; nothing is opened yet.
    #[must_use]
    pub fn new(base: &Path, relative: &Path) -> Self {
        Self {
            base: base.to_owned(),
            relative: relative.to_owned(),
            opened: None,
        }
    }

    /// The same store, whose directory is opened and checked this once for all
    /// that is read of it. For a request's time only: what takes the
    /// directory's place meanwhile is not seen.
    #[must_use]
    pub fn held_open(self) -> Self {
        // Where it can't be opened, whoever reads is told so.
        let opened = TrustedDirectory::open(&self.base, &self.relative).ok().map(Arc::new);
        Self { opened, ..self }
    }

    /// Where the store is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.base.join(&self.relative)
    }

    /// The component that a plugin's name stands for.
    ///
    /// # Errors
    /// [`StoreError::UnknownPlugin`] when there is none.
    pub fn resolve(&self, plugin: &str) -> Result<Digest, StoreError> {
        check_name(plugin)?;
        let path = self.plugins().join(plugin);
        let unknown = || StoreError::UnknownPlugin {
            name: plugin.to_owned(),
            path: path.clone(),
        };
        let text = self
            .open("plugins")
            .and_then(|directory| directory.read(plugin, DIGEST_LIMIT))
            .map_err(|error| if is_missing(&error) { unknown() } else { error })?;
        Digest::from_str(String::from_utf8_lossy(&text).trim()).map_err(|_| StoreError::NoDigest { path })
    }

    /// The compiled form of a component.
    ///
    /// # Errors
    /// It is not there, not to be trusted, or damaged.
    pub fn artifact(&self, digest: Digest) -> Result<Artifact, StoreError> {
        let directory = self.component(digest)?;
        let (code, _) = directory.open_file(CODE, CODE_LIMIT)?;
        let recorded = directory.read(CODE_DIGEST, DIGEST_LIMIT)?;
        let recorded = Record::from_str(&String::from_utf8_lossy(&recorded)).map_err(|_| StoreError::NoDigest {
            path: directory.path().join(CODE_DIGEST),
        })?;
        let mut artifact = Artifact::new(digest, code, needs(&directory, &recorded)?);
        if recorded.is_of(artifact.file()) {
            return Ok(artifact);
        }
        let path = directory.path().join(CODE);
        let code = artifact.read().map_err(|error| StoreError::Io {
            action: "read",
            path: path.clone(),
            error,
        })?;
        if Digest::of(&code) == recorded.digest {
            Ok(artifact)
        } else {
            Err(StoreError::Damaged { path })
        }
    }

    /// The component itself, as it was added.
    ///
    /// # Errors
    /// It is not there, not to be trusted, or damaged.
    pub fn wasm(&self, digest: Digest) -> Result<Vec<u8>, StoreError> {
        let directory = self.component(digest)?;
        let wasm = directory.read(WASM, COMPONENT_LIMIT)?;
        if Digest::of(&wasm) != digest {
            return Err(StoreError::Damaged {
                path: directory.path().join(WASM),
            });
        }
        Ok(wasm)
    }

    /// The plugins that have a name, sorted, with their components. A name
    /// whose file can't be read does not hide the others.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn plugins_by_name(&self) -> Result<Vec<NamedComponent>, StoreError> {
        let path = self.plugins();
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(StoreError::Io {
                    action: "list",
                    path,
                    error,
                });
            }
        };
        let mut plugins = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| StoreError::Io {
                action: "list",
                path: path.clone(),
                error,
            })?;
            if let Some(name) = entry.file_name().to_str().filter(|name| check_name(name).is_ok()) {
                plugins.push((name.to_owned(), self.resolve(name)));
            }
        }
        plugins.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(plugins)
    }

    /// Adds a component with its compiled form and what it declares to need.
    /// Adding what is there already replaces both.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn add(&self, wasm: &[u8], code: &[u8], needs: &str) -> Result<Digest, StoreError> {
        let digest = Digest::of(wasm);
        let directory = self.path().join("components").join(digest.to_string());
        create_directories(&directory)?;
        write(&directory, WASM, wasm)?;
        // A reader in between sees a digest that does not fit and says so; it
        // never runs half of each.
        write(&directory, NEEDS, needs.as_bytes())?;
        write(&directory, CODE, code)?;
        let path = directory.join(CODE);
        let record = fs::File::open(&path)
            .and_then(|file| Record::of(Digest::of(code), &file, Digest::of(needs.as_bytes())))
            .map_err(|error| StoreError::Io {
                action: "look at",
                path,
                error,
            })?;
        write(&directory, CODE_DIGEST, record.to_string().as_bytes())?;
        Ok(digest)
    }

    /// Makes a name stand for a component, from the next call on.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn name(&self, plugin: &str, digest: Digest) -> Result<(), StoreError> {
        check_name(plugin)?;
        let directory = self.plugins();
        create_directories(&directory)?;
        write(&directory, plugin, format!("sha256:{digest}\n").as_bytes())
    }

    /// Copies what a name stands for into another store, to be run there.
    ///
    /// # Errors
    /// It is not there, not to be trusted, or the file system refuses.
    pub fn copy_to(&self, other: &Self, plugin: &str) -> Result<Digest, StoreError> {
        let digest = self.resolve(plugin)?;
        let component = self.component(digest)?;
        let directory = other.path().join("components").join(digest.to_string());
        create_directories(&directory)?;
        for (name, limit) in [(NEEDS, NEEDS_LIMIT), (CODE, CODE_LIMIT), (CODE_DIGEST, DIGEST_LIMIT)] {
            write(&directory, name, &component.read(name, limit)?)?;
        }
        other.name(plugin, digest)?;
        Ok(digest)
    }

    fn plugins(&self) -> PathBuf {
        self.path().join("plugins")
    }

    fn open(&self, part: &str) -> Result<TrustedDirectory, StoreError> {
        match &self.opened {
            Some(directory) => directory.descend(Path::new(part)),
            None => TrustedDirectory::open(&self.base, &self.relative.join(part)),
        }
    }

    pub(super) fn component(&self, digest: Digest) -> Result<TrustedDirectory, StoreError> {
        let unknown = || StoreError::UnknownComponent {
            digest: digest.to_string(),
            store: self.path(),
        };
        self.open("components")
            .and_then(|directory| directory.descend(Path::new(&digest.to_string())))
            .map_err(|error| if is_missing(&error) { unknown() } else { error })
    }
}

/// What a component declares to need. Without it, or with another than was
/// recorded, it would run with more than its author meant.
fn needs(directory: &TrustedDirectory, recorded: &Record) -> Result<String, StoreError> {
    let path = directory.path().join(NEEDS);
    let undeclared = || StoreError::NoDeclaration { path: path.clone() };
    let expected = recorded.needs.ok_or_else(undeclared)?;
    let bytes = directory
        .read(NEEDS, NEEDS_LIMIT)
        .map_err(|error| if is_missing(&error) { undeclared() } else { error })?;
    match String::from_utf8(bytes) {
        Ok(text) if Digest::of(text.as_bytes()) == expected => Ok(text),
        _ => Err(StoreError::Damaged { path }),
    }
}

/// A plugin's name is a plain file name, as the `type` of a configuration.
fn check_name(name: &str) -> Result<(), StoreError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.is_empty() || name.len() > 128 || name.starts_with('.') || !name.bytes().all(plain) {
        return Err(StoreError::BadName(name.to_owned()));
    }
    Ok(())
}

pub(super) fn is_missing(error: &StoreError) -> bool {
    matches!(error, StoreError::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
}

fn create_directories(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(|error| StoreError::Io {
            action: "make",
            path: path.to_owned(),
            error,
        })
}

/// Removes what is in the way of a file that is written anew: an empty
/// directory in its place, and what processes that were killed were writing.
fn clear(directory: &Path, name: &str, path: &Path) {
    let _ = fs::remove_dir(path);
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let writer = file
            .to_str()
            .and_then(|file| file.strip_prefix('.')?.strip_prefix(name)?.strip_prefix('.'));
        let writer = writer.and_then(|number| number.parse::<u32>().ok());
        if writer.is_some_and(|number| !Path::new(&format!("/proc/{number}")).exists()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

pub(super) fn write(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let temporary = directory.join(format!(".{name}.{}", std::process::id()));
    let path = directory.join(name);
    clear(directory, name, &path);
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .open(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, &path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        StoreError::Io {
            action: "write",
            path,
            error,
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// A store with one component, which is named `one`.
    fn store() -> (tempfile::TempDir, ComponentStore, Digest) {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let store = ComponentStore::new(base.path(), Path::new("store"));
        let digest = store.add(b"wasm", b"code", "[]").unwrap();
        store.name("one", digest).unwrap();
        (base, store, digest)
    }

    fn names(store: &ComponentStore) -> Vec<(String, Option<Digest>)> {
        let names = store.plugins_by_name().unwrap();
        names.into_iter().map(|(name, digest)| (name, digest.ok())).collect()
    }

    /// Every file of a component and its name, cut or changed at any byte,
    /// replaced by garbage or a directory: it is what it was, or refused, and
    /// the other component is there as ever. Added again it is whole.
    #[test]
    fn whatever_file_is_damaged_half_a_component_is_never_run() {
        let (_base, store, digest) = store();
        let other = store.add(b"other wasm", b"other code", "[]").unwrap();
        store.name("two", other).unwrap();
        let directory = code(&store, digest).with_file_name("");
        let mut files: Vec<PathBuf> = fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.push(store.path().join("plugins/one"));
        assert_eq!(files.len(), 5);
        for path in files {
            let whole = fs::read(&path).unwrap();
            for damaged in damages(&whole) {
                fs::remove_file(&path).unwrap();
                match &damaged {
                    Some(bytes) => fs::write(&path, bytes).unwrap(),
                    None => fs::create_dir(&path).unwrap(),
                }
                let read = store
                    .resolve("one")
                    .and_then(|digest| store.artifact(digest))
                    .map(|mut artifact| {
                        let code = artifact.read().unwrap();
                        (code, artifact.needs().to_owned())
                    });
                let what = format!("{}: {damaged:?}: {read:?}", path.display());
                assert!(
                    read.is_err() || read.is_ok_and(|read| read == (b"code".to_vec(), "[]".to_owned())),
                    "{what}"
                );
                assert!(
                    store.wasm(digest).is_err() || store.wasm(digest).unwrap() == b"wasm",
                    "{what}"
                );
                assert_eq!(names(&store).len(), 2, "{what}");
                assert_eq!(
                    store.artifact(store.resolve("two").unwrap()).unwrap().read().unwrap(),
                    b"other code"
                );

                store.add(b"wasm", b"code", "[]").unwrap();
                store.name("one", digest).unwrap();

                assert_eq!(
                    store.artifact(store.resolve("one").unwrap()).unwrap().read().unwrap(),
                    b"code",
                    "{what}"
                );
                assert_eq!(store.wasm(digest).unwrap(), b"wasm", "{what}");
            }
        }
    }

    /// What may become of a file; a directory where there is no content.
    fn damages(whole: &[u8]) -> Vec<Option<Vec<u8>>> {
        let cut = (0..whole.len()).map(|place| Some(whole[..place].to_vec()));
        let changed = (0..whole.len()).flat_map(|place| {
            [0x01, 0x20, 0x80].map(|change| {
                let mut bytes = whole.to_vec();
                bytes[place] ^= change;
                Some(bytes)
            })
        });
        let garbage = [b"".to_vec(), b"garbage".to_vec(), vec![0; 4096], vec![0xff; 100]];
        cut.chain(changed).chain(garbage.map(Some)).chain([None]).collect()
    }

    #[test]
    fn what_a_killed_process_was_writing_goes_with_the_next_that_writes() {
        let (_base, store, digest) = store();
        // No process has this number.
        let left = code(&store, digest).with_file_name(format!(".{CODE}.{}", u32::MAX));
        let live = code(&store, digest).with_file_name(format!(".{CODE}.{}", std::os::unix::process::parent_id()));
        let others = code(&store, digest).with_file_name(".somebody");
        for path in [&left, &live, &others] {
            fs::write(path, b"half").unwrap();
        }
        store.add(b"wasm", b"code", "[]").unwrap();
        assert!(!left.exists());
        assert!(live.exists() && others.exists());
    }

    fn code(store: &ComponentStore, digest: Digest) -> PathBuf {
        store.path().join("components").join(digest.to_string()).join(CODE)
    }

    #[test]
    fn what_was_added_is_found_by_name_and_by_digest() {
        let (_base, store, digest) = store();
        assert_eq!(store.resolve("one").unwrap(), digest);
        assert_eq!(names(&store), [("one".to_owned(), Some(digest))]);
        assert_eq!(store.wasm(digest).unwrap(), b"wasm");
        let mut artifact = store.artifact(digest).unwrap();
        assert_eq!(artifact.read().unwrap(), b"code");
        assert_eq!(artifact.needs(), "[]");
    }

    #[test]
    fn a_store_that_is_held_open_trusts_no_more_than_one_that_is_not() {
        let (_base, store, digest) = store();
        let held = store.clone().held_open();
        assert_eq!(held.resolve("one").unwrap(), digest);
        assert_eq!(held.artifact(digest).unwrap().needs(), "[]");
        fs::set_permissions(store.path().join("plugins"), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(held.resolve("one"), Err(StoreError::Untrusted { .. })));
        fs::set_permissions(store.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let opened_too_late = store.held_open();
        assert!(matches!(
            opened_too_late.artifact(digest),
            Err(StoreError::Untrusted { .. })
        ));
    }

    #[test]
    fn a_copy_in_another_store_can_be_run() {
        let (_base, store, digest) = store();
        let (_other_base, other, _) = self::store();
        fs::remove_dir_all(other.path()).unwrap();
        assert_eq!(store.copy_to(&other, "one").unwrap(), digest);
        assert_eq!(other.resolve("one").unwrap(), digest);
        let mut artifact = other.artifact(digest).unwrap();
        assert_eq!(artifact.needs(), "[]");
        assert_eq!(artifact.read().unwrap(), b"code");
        assert!(store.copy_to(&other, "two").is_err());
    }

    #[test]
    fn a_name_that_nothing_stands_for_is_told_with_the_way_out() {
        let (_base, store, _) = store();
        let text = store.resolve("two").unwrap_err().to_string();
        assert!(
            text.contains("two") && text.contains("cofferctl component add"),
            "{text}"
        );
        for name in ["", "..", "a/b", ".hidden"] {
            assert!(matches!(store.resolve(name), Err(StoreError::BadName(_))), "{name}");
        }
    }

    #[test]
    fn compiled_code_that_was_altered_is_refused() {
        let (_base, store, digest) = store();
        fs::write(code(&store, digest), b"evil").unwrap();
        assert!(matches!(store.artifact(digest), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn a_file_without_the_digest_that_it_should_hold_is_told() {
        let (_base, store, digest) = store();
        let record = code(&store, digest).with_extension("cwasm.sha256");
        fs::write(&record, "no digest\n").unwrap();
        let name = store.path().join("plugins/one");
        fs::write(&name, "").unwrap();
        for (told, path) in [
            (store.artifact(digest).unwrap_err(), record),
            (store.resolve("one").unwrap_err(), name),
        ] {
            let text = told.to_string();
            assert!(
                text.contains(path.to_str().unwrap()) && text.contains("cofferctl component add"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_declaration_that_was_altered_or_removed_is_not_taken_for_none() {
        let (_base, store, digest) = store();
        let path = code(&store, digest).with_file_name(NEEDS);
        for altered in ["null", "", "[ ]"] {
            fs::write(&path, altered).unwrap();
            let refusal = store.artifact(digest).unwrap_err();
            assert!(matches!(refusal, StoreError::Damaged { .. }), "{altered:?}: {refusal}");
        }
        fs::remove_file(&path).unwrap();
        let refusal = store.artifact(digest).unwrap_err().to_string();
        assert!(
            refusal.contains(NEEDS) && refusal.contains("cofferctl component compile"),
            "{refusal}"
        );
    }

    #[test]
    fn what_was_compiled_before_declarations_were_kept_is_compiled_again_first() {
        let (_base, store, digest) = store();
        let record = code(&store, digest).with_file_name(CODE_DIGEST);
        let text = fs::read_to_string(&record).unwrap();
        let older: Vec<&str> = text.lines().take(2).collect();
        fs::write(&record, older.join("\n")).unwrap();
        assert!(matches!(store.artifact(digest), Err(StoreError::NoDeclaration { .. })));
        store.add(b"wasm", b"code", "null").unwrap();
        assert_eq!(store.artifact(digest).unwrap().needs(), "null");
    }

    #[test]
    fn a_copy_with_the_same_bytes_is_as_good() {
        let (_base, store, digest) = store();
        let path = code(&store, digest);
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"code").unwrap();
        assert_eq!(store.artifact(digest).unwrap().read().unwrap(), b"code");
    }

    #[test]
    fn what_others_can_write_to_is_not_trusted() {
        let (base, store, digest) = store();
        let code = code(&store, digest);
        for path in [code.with_file_name(NEEDS), code, store.path(), base.path().to_owned()] {
            let before = fs::metadata(&path).unwrap().permissions();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
            assert!(
                matches!(store.artifact(digest), Err(StoreError::Untrusted { .. })),
                "{}",
                path.display()
            );
            fs::set_permissions(&path, before).unwrap();
        }
        assert!(store.artifact(digest).is_ok());
    }

    #[test]
    fn a_sticky_file_that_others_can_write_to_is_not_trusted() {
        let (_base, store, digest) = store();
        fs::set_permissions(code(&store, digest), fs::Permissions::from_mode(0o1646)).unwrap();
        assert!(matches!(store.artifact(digest), Err(StoreError::Untrusted { .. })));
    }

    #[test]
    fn links_are_not_followed() {
        let (base, store, digest) = store();
        let (path, elsewhere) = (code(&store, digest), base.path().join("elsewhere"));
        fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert!(matches!(store.artifact(digest), Err(StoreError::Untrusted { .. })));
    }
}
