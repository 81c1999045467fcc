use std::{
    fs::{self, File, Permissions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown, symlink},
    path::{Path, PathBuf},
};

use cofferdam_sandbox::{
    CODE, CODE_DIGEST, ComponentStore, Digest, NEEDS_LIMIT, Program, Sandbox, SandboxError, StoreError,
};

use super::alteration::{Alteration, Foreign, Part, Target};
use crate::{components, workspace::remove};

/// The plugin's name.
const NAME: &str = "one";
/// How a compiled form tells the engine's version.
const VERSION: &[u8] = b"\x0248";
/// Bytes that a compiled form may have.
const CODE_LIMIT: u64 = 512 << 20;
/// Bytes of a file that holds a digest.
const DIGEST_LIMIT: u64 = 512;
/// An installed component that somebody alters.
pub(super) struct Ground {
    base: PathBuf,
    store: ComponentStore,
    digest: Digest,
    code: &'static [u8],
}

impl Ground {
    pub(super) fn new(base: PathBuf) -> Self {
        let (wasm, code) = components::empty();
        let store = ComponentStore::new(&base, Path::new("store"));
        let digest = store.add(wasm, code, components::UNDECLARED).unwrap();
        store.name(NAME, digest).unwrap();
        Self {
            base,
            store,
            digest,
            code,
        }
    }

    fn path(&self, part: Part) -> PathBuf {
        let store = self.store.path();
        let component = store.join("components").join(self.digest.to_string());
        match part {
            Part::Base => self.base.clone(),
            Part::Store => store,
            Part::Components => store.join("components"),
            Part::Component => component,
            Part::Code => component.join(CODE),
            Part::CodeDigest => component.join(CODE_DIGEST),
            Part::Needs => component.join("component.needs.json"),
            Part::Wasm => component.join("component.wasm"),
            Part::Plugins => store.join("plugins"),
            Part::Plugin => store.join("plugins").join(NAME),
        }
    }

    pub(super) fn alter(&self, alteration: &Alteration) -> io::Result<()> {
        match alteration {
            Alteration::Write { of, at, bytes } => self.write_at(*of, u64::from(*at), bytes),
            Alteration::Flip { of, at, bit } => self.flip(*of, *at, *bit),
            Alteration::Truncate { of, to } => {
                let file = self.open(*of)?;
                let length = file.metadata()?.len();
                file.set_len(u64::from(*to) % (length + 1))
            }
            Alteration::Extend { of, to, huge } => {
                let file = self.open(*of)?;
                let more = u64::from(*to % 4096) + if *huge { CODE_LIMIT } else { 0 };
                file.set_len(file.metadata()?.len() + more)
            }
            Alteration::Replace { of, bytes } => {
                let path = self.path(*of);
                fs::remove_file(&path)?;
                fs::write(&path, bytes)
            }
            Alteration::Remove { of } => remove(&self.path(*of)),
            Alteration::Swap { one, other } => self.swap(*one, *other),
            Alteration::Mode { of, mode } => self.set_mode(*of, *mode),
            Alteration::Owner { of, user } => chown(self.path(*of), Some(u32::from(*user)), None),
            Alteration::Link { of, to } => self.link(*of, *to),
            Alteration::HardLink { of, to } => {
                let path = self.path(*of);
                fs::remove_file(&path)?;
                fs::hard_link(self.path(*to), path)
            }
            Alteration::Fifo { of } => self.make_fifo(*of),
            Alteration::Foreign { form } => self.install(form),
            Alteration::Name { text } => self.replace(Part::Plugin, text.as_bytes()),
            Alteration::Record { text, fits } => self.rewrite_record(text, *fits),
        }
    }

    /// Never through a link: what is outside is not to be altered.
    fn open(&self, part: Part) -> io::Result<File> {
        File::options()
            .read(true)
            .write(true)
            .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
            .open(self.path(part))
    }

    fn write_at(&self, part: Part, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.open(part)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(at % (length + 1)))?;
        file.write_all(bytes)
    }

    fn flip(&self, part: Part, at: u32, bit: u8) -> io::Result<()> {
        let mut file = self.open(part)?;
        let length = file.metadata()?.len();
        let place = u64::from(at) % length.max(1);
        let mut byte = [0];
        file.seek(SeekFrom::Start(place))?;
        file.read_exact(&mut byte)?;
        file.seek(SeekFrom::Start(place))?;
        file.write_all(&[byte[0] ^ (1 << (bit % 8))])
    }

    fn replace(&self, part: Part, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(part);
        remove(&path)?;
        fs::write(&path, bytes)
    }

    fn swap(&self, one: Part, other: Part) -> io::Result<()> {
        let aside = self.base.join("aside");
        let (one, other) = (self.path(one), self.path(other));
        if one == other || one.starts_with(&other) || other.starts_with(&one) {
            return Ok(());
        }
        fs::rename(&one, &aside)?;
        let moved = fs::rename(&other, &one);
        let back = if moved.is_ok() { &other } else { &one };
        fs::rename(&aside, back)?;
        moved
    }

    fn set_mode(&self, part: Part, mode: u16) -> io::Result<()> {
        let path = self.path(part);
        // The mode of what a link leads to would be changed.
        if path.symlink_metadata()?.is_symlink() {
            return Ok(());
        }
        fs::set_permissions(path, Permissions::from_mode(u32::from(mode) & 0o7777))
    }

    fn link(&self, part: Part, to: Target) -> io::Result<()> {
        let path = self.path(part);
        let outside = self.base.join("outside");
        let to = match to {
            Target::Part(part) => self.path(part),
            Target::Copy => {
                remove(&outside)?;
                fs::rename(&path, &outside)?;
                outside
            }
            Target::Nowhere => self.base.join("nowhere"),
            Target::Itself => path.clone(),
            Target::Device => "/dev/zero".into(),
        };
        remove(&path)?;
        symlink(to, path)
    }

    fn make_fifo(&self, part: Part) -> io::Result<()> {
        let path = self.path(part);
        remove(&path)?;
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR)?;
        Ok(())
    }

    /// As an installation would: the record is of these very bytes.
    fn install(&self, form: &Foreign) -> io::Result<()> {
        let code = match form {
            Foreign::Bytes(bytes) => bytes.clone(),
            Foreign::Source => components::empty().0.to_owned(),
            Foreign::Cut { length } => self.code[..usize::from(*length)].to_owned(),
            Foreign::OtherVersion { byte } => other_version(self.code, *byte),
        };
        let wasm = components::empty().0;
        self.store
            .add(wasm, &code, components::UNDECLARED)
            .map_err(io::Error::other)?;
        Ok(())
    }

    fn rewrite_record(&self, text: &str, fits: bool) -> io::Result<()> {
        let path = self.path(Part::Code);
        let status = path.symlink_metadata()?;
        // Reading a FIFO would never end.
        if !status.is_file() || status.len() > CODE_LIMIT {
            return Ok(());
        }
        // Who records altered code as root vouches for it.
        let unaltered = fs::read(path).is_ok_and(|code| code == self.code);
        let record = if fits && unaltered {
            let needs = Digest::of(components::UNDECLARED.as_bytes());
            format!("{}\n{text}\nneeds {needs}\n", Digest::of(self.code))
        } else {
            text.to_owned()
        };
        self.replace(Part::CodeDigest, record.as_bytes())
    }

    /// Holds what the store gives against what is on disk.
    pub(super) fn check(&self) {
        let _ = (self.store.plugins_by_name(), self.store.signatures(self.digest));
        if let Ok(wasm) = self.store.wasm(self.digest) {
            assert_eq!(Digest::of(&wasm), self.digest);
        }
        if let Ok(found) = self.store.resolve(NAME) {
            self.assert_trusted(&[Part::Base, Part::Store, Part::Plugins, Part::Plugin], DIGEST_LIMIT);
            let text = fs::read_to_string(self.path(Part::Plugin)).expect("a digest is text");
            assert!(text.to_ascii_lowercase().contains(&found.to_string()), "{text:?}");
        }
        let artifact = match self.store.artifact(self.digest) {
            Ok(artifact) => artifact,
            Err(error) => return self.check_refusal(&error),
        };
        let above = [Part::Base, Part::Store, Part::Components, Part::Component];
        self.assert_trusted(&[&above[..], &[Part::Code]].concat(), CODE_LIMIT);
        self.assert_trusted(&[&above[..], &[Part::CodeDigest]].concat(), DIGEST_LIMIT);
        self.assert_trusted(&[&above[..], &[Part::Needs]].concat(), NEEDS_LIMIT);
        let code = fs::read(self.path(Part::Code)).unwrap();
        self.check_record(&code, artifact.needs());

        let sandbox = Sandbox::new().unwrap();
        let loaded = Program::load(&sandbox, artifact);
        if code == self.code {
            assert!(loaded.is_ok(), "{:?}", loaded.err());
        } else {
            let error = loaded.err().expect("another compiled form is none of this engine's");
            assert!(matches!(error, SandboxError::Load { .. }), "{error}");
            let text = error.to_string();
            assert!(
                text.contains(&self.digest.to_string()) && text.contains("compile it again"),
                "{text}"
            );
        }
    }

    /// The record is of the code and of the declaration that are there.
    fn check_record(&self, code: &[u8], needs: &str) {
        let record = fs::read(self.path(Part::CodeDigest)).unwrap();
        let record = String::from_utf8_lossy(&record);
        let mut lines = record.lines();
        let digest = lines.next().unwrap_or_default();
        let recorded = digest
            .trim()
            .trim_start_matches("sha256:")
            .eq_ignore_ascii_case(&Digest::of(code).to_string());
        let identity = lines.next().unwrap_or_default();
        assert!(recorded || numbers(identity) == Some(self.identity()), "{record:?}");
        let declared = lines.next().and_then(|line| line.strip_prefix("needs"));
        let declared = declared.map(|digest| digest.trim().trim_start_matches("sha256:").to_ascii_lowercase());
        assert_eq!(declared, Some(Digest::of(needs.as_bytes()).to_string()), "{record:?}");
        assert_eq!(fs::read(self.path(Part::Needs)).unwrap(), needs.as_bytes());
    }

    fn check_refusal(&self, error: &StoreError) {
        let text = error.to_string();
        match error {
            StoreError::Untrusted { path, .. }
            | StoreError::Damaged { path }
            | StoreError::NoDigest { path }
            | StoreError::NoDeclaration { path }
            | StoreError::NotCompiled { path }
            | StoreError::Io { path, .. } => {
                assert!(path.starts_with(&self.base), "{text}");
                assert!(text.contains(&path.display().to_string()), "{text}");
            }
            StoreError::UnknownComponent { digest, .. } => assert!(text.contains(digest), "{text}"),
            other => panic!("{other} is no answer to a digest"),
        }
    }

    /// Nobody but root could have written it, and no link leads to it.
    fn assert_trusted(&self, parts: &[Part], limit: u64) {
        for part in parts {
            let path = self.path(*part);
            let status = path.symlink_metadata().expect("it was just read");
            let place = path.display();
            assert!(!status.is_symlink(), "{place} is a link");
            assert_eq!(status.uid(), 0, "{place} is somebody else's");
            let mode = status.mode();
            // In a sticky directory nobody replaces another's entry; a file
            // has no such thing.
            let closed = mode & 0o022 == 0 || status.is_dir() && mode & 0o1000 != 0;
            assert!(closed, "{place} has mode {mode:o}");
            if !status.is_dir() {
                assert!(status.is_file() && status.len() <= limit, "{place}");
            }
        }
    }

    /// As the record has it of the file that was compiled.
    fn identity(&self) -> Vec<i128> {
        let status = self.path(Part::Code).metadata().unwrap();
        vec![
            status.ino().into(),
            status.size().into(),
            status.mtime().into(),
            status.mtime_nsec().into(),
        ]
    }

    pub(super) fn make_removable(&self) {
        for part in [
            Part::Base,
            Part::Store,
            Part::Components,
            Part::Component,
            Part::Plugins,
        ] {
            let _ = self.set_mode(part, 0o755);
        }
    }
}

fn numbers(text: &str) -> Option<Vec<i128>> {
    text.split_whitespace().map(|word| word.parse().ok()).collect()
}

/// With the engine's version, a length and its major number, changed by one
/// byte.
fn other_version(code: &[u8], byte: u8) -> Vec<u8> {
    let mut code = code.to_owned();
    let place = code.windows(VERSION.len()).position(|window| window == VERSION);
    let within = place.expect("a compiled form says which version made it") + 1 + usize::from(byte) % 2;
    code[within] = code[within].wrapping_add(1 + byte % 100);
    code
}
