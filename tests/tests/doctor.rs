//! `cofferctl doctor` on a node that is made wrong in one way after the other:
//! it finds each, says where it is, and the way out.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    fs::File,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use cofferdam_tests::{
    Container, Ended, Installation, JournalFile, Site, bridge_network, finish, mount_full, mount_memory,
    mount_read_only, needs_kernel, with, with_own_mounts,
};
use nix::fcntl::{Flock, FlockArg};
use serde_json::{Value, json};

fn mynet() -> Value {
    bridge_network("1.1.0")
}

/// A node whose state is in memory, as below `/run`, with `c1` attached.
fn on_healthy_node(test: impl FnOnce(&Site, Container) + Send) {
    let site = Site::new();
    fs::create_dir_all(site.installation().state()).unwrap();
    with_own_mounts(|| {
        mount_memory(&site.installation().state(), 16 << 20);
        let container = Container::new("c1");
        site.add(&container, &mynet());
        test(&site, container);
    });
}

/// What is found, as `SEVERITY CHECK`.
struct Findings(Vec<Value>);

fn look(site: &Site, arguments: &[&str]) -> Findings {
    let document = site.cofferctl_json(&[&["doctor"], arguments].concat());
    let findings = document["findings"].as_array().unwrap().clone();
    let has_error = findings.iter().any(|finding| finding["severity"] == "error");
    assert_eq!(document["healthy"], !has_error, "{document}");
    Findings(findings)
}

impl Findings {
    /// Fails the test unless there is just one, of this kind, with these words
    /// in place, problem or way out.
    #[track_caller]
    fn assert_one(&self, kind: &str, words: &[&str]) {
        let [finding] = &self.0[..] else {
            panic!("not one finding: {:?}", self.0)
        };
        assert_kind(finding, kind, words);
    }

    /// The same for one of several.
    #[track_caller]
    fn assert_has(&self, kind: &str, words: &[&str]) {
        let found = self.0.iter().find(|finding| {
            let all = finding.to_string();
            kind_of(finding) == kind && words.iter().all(|word| all.contains(word))
        });
        assert!(found.is_some(), "no {kind} with {words:?}: {:?}", self.0);
    }
}

fn kind_of(finding: &Value) -> String {
    let word = |key: &str| finding[key].as_str().unwrap();
    format!("{} {}", word("severity"), word("check"))
}

#[track_caller]
fn assert_kind(finding: &Value, kind: &str, words: &[&str]) {
    assert_eq!(kind_of(finding), kind, "{finding}");
    for key in ["place", "problem", "way_out"] {
        assert!(!finding[key].as_str().unwrap().is_empty(), "no {key}: {finding}");
    }
    for word in words {
        assert!(finding.to_string().contains(word), "{word}: {finding}");
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Makes something a day old.
fn age(path: &Path) {
    let yesterday = SystemTime::now() - Duration::from_secs(86_400);
    File::open(path).unwrap().set_modified(yesterday).unwrap();
}

fn doctor(site: &Site) -> Ended {
    site.cofferctl(&["doctor"])
}

#[test]
fn on_a_healthy_node_nothing_is_wrong() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        let ended = doctor(site);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(0), "nothing is wrong\n"),
            "{ended:?}"
        );
        assert!(look(site, &[]).0.is_empty());
    });
}

#[test]
fn on_a_node_on_which_nothing_ran_nothing_is_wrong() {
    needs_kernel!();
    let site = Site::new();
    assert!(look(&site, &[]).0.is_empty());
    assert!(!site.installation().state().exists(), "to look makes nothing");
}

#[test]
fn the_exit_code_tells_of_errors_only() {
    needs_kernel!();
    on_healthy_node(|site, container| {
        drop(container);
        let warned = doctor(site);
        assert_eq!(warned.code, Some(0), "{warned:?}");
        assert!(warned.stdout.contains("0 errors, 1 warnings"), "{warned:?}");
        site.installation().policy("bridge.toml", "nonsense");
        let failed = doctor(site);
        assert_eq!(failed.code, Some(1), "{failed:?}");
        assert!(failed.stdout.contains("error: policies: "), "{failed:?}");
    });
}

#[test]
fn a_state_directory_that_nothing_can_be_written_to() {
    needs_kernel!();
    for (mounted, words) in [
        (mount_full as fn(&Path), "No space left"),
        (mount_read_only, "Read-only file system"),
    ] {
        let site = Site::new();
        let state = site.installation().state();
        fs::create_dir_all(&state).unwrap();
        with_own_mounts(|| {
            mounted(&state);
            look(&site, &[]).assert_has("error state-directory", &[text(&state), words, "make room"]);
        });
    }
}

#[test]
fn a_state_directory_that_is_nearly_full() {
    needs_kernel!();
    let site = Site::new();
    let state = site.installation().state();
    fs::create_dir_all(&state).unwrap();
    with_own_mounts(|| {
        mount_memory(&state, 512 << 10);
        look(&site, &[]).assert_one("warning state-directory", &[text(&state), "bytes are left"]);
    });
}

#[test]
fn a_state_directory_that_others_can_write_in() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        let state = site.installation().state();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
        look(site, &[]).assert_one("error state-directory", &[text(&state), "chmod 0700"]);
    });
}

#[test]
fn a_state_directory_that_outlives_a_restart() {
    needs_kernel!();
    let site = Site::new();
    let _container = Container::new("c1");
    site.add(&_container, &mynet());
    let on_disk = look(&site, &[]);
    // Where temporary files are in memory there is nothing to find.
    if !on_disk.0.is_empty() {
        on_disk.assert_one("information state-directory", &["not in memory", "tmpfs"]);
    }
}

#[test]
fn journals_that_can_not_be_used() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        let journal = JournalFile::of(site.installation(), "mynet");
        let directory = journal.path().parent().unwrap().to_owned();
        let damaged = directory.join(format!("{}.journal", "0".repeat(32)));
        fs::write(&damaged, "garbage\n").unwrap();
        look(site, &[]).assert_one("error journals", &[text(&damaged), "header can't be read", "remove"]);
        fs::remove_file(&damaged).unwrap();

        let foreign = directory.join("README");
        fs::write(&foreign, "hello").unwrap();
        look(site, &[]).assert_one("error journals", &[text(&foreign), "no journal", "move it away"]);
        fs::remove_file(&foreign).unwrap();

        let whole = fs::read_to_string(journal.path()).unwrap();
        fs::write(journal.path(), format!("{whole}garbage\n")).unwrap();
        look(site, &[]).assert_one("warning journals", &["mynet/c1/eth0", "1 lines", "detach it"]);

        fs::write(journal.path(), &whole).unwrap();
        journal.change_header(json!({ "version": 99 }));
        let newer = look(site, &[]);
        newer.assert_has(
            "error journals",
            &[text(journal.path()), "format 99", "newer Cofferdam"],
        );
        fs::write(journal.path(), &whole).unwrap();
        assert!(look(site, &[]).0.is_empty());
    });
}

#[test]
fn attachments_that_nobody_will_detach() {
    needs_kernel!();
    on_healthy_node(|site, container| {
        let journal = JournalFile::of(site.installation(), "mynet");
        let whole = fs::read_to_string(journal.path()).unwrap();
        journal.forget_commit();
        look(site, &[]).assert_one("warning attachments", &["mynet/c1/eth0", "did not end", "cofferctl gc"]);
        // Who is at work on it will end it.
        let lock = Flock::lock(File::open(journal.path()).unwrap(), FlockArg::LockExclusive).unwrap();
        assert!(look(site, &[]).0.is_empty());
        drop(lock);

        fs::write(journal.path(), &whole).unwrap();
        journal.of_earlier_boot();
        look(site, &[]).assert_has(
            "warning attachments",
            &["mynet/c1/eth0", "started anew", "cofferctl gc"],
        );

        fs::write(journal.path(), &whole).unwrap();
        drop(container);
        look(site, &[]).assert_one(
            "warning attachments",
            &["mynet/c1/eth0", "namespace is gone", "cofferctl gc"],
        );
    });
}

#[test]
fn policies_that_can_not_be_used() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        let path = site.installation().root().join("etc/cofferdam/policy.d/bridge.toml");
        let whole = fs::read_to_string(&path).unwrap();
        site.installation().policy("bridge.toml", "nonsense");
        look(site, &[]).assert_one("error policies", &[text(&path), ":1"]);
        site.installation().policy("bridge.toml", &whole);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        look(site, &[]).assert_one("error policies", &[text(&path)]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        site.installation().policy("elsewhere.toml", "[plugin.elsewhere]\n");
        look(site, &[]).assert_one(
            "warning policies",
            &["elsewhere", "no component is installed", "component list"],
        );
    });
}

/// Puts something else in a file's place; the file itself is all tests'.
fn replace(path: &Path, content: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn components_that_were_altered_or_are_missing() {
    needs_kernel!();
    let files: [fn(&Installation) -> PathBuf; 3] = [
        |node| node.compiled("host-local"),
        |node| node.stored("host-local", "component.wasm"),
        |node| node.stored("host-local", "component.needs.json"),
    ];
    for file in files {
        on_healthy_node(|site, _container| {
            let path = file(site.installation());
            replace(&path, b"evil");
            look(site, &[]).assert_one(
                "error components",
                &["host-local", path.to_str().unwrap(), "cofferctl component"],
            );
        });
    }
    on_healthy_node(|site, _container| {
        let directory = site.installation().stored("host-local", "");
        fs::remove_dir_all(directory).unwrap();
        look(site, &[]).assert_one("error components", &["host-local", "cofferctl component add"]);
    });
}

#[test]
fn a_component_that_another_version_compiled() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        // The length of the engine's version and the version itself.
        let path = site.installation().compiled("loopback");
        let code = fs::read(&path).unwrap();
        let older = replaced_once(&code, b"\x0248", b"\x0247");
        replace(&path, &older);
        record(&path, &older);
        look(site, &[]).assert_one(
            "error components",
            &["loopback", "can't be loaded", "cofferctl component compile"],
        );
    });
}

fn replaced_once(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
    let mut replaced = bytes.to_owned();
    replaced[at..at + new.len()].copy_from_slice(new);
    replaced
}

/// Records the digest of compiled code as the store does; what is on record of
/// the file besides is only there to save reading it.
fn record(path: &Path, code: &[u8]) {
    use sha2::{Digest as _, Sha256};
    let digest: String = Sha256::digest(code).iter().map(|byte| format!("{byte:02x}")).collect();
    let file = path.with_extension("cwasm.sha256");
    let text = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[0] = digest;
    fs::remove_file(&file).unwrap();
    fs::write(&file, lines.join("\n") + "\n").unwrap();
}

#[test]
fn names_in_the_plugin_directory_that_lead_nowhere() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        let dangling = site.installation().plugin_directory().join("flannel");
        symlink("nowhere", &dangling).unwrap();
        look(site, &[]).assert_one(
            "error plugin-directory",
            &[text(&dangling), "nowhere", "ln -sf cofferdam"],
        );
        fs::remove_file(&dangling).unwrap();
        symlink("cofferdam", &dangling).unwrap();
        look(site, &[]).assert_one(
            "error plugin-directory",
            &[text(&dangling), "no such plugin", "component"],
        );
        // Somebody else's directory.
        assert!(look(site, &["--plugin-directory", "/no/such/place"]).0.is_empty());
    });
}

#[test]
fn a_process_that_can_not_try_the_kernel() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        let cofferctl = site.installation().cofferctl();
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]);
        command
            .arg(cofferctl.get_program())
            .args(cofferctl.get_args())
            .args(["doctor", "--json"]);
        let ended = site.node().run(|| finish(&mut command, b""));
        let document: Value = serde_json::from_str(&ended.stdout).unwrap();
        Findings(document["findings"].as_array().unwrap().clone())
            .assert_has("warning kernel", &["no network namespace can be made", "as root"]);
    });
}

#[test]
fn a_range_that_is_used_up_or_nearly() {
    needs_kernel!();
    let config = |subnet: &str| with(mynet(), json!({ "ipam": { "subnet": subnet } }));
    on_healthy_node(|site, container| {
        site.del(&container, &mynet());
        let records = site.leases().join("mynet");
        let small = config("10.24.0.0/30");
        site.add(&container, &small);
        look(site, &[]).assert_one("error addresses", &[text(&records), "10.24.0.0/30", "another range"]);
        site.del(&container, &small);

        let larger = config("10.25.0.0/27");
        let containers: Vec<Container> = (0..26).map(|number| Container::new(&format!("n{number}"))).collect();
        for container in &containers {
            site.add(container, &larger);
        }
        assert!(look(site, &[]).0.is_empty(), "26 of 29 is not nearly all");
        site.add(&container, &larger);
        look(site, &[]).assert_one("warning addresses", &["27 of 29 addresses of 10.25.0.0/27"]);
    });
}

#[test]
fn addresses_of_containers_that_others_attached() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        let records = site.leases().join("mynet");
        fs::write(records.join("10.22.9.9"), "stranger\r\neth0").unwrap();
        look(site, &[]).assert_one(
            "information addresses",
            &[text(&records), "10.22.9.9", "stranger", "remove the file"],
        );
        assert_eq!(site.leased("mynet").len(), 2, "what is somebody else's stays");
    });
}

#[test]
fn locks_that_are_held_for_long() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        let journal = JournalFile::of(site.installation(), "mynet");
        let process = format!("process {}", std::process::id());
        for path in [journal.path().to_owned(), site.leases().join("mynet/lock"), owned(site)] {
            let lock = Flock::lock(File::open(&path).unwrap(), FlockArg::LockExclusive).unwrap();
            assert!(look(site, &["--held", "1year"]).0.is_empty());
            look(site, &["--held", "0s"]).assert_one("warning locks", &[text(&path), &process]);
            drop(lock);
        }
    });
}

fn owned(site: &Site) -> PathBuf {
    site.installation().state().join("owned")
}

#[test]
fn what_interrupted_calls_leave() {
    needs_kernel!();
    on_healthy_node(|site, _container| {
        let state = site.installation().state();
        let store = site.installation().root().join("var/lib/cofferdam/plugins");
        let bridge = state.join("shared").join(shared_bridge(&state));
        let key = "0".repeat(32);
        for (path, kind, words) in [
            (state.join(".probe.1"), "information leftovers", "interrupted"),
            (bridge.join("made.next"), "information leftovers", "interrupted"),
            (
                state.join(format!("attachments/mynet/{key}.journal")),
                "information leftovers",
                "cofferctl gc",
            ),
            (bridge.join(&key), "warning leftovers", "not on record"),
            (
                site.leases().join("mynet/.cofferdam.next"),
                "information leftovers",
                "interrupted",
            ),
            (store.join(".bridge.4194304"), "information leftovers", "interrupted"),
        ] {
            fs::write(&path, "").unwrap();
            if path.starts_with(&state) {
                assert!(look(site, &[]).0.is_empty(), "a call may be at it: {}", path.display());
                age(&path);
            }
            look(site, &[]).assert_one(kind, &[text(&path), words]);
            fs::remove_file(&path).unwrap();
        }

        let empty = state.join("attachments/gone");
        fs::create_dir(&empty).unwrap();
        age(&empty);
        look(site, &[]).assert_one("information leftovers", &[text(&empty), "empty directory"]);
        fs::remove_dir(&empty).unwrap();

        let name = owned(site).join("link.host.gone");
        symlink("mynet/gone/eth0/bridge/bridge/", &name).unwrap();
        look(site, &[]).assert_one("information leftovers", &[text(&name), "not on record"]);
    });
}

/// The name under which the registry has the bridge.
fn shared_bridge(state: &Path) -> String {
    let names = fs::read_dir(state.join("shared")).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name.starts_with("bridge.")).unwrap()
}
