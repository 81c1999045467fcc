use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use cofferdam_confinement::{Access, Confinement, ConfinementError, FileView, probe};

use crate::scenario::{command, run, run_to_any_end, tell};

tests![only_the_named_directories_can_be_opened, a_missing_directory_is_named,];

pub(crate) const READ: Access = Access::Read;

/// Names the directory that a scenario works in.
const DIRECTORY: &str = "COFFERDAM_DIRECTORY";

fn directory() -> PathBuf {
    std::env::var_os(DIRECTORY).unwrap().into()
}

fn tell_result<T>(name: &str, result: io::Result<T>) {
    let outcome = result.map_or_else(|error| error.raw_os_error().unwrap(), |_| 0);
    tell(name, outcome);
}

/// Each way to touch a file.
fn touch_all(thread: &str, directory: &Path) {
    let name = |what: &str| format!("{thread}: {what}");
    for place in ["state", "settings", "elsewhere"] {
        let place_path = directory.join(place);
        let file = place_path.join("file");
        let new = place_path.join(format!("new by {thread}"));
        tell_result(&name(&format!("read {place}")), fs::read(&file));
        tell_result(&name(&format!("list {place}")), fs::read_dir(&place_path));
        tell_result(
            &name(&format!("write {place}")),
            fs::OpenOptions::new().write(true).open(&file),
        );
        tell_result(&name(&format!("make {place}")), fs::write(&new, "x"));
        tell_result(
            &name(&format!("rename {place}")),
            fs::rename(&file, place_path.join("other")),
        );
        tell_result(
            &name(&format!("rename back {place}")),
            fs::rename(place_path.join("other"), &file),
        );
        tell_result(
            &name(&format!("make directory {place}")),
            fs::create_dir(place_path.join("d")),
        );
        tell_result(
            &name(&format!("remove directory {place}")),
            fs::remove_dir(place_path.join("d")),
        );
        tell_result(&name(&format!("remove {place}")), fs::remove_file(&new));
        tell_result(
            &name(&format!("link {place}")),
            symlink("file", place_path.join("link")),
        );
    }
    tell_result(&name("read the file"), fs::read(directory.join("single")));
    tell_result(&name("write the file"), fs::write(directory.join("single"), "x"));
    tell_result(&name("read /etc/passwd"), fs::read("/etc/passwd"));
    tell_result(
        &name("write its own memory"),
        fs::OpenOptions::new().write(true).open("/proc/self/mem"),
    );
}

pub(crate) fn files() {
    let directory = directory();
    let (sender, confined) = mpsc::channel();
    let other = thread::spawn({
        let directory = directory.clone();
        move || {
            confined.recv().unwrap();
            touch_all("another thread", &directory);
        }
    });
    let mut open = fs::File::open(directory.join("elsewhere/file")).unwrap();
    Confinement::new()
        .directory(directory.join("state"), Access::Write)
        .directory(directory.join("settings"), Access::Read)
        .file(directory.join("single"))
        .enforce()
        .unwrap();
    touch_all("the main thread", &directory);
    tell_result("read what was open", io::Read::read(&mut open, &mut [0; 8]));
    sender.send(()).unwrap();
    other.join().unwrap();
}

pub(crate) fn missing_directory() {
    let ended = Confinement::new()
        .directory("/no/such/directory", Access::Read)
        .enforce();
    tell(
        "named",
        matches!(&ended, Err(ConfinementError::Path { path, .. }) if path == Path::new("/no/such/directory")),
    );
    tell("error", ended.err().map_or_else(String::new, |error| error.to_string()));
}

/// A directory with a file in each of its three places, and one beside them.
fn places() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("single"), "text").unwrap();
    for place in ["state", "settings", "elsewhere"] {
        fs::create_dir(directory.path().join(place)).unwrap();
        fs::write(directory.path().join(place).join("file"), "text").unwrap();
    }
    directory
}

const DONE: &str = "0";
const DENIED: &str = "13";

fn only_the_named_directories_can_be_opened() {
    if !matches!(probe(), FileView::Limited { .. }) {
        eprintln!("skipped: {}", probe());
        return;
    }
    let directory = places();
    let outcome = run_to_any_end(command("files").env(DIRECTORY, directory.path()));
    assert!(outcome.status.success(), "{outcome:?}");
    let changes = [
        "write",
        "make",
        "rename",
        "rename back",
        "make directory",
        "remove directory",
        "remove",
    ];
    for thread in ["the main thread", "another thread"] {
        for look in ["read", "list"] {
            assert_eq!(outcome.of(&format!("{thread}: {look} state")), DONE);
            assert_eq!(outcome.of(&format!("{thread}: {look} settings")), DONE);
            assert_eq!(outcome.of(&format!("{thread}: {look} elsewhere")), DENIED);
        }
        for change in changes {
            assert_eq!(outcome.of(&format!("{thread}: {change} state")), DONE, "{change}");
            for place in ["settings", "elsewhere"] {
                // What was not made can't be found, where looking is allowed.
                assert_ne!(
                    outcome.of(&format!("{thread}: {change} {place}")),
                    DONE,
                    "{change} {place}"
                );
            }
            assert_eq!(outcome.of(&format!("{thread}: make settings")), DENIED);
        }
        for place in ["state", "settings", "elsewhere"] {
            assert_eq!(outcome.of(&format!("{thread}: link {place}")), DENIED);
        }
        assert_eq!(outcome.of(&format!("{thread}: read the file")), DONE);
        assert_eq!(outcome.of(&format!("{thread}: write the file")), DENIED);
        assert_eq!(outcome.of(&format!("{thread}: read /etc/passwd")), DENIED);
        assert_eq!(outcome.of(&format!("{thread}: write its own memory")), DENIED);
    }
    assert_eq!(outcome.of("read what was open"), DONE);
}

fn a_missing_directory_is_named() {
    if !matches!(probe(), FileView::Limited { .. }) {
        eprintln!("skipped: {}", probe());
        return;
    }
    let outcome = run("missing directory");
    assert_eq!(outcome.of("named"), "true", "{}", outcome.of("error"));
}
