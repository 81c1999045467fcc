//! A firewalld, real or made up.

mod daemon;
mod wire;

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

pub use daemon::Firewalld;
use nix::unistd::geteuid;
use tempfile::TempDir;
use wire::{Call, Said};

/// Where all that is told is that somebody runs.
const NOBODYS_PROCESS: u32 = u32::MAX;

/// A bus with a firewalld on it that has the zones `trusted` and `public`, and
/// filters nothing: for tests of who asks it.
pub struct MadeUpFirewalld {
    directory: TempDir,
    sources: Sources,
}

/// The zone that each network is in.
type Sources = Arc<Mutex<BTreeMap<String, String>>>;

impl MadeUpFirewalld {
    /// Begins to listen; ends with the process.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it listens")]
    pub fn new() -> Self {
        let directory = TempDir::with_prefix("cofferdam-bus-").unwrap();
        let listener = UnixListener::bind(directory.path().join("bus")).unwrap();
        let sources = Sources::default();
        let answering = Arc::clone(&sources);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sources = Arc::clone(&answering);
                thread::spawn(move || serve(&stream, &sources));
            }
        });
        Self { directory, sources }
    }

    /// Where it listens.
    #[must_use]
    pub fn bus(&self) -> PathBuf {
        self.directory.path().join("bus")
    }

    /// Networks with the zone that each is in.
    #[must_use]
    pub fn sources(&self) -> Vec<(String, String)> {
        self.sources.lock().unwrap().clone().into_iter().collect()
    }
}

/// Until the other side goes.
fn serve(stream: &UnixStream, sources: &Sources) -> Option<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let user: String = geteuid().to_string().bytes().map(|byte| format!("{byte:x}")).collect();
    if line != format!("\0AUTH EXTERNAL {user}\r\n") {
        let _ = writer.write_all(b"REJECTED EXTERNAL\r\n");
        return None;
    }
    writer.write_all(b"OK 0123456789abcdef0123456789abcdef\r\n").ok()?;
    line.clear();
    reader.read_line(&mut line).ok().filter(|_| line == "BEGIN\r\n")?;
    loop {
        let call = Call::read(|bytes| reader.read_exact(bytes))?;
        let said = answer(&call, &mut sources.lock().unwrap());
        // Who listens gets to hear of more than it asked for.
        writer.write_all(&wire::signal()).ok()?;
        writer.write_all(&said.to(call.serial)).ok()?;
    }
}

fn answer(call: &Call, sources: &mut BTreeMap<String, String>) -> Said {
    let arguments: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
    let (zone, source) = match (call.member.as_str(), arguments.as_slice()) {
        ("Hello", []) => return Said::Text(":1.7".to_owned()),
        ("GetNameOwner", [_]) => return Said::Text(":1.0".to_owned()),
        ("GetConnectionUnixProcessID", [_]) => return Said::Number(NOBODYS_PROCESS),
        ("addSource" | "removeSource" | "querySource", [zone, source]) => (*zone, *source),
        _ => return Said::refusal("UNKNOWN_METHOD"),
    };
    if !["trusted", "public"].contains(&zone) {
        return Said::refusal(&format!("INVALID_ZONE: {zone}"));
    }
    let present = sources.get(source).map(String::as_str);
    match (call.member.as_str(), present) {
        ("querySource", _) => Said::Truth(present == Some(zone)),
        ("addSource", None) => {
            sources.insert(source.to_owned(), zone.to_owned());
            Said::Text(zone.to_owned())
        }
        ("addSource", Some(of)) if of == zone => Said::refusal(&format!("ZONE_ALREADY_SET: '{source}' already bound")),
        ("addSource", Some(_)) => Said::refusal(&format!("ZONE_CONFLICT: '{source}' already bound to a zone")),
        (_, None) => Said::refusal(&format!("UNKNOWN_SOURCE: '{source}' is not in any zone")),
        (_, Some(of)) if of == zone => {
            sources.remove(source);
            Said::Text(zone.to_owned())
        }
        _ => Said::refusal(&format!("ZONE_CONFLICT: remove_source({zone}, {source})")),
    }
}

/// Whether a program is there.
fn is_installed(program: &str) -> bool {
    ["/usr/bin", "/usr/sbin"]
        .iter()
        .any(|directory| Path::new(directory).join(program).exists())
}
