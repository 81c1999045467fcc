use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
};

use cofferdam_system::{
    disk::{self, OpenOptionsExt as _},
    process,
};

use super::{
    Artifact, Digest, SIGNATURES_LIMIT, StoreError, TrustedDirectory, artifact::RecordedSchema, record::Record,
    signature::SIGNATURES,
};

/// Bytes that a component may have.
const COMPONENT_LIMIT: u64 = 64 << 20;
/// Bytes that its compiled form may have.
const CODE_LIMIT: u64 = 512 << 20;
/// Bytes of a file that holds a few digests.
const DIGEST_LIMIT: u64 = 512;
/// Bytes of what a component may declare to need.
pub const NEEDS_LIMIT: u64 = 64 << 10;

const WASM: &str = "component.wasm";
/// The name of a component's compiled form, and with it that of the engine
/// which can load it: another version finds its own beside this one, so that a
/// node can be compiled for both before it changes over, and can go back.
/// The number behind the engine's version is to be raised with its settings
/// (`Sandbox`).
pub const CODE: &str = "component.wasmtime48-1.cwasm";
/// The name of what is on record of that.
pub const CODE_DIGEST: &str = "component.wasmtime48-1.cwasm.sha256";
/// What the compiled form of any engine begins and ends with.
const ANY_CODE: (&str, &str) = ("component.", "cwasm");
/// Compiled forms for other engines that are kept.
const OTHERS: usize = 1;
const NEEDS: &str = "component.needs.json";
/// Bytes of what is kept of the schema that a component has of its configuration.
pub const SCHEMA_LIMIT: u64 = 64 << 10;
const SCHEMA: &str = "component.schema";

/// A plugin's name, and the component that it stands for or why that can't be
/// told.
pub type NamedComponent = (String, Result<Digest, StoreError>);

/// What is kept of what a component says about itself. The store does not know
/// what it means.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// What it declares to need.
    pub needs: &'a str,
    /// The schema of its configuration, where it has one.
    pub schema: Option<&'a [u8]>,
}

/// Needs alone.
impl<'a> From<&'a str> for Declared<'a> {
    fn from(needs: &'a str) -> Self {
        Self { needs, schema: None }
    }
}

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
    /// It is not there, not to be trusted, damaged, or not compiled for this
    /// version of the engine.
    pub fn artifact(&self, digest: Digest) -> Result<Artifact, StoreError> {
        let directory = self.component(digest)?;
        let uncompiled = || StoreError::NotCompiled {
            path: directory.path().join(CODE),
        };
        let (code, _) = directory
            .open_file(CODE, CODE_LIMIT)
            .map_err(|error| if is_missing(&error) { uncompiled() } else { error })?;
        let recorded = directory.read(CODE_DIGEST, DIGEST_LIMIT)?;
        let recorded = Record::from_str(&String::from_utf8_lossy(&recorded)).map_err(|_| StoreError::NoDigest {
            path: directory.path().join(CODE_DIGEST),
        })?;
        let path = directory.path().join(CODE);
        let needs = needs(&directory, &recorded)?;
        let schema = recorded.schema.map(|digest| RecordedSchema { directory, digest });
        let mut artifact = Artifact::new(digest, code, needs, schema);
        if recorded.is_of(artifact.file()) {
            return Ok(artifact);
        }
        let code = artifact.read().map_err(|error| StoreError::Io {
            action: "read",
            path: path.clone(),
            error,
        })?;
        if Digest::of(&code) != recorded.digest {
            return Err(StoreError::Damaged { path });
        }
        artifact.hold(code);
        Ok(artifact)
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

    /// Adds a component with its compiled form and what it declares. Adding
    /// what is there already replaces them. Of the forms for other
    /// versions of the engine the one that was compiled last stays.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn add<'d>(&self, wasm: &[u8], code: &[u8], declared: impl Into<Declared<'d>>) -> Result<Digest, StoreError> {
        let Declared { needs, schema } = declared.into();
        let digest = Digest::of(wasm);
        let directory = self.path().join("components").join(digest.to_string());
        create_directories(&directory)?;
        write(&directory, WASM, wasm)?;
        // A reader in between sees a digest that does not fit and says so; it
        // never runs half of each.
        write(&directory, NEEDS, needs.as_bytes())?;
        if let Some(schema) = schema {
            write(&directory, SCHEMA, schema)?;
        }
        write(&directory, CODE, code)?;
        let path = directory.join(CODE);
        let record = fs::File::open(&path)
            .and_then(|file| {
                let schema = schema.map(Digest::of);
                Record::of(Digest::of(code), &file, Digest::of(needs.as_bytes()), schema)
            })
            .map_err(|error| StoreError::Io {
                action: "look at",
                path,
                error,
            })?;
        write(&directory, CODE_DIGEST, record.to_string().as_bytes())?;
        forget_older_forms(&directory);
        Ok(digest)
    }

    /// Removes a component that no name stands for.
    ///
    /// # Errors
    /// The store can't be read, or the file system refuses.
    pub fn remove_unnamed(&self, digest: Digest) -> Result<(), StoreError> {
        let mut named = self.plugins_by_name()?.into_iter().filter_map(|(_, named)| named.ok());
        if named.any(|named| named == digest) {
            return Ok(());
        }
        let path = self.path().join("components").join(digest.to_string());
        fs::remove_dir_all(&path).map_err(|error| StoreError::Io {
            action: "remove",
            path,
            error,
        })
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

    /// Copies what a name stands for into another store, to be run there, with
    /// the signatures that a policy may ask for.
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
        for (name, limit) in [(SCHEMA, SCHEMA_LIMIT), (SIGNATURES, SIGNATURES_LIMIT)] {
            match component.read(name, limit) {
                Err(error) if is_missing(&error) => {}
                read => write(&directory, name, &read?)?,
            }
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

/// The schema beside a component, which has to be the recorded one.
pub(super) fn schema(directory: &TrustedDirectory, recorded: Digest) -> Result<Vec<u8>, StoreError> {
    let damaged = || StoreError::Damaged {
        path: directory.path().join(SCHEMA),
    };
    let bytes = directory
        .read(SCHEMA, SCHEMA_LIMIT)
        .map_err(|error| if is_missing(&error) { damaged() } else { error })?;
    if Digest::of(&bytes) == recorded {
        Ok(bytes)
    } else {
        Err(damaged())
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
    disk::make_directories(path, 0o755).map_err(|error| StoreError::Io {
        action: "make",
        path: path.to_owned(),
        error,
    })
}

/// Removes the compiled forms of other engines but the latest. One that can't
/// be removed takes up room, nothing else.
fn forget_older_forms(directory: &Path) {
    let (begin, end) = ANY_CODE;
    let of_another = |name: &str| name.starts_with(begin) && name.ends_with(end) && name != CODE;
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut forms: Vec<_> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(of_another))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    forms.sort();
    forms.reverse();
    for (_, form) in forms.into_iter().skip(OTHERS) {
        let _ = fs::remove_file(form.with_extension("cwasm.sha256"));
        let _ = fs::remove_file(form);
    }
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
        if writer.is_some_and(process::has_ended) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

pub(super) fn write(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
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
mod tests;
