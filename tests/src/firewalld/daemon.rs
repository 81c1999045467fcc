//! The real one, on a bus of its own.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::is_installed;
use crate::{Running, Site, skip};

/// How long it may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);
/// What both programs are told of the bus by.
const ADDRESS: &str = "DBUS_SYSTEM_BUS_ADDRESS";
/// Everybody may do everything.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
"#;
/// Without what not every kernel has.
const CONFIGURATION: &str = "DefaultZone=public\nFirewallBackend=nftables\nIPv6_rpfilter=no\nCleanupOnExit=yes\n";

/// A firewalld that filters in a node's namespace, and the bus of the node.
/// Both end with this value.
pub struct Firewalld {
    address: String,
    firewalld: Running,
    _bus: Running,
}

impl Firewalld {
    /// `None`, with a message, where it is not installed.
    #[must_use]
    pub fn start(site: &Site) -> Option<Self> {
        if !["firewalld", "dbus-daemon", "dbus-send"].into_iter().all(is_installed) {
            skip("there is no firewalld here (Debian's packages firewalld and dbus)");
            return None;
        }
        let run = site.installation().root().join("run/dbus");
        let own = site.installation().root().join("etc/firewalld");
        fs::create_dir_all(&run).unwrap();
        fs::create_dir_all(&own).unwrap();
        let socket = run.join("system_bus_socket").to_string_lossy().into_owned();
        let configured = own.join("bus.conf");
        fs::write(&configured, BUS.replace("SOCKET", &socket)).unwrap();
        fs::write(own.join("firewalld.conf"), CONFIGURATION).unwrap();
        let address = format!("unix:path={socket}");
        let quiet = |command: &mut Command| {
            command
                .env(ADDRESS, &address)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            site.node().run(|| Running::start(command))
        };
        let bus = quiet(
            Command::new("dbus-daemon")
                .args(["--nofork", "--nopidfile"])
                .arg(format!("--config-file={}", configured.display())),
        );
        wait_for("the bus listens", || fs::exists(&socket).unwrap());
        let firewalld = quiet(
            Command::new("firewalld")
                .args(["--nofork", "--nopid", "--log-target=console", "--system-config"])
                .arg(&own),
        );
        let started = Self {
            address,
            firewalld,
            _bus: bus,
        };
        wait_for("firewalld answers", || {
            started.call("zone.querySource", &["public", "192.0.2.1/32"]).is_ok()
        });
        Some(started)
    }

    /// What its bus is found by.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Calls a method of its own: what it answers, or its complaint.
    pub fn call(&self, method: &str, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("dbus-send")
            .env(ADDRESS, &self.address)
            .args([
                "--system",
                "--print-reply=literal",
                "--dest=org.fedoraproject.FirewallD1",
            ])
            .arg("/org/fedoraproject/FirewallD1")
            .arg(format!("org.fedoraproject.FirewallD1.{method}"))
            .args(arguments.iter().map(|argument| format!("string:{argument}")))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// The networks that are in a zone by themselves.
    #[must_use]
    pub fn sources(&self, zone: &str) -> Vec<String> {
        let told = self.call("zone.getSources", &[zone]).unwrap();
        let words = told.split_whitespace().filter(|word| word.contains('/'));
        words.map(str::to_owned).collect()
    }

    /// Has it answer nobody for now.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Has it go on.
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let process = i32::try_from(self.firewalld.id()).unwrap();
        kill(Pid::from_raw(process), signal).unwrap();
    }

    /// `firewall-cmd --reload`
    pub fn reload(&self) {
        self.call("reload", &[]).unwrap();
    }
}

#[track_caller]
fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "it did not come about: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
