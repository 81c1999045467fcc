//! `cofferctl docker-run` with podman.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command, thread, time::Duration};

use cofferdam_tests::{BusyboxImage, Ended, Products, Running, Snapshot, finish, needs_kernel, needs_root_and, page};

use crate::host::Host;

const IMAGE: &str = BusyboxImage::NAME;

/// What there is on the machine before a call, and has to be after it.
struct Before<'h> {
    host: &'h Host,
    network: Snapshot,
    containers: String,
}

impl<'h> Before<'h> {
    fn of(host: &'h Host) -> Self {
        Self {
            host,
            network: host.snapshot(),
            containers: containers(host),
        }
    }

    #[track_caller]
    fn nothing_is_left(&self) {
        assert_eq!(containers(self.host), self.containers, "containers stayed");
        self.network.assert_same(&self.host.snapshot());
        assert_eq!(files(self.host), "", "files stayed");
    }
}

/// All containers, ended ones included.
fn containers(host: &Host) -> String {
    host.podman(&["ps", "--all", "--format", "{{.Names}}"])
}

/// The files of Cofferdam on the machine that are there for what runs.
fn files(host: &Host) -> String {
    let ours = ["(", "-name", "cofferctl-*", "-o", "-path", "/run/cofferdam/*", ")"];
    let arguments = [&["/run", "-type", "f"], &ours[..]].concat();
    // It complains of what goes while it looks.
    host.machine.try_run("find", &arguments).stdout
}

/// `cofferctl` on the machine, whose podman puts containers where the machine's control groups are.
fn cofferctl(host: &Host) -> Command {
    let programs = host.machine.directory("programs");
    let podman = programs.join("podman");
    let script = format!(
        "#!/bin/sh\ncase $1 in run) shift; set -- run --cgroup-parent /{} \"$@\";; esac\n\
         PATH=${{PATH#*:}} exec podman \"$@\"\n",
        host.machine.control_group()
    );
    fs::write(&podman, script).unwrap();
    fs::set_permissions(&podman, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = host.command(Products::locate().cofferctl());
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", programs.display()));
    command
}

/// `cofferctl docker-run OPTIONS -- ARGUMENTS`, with an image that is there.
fn command(host: &Host, options: &[&str], arguments: &[&str]) -> Command {
    let mut command = cofferctl(host);
    command
        .args(["docker-run", "--engine", "podman", "--pause-image", IMAGE])
        .args(options)
        .arg("--")
        .args(arguments);
    command
}

fn docker_run(host: &Host, options: &[&str], arguments: &[&str]) -> Ended {
    finish(&mut command(host, options, arguments), b"")
}

/// `sh -c SCRIPT`, once it has said `ready`.
fn running(host: &Host, options: &[&str], script: &str) -> Running {
    let arguments = ["--entrypoint", "/bin/sh", IMAGE, "-c", script];
    let running = Running::start(&mut command(host, options, &arguments));
    assert_eq!(running.line(), "ready");
    running
}

/// Sends a signal to `cofferctl` itself: what was started is `nsenter`, which waits for it in another process.
fn signal(running: &Running, signal: &str) {
    let children = format!("/proc/{0}/task/{0}/children", running.id());
    let is_cofferctl = |pid: &&str| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        name.trim() == "cofferctl"
    };
    let target = (0..600).find_map(|_| {
        let children = fs::read_to_string(&children).unwrap();
        let target = children.split_whitespace().find(is_cofferctl).map(str::to_owned);
        target.or_else(|| {
            thread::sleep(Duration::from_millis(10));
            None
        })
    });
    let target = target.expect("nsenter executes cofferctl");
    let ended = finish(Command::new("kill").args([signal, &target]), b"");
    let _ = ended.printed(format_args!("kill {target}"));
}

#[test]
fn the_container_joins_the_networks_and_leaves_nothing() {
    needs_podman!();
    let host = Host::new();
    let before = Before::of(&host);

    let ip = ["--entrypoint", "/bin/ip", IMAGE, "-4", "-o", "address"];
    let ended = docker_run(&host, &["--net", "front", "--net", "back"], &ip);

    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("eth0    inet 10.22.0.2/16"), "{}", ended.stdout);
    assert!(ended.stdout.contains("eth1    inet 10.23.0.2/16"), "{}", ended.stdout);
    before.nothing_is_left();
}

#[test]
fn its_exit_code_is_the_containers() {
    needs_podman!();
    let host = Host::new();
    let before = Before::of(&host);
    let exits = ["--rm", "--entrypoint", "/bin/sh", IMAGE, "-c", "exit 42"];
    assert_eq!(docker_run(&host, &["--net", "front"], &exits).code, Some(42));
    before.nothing_is_left();
    let detached = ["--detach", "--entrypoint", "/bin/sh", IMAGE, "-c", "sleep 1; exit 7"];
    assert_eq!(docker_run(&host, &["--net", "front"], &detached).code, Some(7));
    before.nothing_is_left();
    let missing = ["--entrypoint", "/no/such/program", IMAGE];
    assert_eq!(docker_run(&host, &["--net", "front"], &missing).code, Some(127));
    before.nothing_is_left();
}

#[test]
fn a_published_port_is_reached_and_the_name_is_the_pause_containers() {
    needs_podman!();
    let host = Host::new();
    let before = Before::of(&host);
    let options = ["--net", "front", "--name", "web", "--publish", "8080:80"];
    let mut serving = running(
        &host,
        &options,
        "httpd -p 80 -h /; trap 'exit 0' TERM; echo ready; while :; do sleep 1; done",
    );

    let greeting = page(&host.outside, "192.0.2.1:8080", "/greeting");
    let named = host.podman(&["ps", "--filter", "name=^web$", "--format", "{{.Names}}"]);
    signal(&serving, "-TERM");
    let status = serving.wait();

    assert_eq!(greeting.as_deref(), Some(BusyboxImage::GREETING));
    assert_eq!(named, "web");
    assert_eq!(status.code(), Some(0), "the container ended itself");
    before.nothing_is_left();
}

#[test]
fn a_container_that_does_not_listen_to_signals_is_ended_after_a_while() {
    needs_podman!();
    let host = Host::new();
    let before = Before::of(&host);
    let mut deaf = running(&host, &["--net", "front"], "echo ready; exec sleep 1000");
    let there = files(&host);
    assert!(there.contains(".resolv.conf") && there.contains(".journal"), "{there}");

    signal(&deaf, "-INT");
    let status = deaf.wait();

    assert_eq!(status.code(), Some(137));
    before.nothing_is_left();
}

#[test]
fn when_it_is_killed_so_is_the_container_and_nothing_stays() {
    needs_podman!();
    let host = Host::new();
    let before = Before::of(&host);
    let mut killed = running(&host, &["--net", "front"], "echo ready; exec sleep 1000");
    assert_eq!(host.podman(&["ps", "--quiet"]).lines().count(), 2);

    signal(&killed, "-KILL");
    assert!(!killed.wait().success());
    settle(&host);

    before.nothing_is_left();
}

#[test]
fn nothing_stays_whenever_it_is_killed() {
    needs_podman!();
    let host = Host::new();
    let before = Before::of(&host);
    for milliseconds in [50, 150, 250, 350, 450, 600, 800] {
        let mut killed = Running::start(&mut command(&host, &["--net", "front"], &[IMAGE]));
        thread::sleep(Duration::from_millis(milliseconds));
        signal(&killed, "-KILL");
        assert!(!killed.wait().success());
        settle(&host);
        before.nothing_is_left();
    }
}

/// Waits until nobody has anything on the machine any more: who undoes it is no child of this process.
fn settle(host: &Host) {
    for _ in 0..600 {
        thread::sleep(Duration::from_millis(50));
        if files(host).is_empty() && containers(host).is_empty() && !heirs(host) {
            break;
        }
    }
}

/// Whether a `cofferctl` is still at work.
fn heirs(host: &Host) -> bool {
    let processes = host.machine.run("ps", &["-A", "-o", "comm="]);
    processes.lines().any(|name| name.trim() == "cofferctl")
}

#[test]
fn its_resolver_is_told_what_that_of_a_command_would_be() {
    needs_podman!();
    let host = Host::new();
    let before = Before::of(&host);
    let options = [
        "--net",
        "front",
        "--dns",
        "192.0.2.53",
        "--dns-search",
        "a.example",
        "--dns-option",
        "ndots:2",
    ];

    let cat = ["--entrypoint", "/bin/cat", IMAGE, "/etc/resolv.conf"];
    let ended = docker_run(&host, &options, &cat);

    let text = ended.printed("docker-run");
    assert_eq!(text, "search a.example\nnameserver 192.0.2.53\noptions ndots:2\n");
    before.nothing_is_left();
}

#[test]
fn what_goes_wrong_is_said_and_nothing_stays() {
    needs_podman!();
    let host = Host::new();
    host.serve("taken", &["--network", "front"]);
    let before = Before::of(&host);
    let sleep = [IMAGE];

    let taken = docker_run(&host, &["--net", "front", "--name", "taken"], &sleep);
    assert_eq!(taken.code, Some(1));
    assert!(
        taken.stderr.contains("taken") && taken.stderr.contains("could not start"),
        "{}",
        taken.stderr
    );
    before.network.assert_same(&host.snapshot());
    assert_eq!(containers(&host), "taken", "the other one is left alone");

    let unknown = docker_run(&host, &["--net", "blue"], &sleep);
    assert!(unknown.stderr.contains("\"blue\""), "{}", unknown.stderr);
    let lost = docker_run(&host, &["--net", "front", "--bandwidth", "egress=1M"], &sleep);
    assert!(
        lost.stderr.contains("--bandwidth") && lost.stderr.contains("\"front\""),
        "{}",
        lost.stderr
    );
    let impossible = docker_run(&host, &["--net", "front", "--args", "IP=10.99.0.1"], &sleep);
    assert!(impossible.stderr.contains("network \"front\""), "{}", impossible.stderr);
    assert_eq!(containers(&host), "taken");
    before.network.assert_same(&host.snapshot());
}

#[test]
fn podman_and_a_pause_image_are_found_where_nobody_names_them() {
    needs_podman!();
    let host = Host::new();
    host.podman(&["tag", IMAGE, "docker.io/library/busybox:latest"]);
    let before = Before::of(&host);
    let mut command = cofferctl(&host);
    // Without `--`: the first word that is no option of its own is podman's.
    command.args([
        "docker-run",
        "--net",
        "front",
        "--rm",
        "--entrypoint",
        "/bin/hostname",
        IMAGE,
        "-i",
    ]);

    let ended = finish(&mut command, b"");

    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    before.nothing_is_left();
    let docker = finish(cofferctl(&host).args(["docker-run", "--engine", "docker", IMAGE]), b"");
    assert_eq!(docker.code, Some(1));
    assert!(docker.stderr.contains("docker"), "{}", docker.stderr);
}
