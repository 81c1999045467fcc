#![allow(clippy::unwrap_used)]
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

const DECLARED: Declared<'_> = Declared {
    needs: "[]",
    schema: Some(b"{}"),
};

/// A store with one component, which is named `one`.
fn store() -> (tempfile::TempDir, ComponentStore, Digest) {
    let base = tempfile::tempdir().unwrap();
    fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let store = ComponentStore::new(base.path(), Path::new("store"));
    let digest = store.add(b"wasm", b"code", DECLARED).unwrap();
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
    assert_eq!(files.len(), 6);
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
                .and_then(|mut artifact| {
                    let schema = artifact.schema()?;
                    let code = artifact.read().unwrap();
                    Ok((code, artifact.needs().to_owned(), schema))
                });
            let what = format!("{}: {damaged:?}: {read:?}", path.display());
            let whole = (b"code".to_vec(), "[]".to_owned(), Some(b"{}".to_vec()));
            // Without its last line a record is one of a component without a schema.
            let without = (whole.0.clone(), whole.1.clone(), None);
            assert!(
                read.is_err() || read.is_ok_and(|read| read == whole || read == without),
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

            store.add(b"wasm", b"code", DECLARED).unwrap();
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

/// Compiled for another engine.
fn form(store: &ComponentStore, digest: Digest, engine: &str) -> PathBuf {
    code(store, digest).with_file_name(format!("component.{engine}.cwasm"))
}

#[test]
fn what_another_version_compiled_stays_beside_what_this_one_does() {
    let (_base, store, digest) = store();
    let [oldest, older, old] = ["1", "2", "3"].map(|engine| form(&store, digest, engine));
    for (seconds, path) in [(1, &oldest), (2, &older), (3, &old)] {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        fs::File::create(path).unwrap().set_modified(time).unwrap();
        fs::write(path.with_extension("cwasm.sha256"), "its record").unwrap();
    }
    fs::rename(code(&store, digest), form(&store, digest, "elsewhere")).unwrap();
    let refusal = store.artifact(digest).unwrap_err().to_string();
    assert!(
        refusal.contains(CODE) && refusal.contains("cofferctl component compile"),
        "{refusal}"
    );
    fs::remove_file(form(&store, digest, "elsewhere")).unwrap();

    store.add(b"wasm", b"code", "[]").unwrap();

    assert_eq!(store.artifact(digest).unwrap().read().unwrap(), b"code");
    assert!(old.exists() && old.with_extension("cwasm.sha256").exists());
    for gone in [oldest, older] {
        assert!(!gone.exists() && !gone.with_extension("cwasm.sha256").exists());
    }
}

#[test]
fn compiled_forms_bear_the_version_of_the_engine_that_is_built_in() {
    let lock = include_str!("../../../../../Cargo.lock");
    let (_, after) = lock.split_once("name = \"wasmtime\"\nversion = \"").unwrap();
    let (major, _) = after.split_once('.').unwrap();
    for name in [CODE, CODE_DIGEST] {
        assert!(name.starts_with(&format!("component.wasmtime{major}-")), "{name}");
    }
    assert_eq!(CODE_DIGEST, format!("{CODE}.sha256"));
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
    assert_eq!(artifact.schema().unwrap().as_deref(), Some(&b"{}"[..]));
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
fn what_is_damaged_of_a_schema_does_not_keep_a_component_from_detaching() {
    let (_base, store, digest) = store();
    fs::remove_file(code(&store, digest).with_file_name(SCHEMA)).unwrap();
    let artifact = store.artifact(digest).unwrap();
    let refusal = artifact.schema().unwrap_err().to_string();
    assert!(
        refusal.contains(SCHEMA) && refusal.contains("cofferctl component compile"),
        "{refusal}"
    );
    // A version without a schema has none of the older one's.
    store.add(b"wasm", b"code", "[]").unwrap();
    assert_eq!(store.artifact(digest).unwrap().schema().unwrap(), None);
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
