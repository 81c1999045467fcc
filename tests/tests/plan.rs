//! `cofferctl plan`: what attaching a container would do on this node, without
//! any of it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::SystemTime,
};

use cofferdam_tests::{
    Container, Ended, Installation, Products, Site, Snapshot, finish, furnish_eth1, needs_kernel, needs_root_and,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Somebody who is not root.
const SOMEBODY: u32 = 65534;

/// A node with a directory of networks.
struct Bench {
    site: Site,
    directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::on(Site::new())
    }

    fn on(site: Site) -> Self {
        Self {
            site,
            directory: TempDir::with_prefix("cofferdam-test-").unwrap(),
        }
    }

    fn configure(&self, network: &Value) {
        fs::write(self.file(), network.to_string()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("10-mynet.conflist")
    }

    fn plan(&self, words: &[&str]) -> Value {
        let file = self.file();
        let words = [&["plan", file.to_str().unwrap()], words].concat();
        self.site.cofferctl_json(&words)
    }

    /// `cofferctl net add` of a container, which has to succeed.
    fn add(&self, container: &Container, words: &[&str]) {
        let netns = container.namespace.path();
        let directory = self.directory.path().to_str().unwrap();
        let place = ["--conf-dir", directory, "--plugin-dir", "/no/such/directory"];
        let add = ["net", "add", "mynet", &netns, "--id", &container.id];
        let ended = self.site.cofferctl(&[&add, &place[..], words].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }

    /// The operations that the journals of a container tell, by unit.
    fn journal(&self, container: &Container) -> BTreeMap<String, Vec<Done>> {
        let shown = self
            .site
            .cofferctl_json(&["show", &format!("mynet/{}/eth0", container.id)]);
        let units = shown["attachments"].as_array().unwrap().iter();
        units
            .map(|unit| (text(&unit["unit"]), operations(&unit["operations"])))
            .collect()
    }
}

/// Who did what.
type Done = (String, String);

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

/// Operations, with the names that are chosen at random as `veth…`.
fn operations(list: &Value) -> Vec<Done> {
    let operations = list.as_array().unwrap().iter();
    operations
        .map(|entry| (text(&entry["plugin"]), without_chance(&text(&entry["operation"]))))
        .collect()
}

fn without_chance(operation: &str) -> String {
    let is_chosen = |word: &str| word.len() > "veth".len() && word.starts_with("veth");
    let words = operation
        .split(' ')
        .map(|word| if is_chosen(word) { "veth…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn bridge(masquerade: bool) -> Value {
    json!({
        "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": masquerade,
        "ipam": { "type": "host-local", "subnet": "10.22.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }] },
    })
}

fn list(plugins: &[Value]) -> Value {
    json!({ "cniVersion": "1.0.0", "name": "mynet", "plugins": plugins })
}

/// Networks, with the capability arguments that they take.
fn networks() -> Vec<(&'static str, Value, Option<Value>)> {
    let host_local = json!({ "type": "host-local", "subnet": "10.22.0.0/16", "routes": [{ "dst": "0.0.0.0/0" }] });
    let ptp = json!({ "type": "ptp", "ipMasq": true, "ipam": host_local });
    let macvlan = json!({ "type": "macvlan", "master": "eth1", "ipam": host_local });
    let tuning = json!({ "type": "tuning", "sysctl": { "net.ipv4.conf.IFNAME.arp_filter": "1" }, "mtu": 1400 });
    let portmap = json!({ "type": "portmap", "capabilities": { "portMappings": true } });
    let mappings = json!({ "portMappings": [{ "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }] });
    let bandwidth = json!({ "type": "bandwidth", "ingressRate": 8_000_000, "ingressBurst": 800_000,
        "egressRate": 8_000_000, "egressBurst": 800_000 });
    let chain = json!({ "type": "cofferdam", "chain": [bridge(true), tuning] });
    vec![
        ("loopback", list(&[json!({ "type": "loopback" })]), None),
        ("bridge", list(&[bridge(false)]), None),
        ("bridge that masquerades", list(&[bridge(true)]), None),
        ("ptp", list(&[ptp]), None),
        ("macvlan", list(&[macvlan]), None),
        ("tuning", list(&[bridge(false), tuning]), None),
        ("portmap", list(&[bridge(false), portmap]), Some(mappings)),
        ("bandwidth", list(&[bridge(false), bandwidth]), None),
        ("sbr", list(&[bridge(false), json!({ "type": "sbr" })]), None),
        ("chain", list(&[chain]), None),
    ]
}

#[test]
fn a_plan_is_what_the_journal_of_the_add_tells() {
    needs_kernel!();
    for (what, network, capabilities) in networks() {
        let bench = Bench::new();
        furnish_eth1(bench.site.node());
        bench.configure(&network);
        let capabilities = capabilities.map(|arguments| arguments.to_string());
        let options: Vec<&str> = capabilities.iter().flat_map(|text| ["--cap-args", text]).collect();
        // The second one meets what the first one made.
        for id in ["first", "second"] {
            if id == "second" && capabilities.is_some() {
                continue;
            }
            let container = Container::new(id);
            let planned = bench.plan(&[&["--id", id], &options[..]].concat());
            assert_eq!(planned["succeeds"], true, "{what}, {id}: {planned:#}");

            bench.add(&container, &options);
            let units = bench.journal(&container);
            let in_order = network["plugins"].as_array().unwrap().iter().flat_map(|plugin| {
                let unit = if plugin["type"] == "cofferdam" {
                    "chain".to_owned()
                } else {
                    text(&plugin["type"])
                };
                units[&unit].clone()
            });
            let done: Vec<Done> = in_order.collect();
            assert_eq!(operations(&planned["operations"]), done, "{what}, {id}");
        }
    }
}

#[test]
fn nothing_of_the_node_is_changed_and_nothing_is_left() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[bridge(true)]));
    let container = Container::new("there");
    bench.add(&container, &[]);
    let netns = container.namespace.path();
    let before = (picture(&bench, &container), files(bench.site.installation().root()));
    let temporary = TempDir::with_prefix("cofferdam-test-").unwrap();
    let plan = |words: &[&str]| -> Value {
        let mut plan = bench.site.installation().cofferctl();
        plan.env("TMPDIR", temporary.path());
        plan.arg("plan").arg(bench.file()).args(words).arg("--json");
        let ended = bench.site.node().run(|| finish(&mut plan, b""));
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
    };

    // With a new namespace, and with one that is attached already, which fails.
    let new = plan(&[]);
    assert_eq!(new["succeeds"], true, "{new:#}");
    assert_eq!(new["end"]["result"]["ips"][0]["address"], "10.22.0.3/16", "{new:#}");
    let taken = plan(&["--netns", &netns, "--id", "other"]);
    assert_eq!(taken["succeeds"], false, "{taken:#}");
    let message = text(&taken["end"]["error"]["message"]);
    assert!(message.contains("eth0"), "{taken:#}");

    let after = (picture(&bench, &container), files(bench.site.installation().root()));
    before.0.0.assert_same(&after.0.0);
    before.0.1.assert_same(&after.0.1);
    assert_eq!(before.1, after.1);
    assert_eq!(files(temporary.path()), Files::new());
}

#[test]
fn links_may_come_and_go_meanwhile() {
    needs_kernel!();
    // Reading those that stay takes a while, in which the others go.
    const STAY: &str = "for n in $(seq 60); do echo link add s$n type veth peer name t$n; done | ip -batch -";
    const COME_AND_GO: &str = "for n in $(seq 8); do echo link add a$n type veth peer name b$n; done | ip -batch -; \
                               for n in $(seq 8); do echo link delete a$n; done | ip -batch -";
    let bench = Bench::new();
    bench.configure(&list(&[bridge(true)]));
    let shell = |script: &str| bench.site.node().tool("bash", &["-c", script]);
    shell(STAY);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let others = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                shell(COME_AND_GO);
            }
        });
        let file = bench.file();
        let plans: Vec<Ended> = (0..20)
            .map(|_| bench.site.cofferctl(&["plan", file.to_str().unwrap()]))
            .collect();
        is_over.store(true, Ordering::Relaxed);
        others.join().unwrap();
        for plan in plans {
            assert_eq!(plan.code, Some(0), "{plan:?}");
        }
    });
}

/// Both namespaces.
fn picture(bench: &Bench, container: &Container) -> (Snapshot, Snapshot) {
    let container = Snapshot::of(&container.namespace);
    (bench.site.snapshot(), container)
}

type Files = BTreeMap<PathBuf, (u64, u32, SystemTime)>;

/// All files below a directory, with what tells that one was written.
fn files(directory: &Path) -> Files {
    let mut found = Files::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let status = fs::symlink_metadata(&path).unwrap();
        if status.is_dir() {
            found.extend(files(&path));
        }
        found.insert(path, (status.len(), status.mode(), status.modified().unwrap()));
    }
    found
}

#[test]
fn who_is_not_root_plans_on_the_nodes_installation() {
    needs_root_and!("ip");
    let bench = Bench::new();
    bench.configure(&list(&[bridge(true)]));
    let file = bench.file();
    for path in [bench.directory.path(), &file] {
        std::os::unix::fs::chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    }
    let mut plan = bench.site.installation().cofferctl();
    plan.args(["plan", file.to_str().unwrap(), "--json"]);
    let ended = as_somebody(&bench, plan);

    let planned: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    assert_eq!(planned["succeeds"], true, "{planned:#}");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let remarks = planned["remarks"].to_string();
    assert!(remarks.contains("nftables"), "{remarks}");
    let container = Container::new("first");
    bench.add(&container, &[]);
    assert_eq!(operations(&planned["operations"]), bench.journal(&container)["bridge"]);
}

fn as_somebody(bench: &Bench, mut command: Command) -> Ended {
    command.uid(SOMEBODY).gid(SOMEBODY).env_remove("HOME");
    bench.site.node().run(|| finish(&mut command, b""))
}

/// An author has no installation, and no privilege.
#[test]
fn an_author_plans_with_a_component_and_a_policy_that_are_not_installed() {
    needs_root_and!("ip");
    let bench = Bench::new();
    bench.configure(&list(&[json!({ "type": "loopback" })]));
    let nowhere = TempDir::with_prefix("cofferdam-test-").unwrap();
    std::os::unix::fs::chown(nowhere.path(), Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    let wasm = nowhere.path().join("my.wasm");
    fs::copy(Products::locate().component("cofferdam-plugin-loopback"), &wasm).unwrap();
    let policy = nowhere.path().join("my.toml");
    fs::copy(Products::workspace().join("host/policy/default/loopback.toml"), &policy).unwrap();
    for path in [bench.directory.path(), &bench.file(), &wasm, &policy] {
        std::os::unix::fs::chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    }

    let mut plan = Command::new(Products::locate().cofferctl());
    plan.arg("--root").arg(nowhere.path().join("no-installation"));
    plan.arg("plan")
        .arg(bench.file())
        .arg("--component")
        .arg(&wasm)
        .arg("--policy")
        .arg(&policy);
    let ended = as_somebody(&bench, plan);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("set link lo in the container namespace up"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("my.toml:"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("+ address 127.0.0.1/8 dev lo"),
        "{}",
        ended.stdout
    );
}

#[test]
fn what_is_not_granted_is_told_and_planned_as_if_it_were() {
    needs_kernel!();
    let installation = Installation::without_policies();
    installation.policy(
        "bridge.toml",
        "[plugin.bridge]\n[[plugin.bridge.grant]]\nallow = \"link.create\"\nin = \"host\"\nkinds = [\"bridge\"]\n\
         names = [\"cni*\"]\n",
    );
    let bench = Bench::on(Site::with(installation));
    bench.configure(&list(&[bridge(false)]));

    let planned = bench.plan(&[]);

    assert_eq!(planned["succeeds"], false, "{planned:#}");
    let refused = planned["refused"].to_string();
    assert!(refused.contains("host-local"), "{planned:#}");
    let create = &planned["operations"][0];
    assert_eq!(
        create["operation"], "create bridge cni0 in the host namespace",
        "{planned:#}"
    );
    assert_eq!(create["takes"][0]["granted_by"][0]["line"], 2, "{planned:#}");
    let veth = planned["operations"].as_array().unwrap().iter();
    let mut veth = veth.filter(|entry| text(&entry["operation"]).starts_with("create veth pair"));
    let missing = text(&veth.next().unwrap()["takes"][0]["missing"]);
    assert!(missing.contains("allow = \"link.create\""), "{missing}");
    assert_eq!(
        planned["end"]["result"]["ips"][0]["address"], "10.22.0.2/16",
        "{planned:#}"
    );
    let words = bench.site.cofferctl(&["plan", bench.file().to_str().unwrap()]);
    assert_eq!(words.code, Some(1), "{words:?}");
    assert!(words.stdout.contains("NOT GRANTED: needs {"), "{}", words.stdout);
}

#[test]
fn a_plan_ends_where_what_comes_next_is_not_known() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[
        bridge(false),
        json!({ "type": "somebody-elses" }),
        json!({ "type": "tuning" }),
    ]));

    let planned = bench.plan(&[]);

    assert_eq!(planned["end"]["unknown"], "somebody-elses", "{planned:#}");
    assert_eq!(planned["succeeds"], false, "{planned:#}");
    let plugins = planned["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| text(&entry["plugin"]));
    assert!(plugins.into_iter().all(|plugin| plugin != "tuning"), "{planned:#}");
}

#[test]
fn a_trace_shows_each_call_with_what_handles_stand_for() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[bridge(false)]));
    let file = bench.file();

    let traced = bench.site.cofferctl(&["trace", file.to_str().unwrap()]);

    assert_eq!(traced.code, Some(0), "{traced:?}");
    let shown = traced.stdout;
    for call in [
        "bridge: links.ensure-bridge(in: the host namespace, name: \"cni0\"",
        "bridge: link.set-up(self: link cni0 in the host namespace) -> ()",
        "  host-local: records.claim(self: handle 0, name: \"10.22.0.2\") -> true",
        "bridge: routes.add(link: link eth0 in the container namespace",
    ] {
        assert!(shown.contains(call), "{call}: {shown}");
    }
    assert!(bench.site.node().link("cni0").is_none());
    let document = bench.site.cofferctl_json(&["trace", file.to_str().unwrap()]);
    let claimed = document["calls"].as_array().unwrap().iter();
    let mut claimed = claimed.filter(|call| call["function"] == "records.claim");
    assert_eq!(claimed.next().unwrap()["result"], "true", "{document:#}");
    assert_eq!(
        document["end"]["result"]["ips"][0]["address"], "10.22.0.2/16",
        "{document:#}"
    );
}

/// What the host says to a call that it denies is in the trace as well.
#[test]
fn a_trace_goes_on_to_the_call_that_fails() {
    needs_kernel!();
    let bench = Bench::new();
    bench
        .site
        .node()
        .ip(&["link", "add", "cni0", "type", "veth", "peer", "name", "far0"]);
    bench.configure(&list(&[bridge(false)]));

    let traced = bench.site.cofferctl(&["trace", bench.file().to_str().unwrap()]);

    assert_eq!(traced.code, Some(1), "{traced:?}");
    let last = traced.stdout.lines().last().unwrap_or_default();
    assert!(
        last.contains("links.ensure-bridge(") && last.contains("-> error Conflict("),
        "{traced:?}"
    );
    assert!(traced.stderr.contains("plugin bridge fails"), "{traced:?}");
}

#[test]
fn a_real_add_is_traced_on_the_kernel_and_detached_as_any_other() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[bridge(true), json!({ "type": "tuning", "mtu": 1400 })]));
    let container = Container::new("first");
    let netns = container.namespace.path();
    let file = bench.file();
    let before = picture(&bench, &container);

    let words = [
        "trace",
        file.to_str().unwrap(),
        "--real",
        "--netns",
        &netns,
        "--id",
        "first",
    ];
    let traced = bench.site.cofferctl(&words);

    assert_eq!(traced.code, Some(0), "{traced:?}");
    assert!(
        traced
            .stdout
            .contains("bridge: link.set-up(self: link cni0 in the host namespace) -> ()"),
        "{traced:?}"
    );
    assert!(traced.stdout.contains("tuning: "), "{traced:?}");
    assert!(traced.stderr.contains("net del mynet"), "{traced:?}");
    assert_eq!(container.namespace.addresses("eth0")[0], "10.22.0.2/16");
    assert_eq!(container.namespace.link("eth0").unwrap()["mtu"], 1400);
    let directory = bench.directory.path().to_str().unwrap();
    let place = ["--conf-dir", directory, "--plugin-dir", "/no/such/directory"];
    let del = ["net", "del", "mynet", &netns, "--id", "first"];
    let detached = bench.site.cofferctl(&[&del[..], &place].concat());
    assert_eq!(detached.code, Some(0), "{detached:?}");
    let after = picture(&bench, &container);
    before.0.assert_same(&after.0);
    before.1.assert_same(&after.1);
}

#[test]
fn a_real_add_takes_a_container_and_what_is_installed() {
    needs_kernel!();
    let bench = Bench::new();
    bench.configure(&list(&[bridge(false)]));
    let container = Container::new("first");
    let (file, netns) = (bench.file(), container.namespace.path());
    let file = file.to_str().unwrap();
    let before = picture(&bench, &container);

    for (options, why) in [
        (&[][..], "--netns"),
        (&["--netns", &netns, "--policy", "my.toml"][..], "for plans"),
    ] {
        let refused = bench.site.cofferctl(&[&["trace", file, "--real"], options].concat());
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(why), "{refused:?}");
    }
    let after = picture(&bench, &container);
    before.0.assert_same(&after.0);
    before.1.assert_same(&after.1);
}
