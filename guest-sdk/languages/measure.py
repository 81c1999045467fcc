#!/usr/bin/env python3
"""Measures the components that build.sh made, as root, on the real kernel:

    measure.py COFFERCTL COFFERDAM COMPONENTS LANGUAGE…

For each language: the size of its two components and of their compiled form,
the time of an ADD of the plugin alone (median of 21, the whole process), and
the most memory that such a process had, which Debian's package `time` tells.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 21
LANGUAGES = pathlib.Path(__file__).resolve().parent
NETWORK = {"cniVersion": "1.1.0", "name": "mynet"}


class Namespace:
    """A network namespace that lasts as long as a process that sleeps in it."""

    def __init__(self):
        # It must be in its namespace before anybody looks it up.
        self.process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec sleep 600"], stdout=subprocess.PIPE
        )
        self.process.stdout.readline()
        self.path = f"/proc/{self.process.pid}/ns/net"

    def run(self, *command):
        subprocess.run(["nsenter", f"--net={self.path}", *command], check=True)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Site:
    """An installation of its own, and a node."""

    def __init__(self, cofferctl, cofferdam):
        self.cofferctl = cofferctl
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="cofferdam-measure-"))
        self.root.chmod(0o755)
        self.node = Namespace()
        self.node.run("ip", "link", "set", "lo", "up")
        self.executable = self.root / "cofferdam"
        shutil.copy(cofferdam, self.executable)

    def close(self):
        self.node.close()
        shutil.rmtree(self.root)

    def install(self, name, component, policies):
        """Adds a component and its policies; the bytes of its compiled form."""
        add = [self.cofferctl, "--root", self.root, "component", "add", "--name", name, component]
        subprocess.run(add, check=True, stdout=subprocess.DEVNULL)
        directory = self.root / "etc/cofferdam/policy.d"
        directory.mkdir(parents=True, exist_ok=True)
        for number, (plugin, policy) in enumerate(policies):
            text = policy.read_text().replace(f"plugin.{plugin}", f"plugin.{name}")
            (directory / f"{name}.{number}.toml").write_text(text)
        store = self.root / "var/lib/cofferdam"
        digest = (store / "plugins" / name).read_text().strip().removeprefix("sha256:")
        [code] = (store / "components" / digest).glob("*.cwasm")
        return code.stat().st_size

    def call(self, verb, container, config, within=()):
        """One execution, by a program that executes others if need be; its
        seconds."""
        environment = {
            "PATH": os.environ["PATH"],
            "CNI_COMMAND": verb,
            "CNI_CONTAINERID": f"c{container.process.pid}",
            "CNI_NETNS": container.path,
            "CNI_IFNAME": "eth0",
            "CNI_PATH": str(self.root),
        }
        command = ["nsenter", f"--net={self.node.path}", self.executable, "--root", self.root]
        began = time.perf_counter()
        ended = subprocess.run(
            [*within, *command], env=environment, input=json.dumps(config).encode(), stdout=subprocess.PIPE
        )
        seconds = time.perf_counter() - began
        if ended.returncode != 0:
            sys.exit(f"measure.py: {verb} of {config['plugin']} failed: {ended.stdout.decode()}")
        return seconds

    def peak(self, container, config):
        """Kilobytes of memory that an ADD has at most. A process's own figure
        begins with that of the one it was forked from: this one is small."""
        file = self.root / "peak"
        self.call("ADD", container, config, ["/usr/bin/time", "--format=%M", f"--output={file}"])
        return int(file.read_text())


def attached(site, config, prepare, add):
    """What `add` gives for a container of its own, which is detached again."""
    container = Namespace()
    try:
        prepare(container)
        given = add(container, config)
        site.call("DEL", container, config)
    finally:
        container.close()
    return given


def measured(site, config, prepare):
    """Median seconds of an ADD, and its peak memory in kilobytes."""
    times = [
        attached(site, config, prepare, lambda *request: site.call("ADD", *request)) for _ in range(RUNS)
    ]
    return statistics.median(times), attached(site, config, prepare, site.peak)


def policies(components, language, plugin):
    """The files that tell what the plugin may do, each with the name in it."""
    project = pathlib.Path(components, "projects", language, plugin, "policy.d", f"{plugin}.toml")
    return [(plugin, project if project.exists() else LANGUAGES / plugin / "policy.toml")]


def with_eth0(container):
    container.run("ip", "link", "add", "eth0", "mtu", "1500", "type", "veth", "peer", "name", "peer")


def chained(name):
    """What the chained plugin is called with."""
    interface = {"name": "eth0", "sandbox": "/proc/self/ns/net", "mtu": 1500}
    previous = {"cniVersion": "1.1.0", "interfaces": [interface], "ips": []}
    return NETWORK | {"type": "cofferdam", "plugin": name, "maxMtu": 1400, "prevResult": previous}


def address_management(name):
    """What the address management plugin is called with."""
    ipam = {"type": name, "addresses": ["10.77.0.2/24", "10.77.0.3/24"]}
    return NETWORK | {"type": "cofferdam", "plugin": name, "ipam": ipam}


KINDS = [("mtu-cap", chained, with_eth0), ("list-ipam", address_management, lambda container: None)]


def main(cofferctl, cofferdam, components, *languages):
    print("| language | plugin | component | compiled | ADD, median | peak memory |")
    print("|---|---|---|---|---|---|")
    site = Site(cofferctl, cofferdam)
    try:
        for language in languages:
            for plugin, configuration, prepare in KINDS:
                name = f"{language}-{plugin}"
                component = pathlib.Path(components, language, f"{plugin}.wasm")
                code = site.install(name, component, policies(components, language, plugin))
                seconds, memory = measured(site, configuration(name), prepare)
                print(
                    f"| {language} | `{plugin}` | {component.stat().st_size / 1000:,.0f} KB | {code / 1000:,.0f} KB "
                    f"| {seconds * 1000:.1f} ms | {memory / 1024:.1f} MiB |",
                    flush=True,
                )
    finally:
        site.close()


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    if not pathlib.Path("/usr/bin/time").exists():
        sys.exit("measure.py: Debian's package time is missing")
    main(*sys.argv[1:])
