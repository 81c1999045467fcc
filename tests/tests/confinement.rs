//! A guest that has escaped from its sandbox is in a process that has given up
//! all but what the request needs. The escape is simulated: an executable that
//! is built for this test tries from the host's side what a guest would.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
};

use cofferdam_escape::{DESCRIPTOR, REFUSED, REFUSED_OF_X86, SIGN, VARIABLE};
use cofferdam_tests::{
    Cni, Container, Installation, Output, Products, Site, Snapshot, bridge_network, needs_kernel, with,
};
use serde_json::{Value, json};

const SETTINGS_OF_THE_CONTAINER: &str = r#"
[plugin.hostile]

[[plugin.hostile.grant]]
allow = ["sysctl.read", "sysctl.write"]
in = "container"
keys = ["net/ipv4/conf/lo/arp_notify", "net/core/somaxconn"]
"#;

/// The executable that escapes can be simulated in, started by a program that
/// leaves it a descriptor.
const STARTER: &str = "starter";

/// By this the executable is told to be confined otherwise than what ships.
const CONFINEMENT: &str = "COFFERDAM_CONFINEMENT";
/// The host's code for it.
const NOT_CONFINED: u64 = 115;

fn site() -> Site {
    let site = Site::new();
    site.installation().policy("hostile.toml", "[plugin.hostile]\n");
    let escape = Products::locate().simulated_escape();
    site.installation().replace_cofferdam(&escape);
    let bin = site.installation().plugin_directory();
    fs::create_dir(bin.join("started")).unwrap();
    symlink(escape, bin.join("started/cofferdam")).unwrap();
    let script = format!(
        "#!/bin/bash\nexec {DESCRIPTOR}</etc/hostname\nexec {}/started/cofferdam \"$@\"\n",
        bin.display()
    );
    fs::write(bin.join(STARTER), script).unwrap();
    fs::set_permissions(bin.join(STARTER), fs::Permissions::from_mode(0o755)).unwrap();
    site
}

/// What nobody but the operator may touch, and other containers.
fn targets(installation: &Installation, others: &Container) -> Value {
    let below = |path: &str| installation.root().join(path);
    let component = fs::read_dir(below("var/lib/cofferdam/plugins"))
        .unwrap()
        .next()
        .unwrap();
    json!({
        "read": ["/etc/shadow", format!("/proc/{}/environ", std::process::id()), "/proc/self/environ", others.namespace.path(),
            below("etc/cofferdam/policy.d/bridge.toml"), component.unwrap().path()],
        "list": ["/", "/root", "/etc", "/proc", below("opt/cni/bin"), below("var/lib/cofferdam")],
        "write": [below("etc/cofferdam/policy.d/escaped.toml"), below("var/lib/cofferdam/escaped"),
            below("opt/cni/bin/escaped"), below("escaped"), "/proc/self/oom_score_adj"],
        "link": [below("etc/cofferdam/policy.d/link.toml"), below("var/lib/cofferdam/link"), below("link"),
            below("var/lib/cni/networks/link")],
    })
}

/// A chain in which a guest escapes, and perhaps traps, before or after a
/// bridge is attached.
struct Chain<'a> {
    site: &'a Site,
    others: Container,
}

impl<'a> Chain<'a> {
    fn on(site: &'a Site) -> Self {
        Self {
            site,
            others: Container::new("others"),
        }
    }

    /// The guest that escapes, and what it does after that.
    fn escaping(&self, then: &[Value]) -> Value {
        let targets = targets(self.site.installation(), &self.others);
        let escape = json!({ "do": "log", "text": format!("{SIGN}{targets}") });
        let calls = [&[escape], then].concat();
        json!({ "type": "hostile", "calls": calls })
    }

    fn call(&self, container: &Container, chain: Value) -> Cni<'a> {
        let config = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "chain": chain });
        let call = self.site.call("ADD", container, &config).plugin(STARTER);
        call.variable(VARIABLE, "the runtime's")
    }
}

fn bridge() -> Value {
    let mut bridge = bridge_network("1.0.0");
    for key in ["cniVersion", "name"] {
        bridge.as_object_mut().unwrap().shift_remove(key);
    }
    bridge
}

/// What was tried, and what came of it.
fn attempts(output: &Output) -> Vec<(&str, &str)> {
    let lines = output.stderr.lines().filter_map(|line| line.strip_prefix("escape: "));
    let attempts: Vec<_> = lines.map(|line| line.rsplit_once(": ").unwrap_or((line, ""))).collect();
    assert!(
        attempts.len() > REFUSED.len() + REFUSED_OF_X86.len() + 20,
        "nothing was tried: {output}"
    );
    attempts
}

/// Files, of which Landlock alone keeps root away.
fn is_about_files(attempt: &str) -> bool {
    ["read /", "list /", "write /", "link /"]
        .iter()
        .any(|words| attempt.starts_with(words))
}

#[track_caller]
fn assert_refused(output: &Output) {
    let report = output.stderr.lines().find(|line| line.starts_with("confined: "));
    let report = report.unwrap_or_else(|| panic!("not confined: {output}"));
    // Not `eprintln`: the output of tests that pass is kept back.
    let _ = writeln!(std::io::stderr(), "{report}");
    let files = report.contains("files are limited");
    for (attempt, outcome) in attempts(output) {
        if files || !is_about_files(attempt) {
            assert_eq!(outcome, "refused", "{attempt}: {output}");
        }
    }
}

#[test]
fn a_guest_that_escapes_can_do_nothing_that_was_not_needed_and_the_attachment_is_made_as_ever() {
    needs_kernel!();
    let site = site();
    let chain = Chain::on(&site);
    let container = Container::new("c1");
    let output = chain.call(&container, json!([chain.escaping(&[]), bridge()])).run();
    assert_refused(&output);
    assert_eq!(output.result()["ips"][0]["address"], "10.22.0.2/16", "{output}");
    assert_eq!(container.namespace.addresses("eth0"), ["10.22.0.2/16"]);
}

#[test]
fn what_was_made_is_undone_when_a_guest_escapes_and_fails() {
    needs_kernel!();
    let site = site();
    let chain = Chain::on(&site);
    let container = Container::new("c1");
    let (node, inside) = (site.snapshot(), Snapshot::of(&container.namespace));
    let output = chain
        .call(
            &container,
            json!([bridge(), chain.escaping(&[json!({ "do": "trap" })])]),
        )
        .run();
    assert_refused(&output);
    let error = output.error();
    assert!(error.details.contains("rolled back"), "{error:?}");
    node.assert_same(&site.snapshot());
    inside.assert_same(&Snapshot::of(&container.namespace));
}

/// Or the tests above would pass whatever is refused, and by whom.
#[test]
fn without_confinement_root_gets_through() {
    needs_kernel!();
    if !is_root_of_the_machine() {
        return cofferdam_tests::skip("another user than root is refused much of it anyway");
    }
    let site = site();
    let chain = Chain::on(&site);
    let container = Container::new("c1");
    let call = chain.call(&container, json!([chain.escaping(&[]), bridge()]));
    let output = call.variable(CONFINEMENT, "none").run();
    // These are given up, or refused by the kernel itself, in any case.
    let ever_refused = ["read an inherited variable", "use an inherited descriptor"];
    for (attempt, outcome) in attempts(&output) {
        if !ever_refused.contains(&attempt) {
            assert_ne!(outcome, "refused", "{attempt}: {output}");
        }
    }
}

#[test]
fn what_is_granted_decides_what_is_kept() {
    needs_kernel!();
    let site = site();
    for (plugin, kept) in [
        ("hostile", "capabilities: none;"),
        ("bridge", "capabilities: CAP_NET_ADMIN;"),
    ] {
        let config = with(
            bridge_network("1.0.0"),
            json!({ "type": "cofferdam", "plugin": plugin }),
        );
        let output = site.try_add(&Container::new(plugin), &config);
        assert!(output.stderr.contains(&format!("confined: {kept}")), "{output}");
    }
}

#[test]
fn where_the_process_cannot_be_confined_no_plugin_is_run() {
    needs_kernel!();
    let site = site();
    let container = Container::new("c1");
    let config = with(
        bridge_network("1.1.0"),
        json!({ "type": "cofferdam", "plugin": "bridge" }),
    );
    let failing = |verb: &str| {
        let call = site.call(verb, &container, &config);
        call.variable(CONFINEMENT, "failing").run()
    };
    let (node, inside) = (site.snapshot(), Snapshot::of(&container.namespace));
    let error = failing("ADD").error();
    assert_eq!(error.code, NOT_CONFINED, "{error:?}");
    assert!(error.message.contains("no plugin was run"), "{error:?}");
    node.assert_same(&site.snapshot());
    inside.assert_same(&Snapshot::of(&container.namespace));

    // The journal is enough to detach it.
    site.add(&container, &config);
    let detached = failing("DEL");
    detached.silent_success();
    assert!(detached.stderr.contains("no plugin was run"), "{detached}");
    node.assert_same(&site.snapshot());
    assert_eq!(failing("STATUS").error().code, 50);
}

#[test]
fn settings_of_the_container_are_within_reach_as_far_as_they_are_granted() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", SETTINGS_OF_THE_CONTAINER);
    let container = Container::new("c1");
    for (key, value) in [("net/ipv4/conf/lo/arp_notify", "1"), ("net/core/somaxconn", "321")] {
        let parts: Vec<&str> = key.split('/').collect();
        let set = json!({ "do": "write-setting", "in": "container", "key": parts, "value": value });
        let config = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "plugin": "hostile",
            "calls": [set] });
        site.add(&container, &config);
        assert_eq!(container.namespace.sysctl(key), value);
        site.del(&container, &config);
    }
}

fn is_root_of_the_machine() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    nix::unistd::geteuid().is_root() && map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// The executable that ships has no such thing.
#[test]
fn no_escape_can_be_simulated_in_what_ships() {
    needs_kernel!();
    let site = Site::new();
    site.installation().policy("hostile.toml", "[plugin.hostile]\n");
    let chain = Chain::on(&site);
    let config = json!({ "cniVersion": "1.0.0", "name": "mynet", "type": "cofferdam", "chain": [chain.escaping(&[])] });
    let output = site.try_add(&Container::new("c1"), &config);
    assert!(output.stderr.contains(SIGN), "{output}");
    assert!(!output.stderr.contains("escape: SYS_"), "{output}");
    let name: PathBuf = Products::locate().cofferdam();
    let bytes = fs::read(name).unwrap();
    let word = CONFINEMENT.as_bytes();
    assert!(!bytes.windows(word.len()).any(|window| window == word));
}
