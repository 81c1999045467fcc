//! How plugins run, and how their failures are told.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use cofferdam_runtime::{PluginCommand, PluginResolver, ResolveError, Runtime};
use support::{Bench, network, request};

#[test]
fn a_failed_plugin_is_told_on_by_what_it_left() {
    for (body, text) in [
        ("exit 3", "netplugin failed with no error message: exit status 3"),
        ("echo oops >&2; exit 1", r#"netplugin failed: "oops\n": exit status 1"#),
        ("kill -9 $$", "netplugin failed with no error message: signal: SIGKILL"),
        (
            "printf garbage; exit 1",
            "netplugin failed but error parsing its diagnostic message \"garbage\": expected value at line 1 column 1",
        ),
        (
            r#"echo '{"code":7,"msg":"m","details":"d"}'; echo x >&2; exit 1"#,
            "m; d",
        ),
        (
            "exit 0",
            "decoding a CNI result: EOF while parsing a value at line 1 column 0",
        ),
    ] {
        let bench = Bench::new();
        bench.plugin("p", body);
        let error = bench
            .runtime()
            .add(&network("1.0.0", r#"[{"type":"p"}]"#), &request())
            .unwrap_err();
        assert_eq!(error.to_string(), format!("plugin type=\"p\" failed (add): {text}"));
    }
}

#[test]
fn the_deadline_kills_the_plugin_and_what_it_started() {
    let bench = Bench::new();
    let started = bench.path("started");
    bench.plugin("slow", &format!("sleep 300 & echo $! >'{}'; wait", started.display()));
    let runtime = bench.runtime().with_deadline(Duration::from_millis(500));

    let begin = Instant::now();
    let error = runtime
        .add(&network("1.0.0", r#"[{"type":"slow"}]"#), &request())
        .unwrap_err();

    assert!(begin.elapsed() < Duration::from_secs(10));
    assert!(
        error.to_string().contains("did not end within 500 ms and was killed"),
        "{error}"
    );
    let grandchild = fs::read_to_string(started).unwrap().trim().to_owned();
    assert!(gone(&grandchild), "process {grandchild} outlived its plugin");
}

/// Whether a process ends within a moment. One that nobody waits for is dead,
/// too.
fn gone(pid: &str) -> bool {
    (0..100).any(|_| {
        thread::sleep(Duration::from_millis(20));
        let status = fs::read_to_string(format!("/proc/{pid}/stat"));
        status.is_err() || status.is_ok_and(|status| status.contains(") Z "))
    })
}

#[test]
fn a_daemon_that_a_plugin_leaves_behind_is_not_waited_for() {
    let bench = Bench::new();
    bench.plugin("daemon", "sleep 5 & echo '{}'");
    let begin = Instant::now();
    bench
        .runtime()
        .add(&network("1.0.0", r#"[{"type":"daemon"}]"#), &request())
        .unwrap();
    assert!(begin.elapsed() < Duration::from_secs(4));
}

#[test]
fn large_inputs_and_outputs_pass() {
    let bench = Bench::new();
    bench.plugin("echo", r#"printf '{"cniVersion":"1.0.0","junk":%s}' "$STDIN""#);
    let junk = "x".repeat(1 << 20);
    let network = network("1.0.0", &format!(r#"[{{"type":"echo","junk":"{junk}"}}]"#));
    let result = bench.runtime().add(&network, &request()).unwrap();
    assert!(result.document().to_text().len() > 1 << 20);
}

#[test]
fn a_plugin_need_not_read_its_input() {
    let bench = Bench::new();
    support::write(&bench.path("bin/deaf"), "#!/bin/sh\nexec 0<&-\necho '{}'\n");
    make_executable(&bench.path("bin/deaf"));
    let junk = "x".repeat(1 << 20);
    let network = network("1.0.0", &format!(r#"[{{"type":"deaf","junk":"{junk}"}}]"#));
    bench.runtime().add(&network, &request()).unwrap();
}

fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn an_executable_that_is_being_written_is_waited_for() {
    let bench = Bench::new();
    bench.plugin("late", "echo '{}'");
    let path = bench.path("bin/late");
    let writer = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let finish = thread::spawn(move || {
        thread::sleep(Duration::from_millis(400));
        drop(writer);
    });
    bench
        .runtime()
        .add(&network("1.0.0", r#"[{"type":"late"}]"#), &request())
        .unwrap();
    finish.join().unwrap();
}

/// Serves every plugin by one script.
struct Single(PathBuf);

impl PluginResolver for Single {
    fn resolve(&self, plugin_type: &str) -> Result<PluginCommand, ResolveError> {
        Ok(PluginCommand {
            program: self.0.clone(),
            name: Some(plugin_type.into()),
            arguments: vec![
                "-c".into(),
                r#"cat >/dev/null; printf '{"dns":{"domain":"%s-%s"}}' "$0" "$1""#.into(),
            ]
            .into_iter()
            .chain([plugin_type.into(), "argument".into()])
            .collect(),
        })
    }

    fn path(&self) -> std::ffi::OsString {
        "/nowhere".into()
    }
}

#[test]
fn a_resolver_may_serve_a_plugin_by_another_program_and_arguments() {
    let bench = Bench::new();
    let runtime = Runtime::new(Single("/bin/sh".into()), bench.cache());
    let result = runtime
        .add(&network("1.0.0", r#"[{"type":"bridge"}]"#), &request())
        .unwrap();
    assert_eq!(result.attachment.dns.domain.as_deref(), Some("bridge-argument"));
}
