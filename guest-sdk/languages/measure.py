#!/usr/bin/env python3
"""Measures the components that build.sh made, as root, on the real kernel:

    measure.py COFFERCTL COFFERDAM COMPONENTS LANGUAGE…

For each language: the size of its two components and of their compiled form,
the time of an ADD of the plugin alone (median of 21, the whole process), and
the most memory that such a process had.
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
SOURCES = pathlib.Path(__file__).resolve().parents[2]
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

    def install(self, name, component, policy):
        """Adds a component and its policy; the bytes of its compiled form."""
        add = [self.cofferctl, "--root", self.root, "component", "add", "--name", name, component]
        subprocess.run(add, check=True, stdout=subprocess.DEVNULL)
        policies = self.root / "etc/cofferdam/policy.d"
        policies.mkdir(parents=True, exist_ok=True)
        shutil.copy(policy, policies / f"{name}.toml")
        store = self.root / "var/lib/cofferdam"
        digest = (store / "plugins" / name).read_text().strip().removeprefix("sha256:")
        [code] = (store / "components" / digest).glob("*.cwasm")
        return code.stat().st_size

    def call(self, verb, container, config):
        """One execution: seconds, peak memory in kilobytes, and what it printed."""
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
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        process.stdin.write(json.dumps(config).encode())
        process.stdin.close()
        output = process.stdout.read()
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"measure.py: {verb} of {config.get('plugin')} failed: {output.decode()}")
        return seconds, usage.ru_maxrss, output


def measured(site, config, prepare):
    """Median seconds and greatest memory of ADDs, each of a container of its own."""
    times, memories = [], []
    for _ in range(RUNS):
        container = Namespace()
        try:
            prepare(container)
            seconds, memory, _ = site.call("ADD", container, config)
            site.call("DEL", container, config)
        finally:
            container.close()
        times.append(seconds)
        memories.append(memory)
    return statistics.median(times), max(memories)


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
                policy = site.root / f"{name}.toml"
                text = (SOURCES / f"guest-sdk/languages/{plugin}/policy.toml").read_text()
                policy.write_text(text.replace(f"plugin.{plugin}", f"plugin.{name}"))
                code = site.install(name, component, policy)
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
    main(*sys.argv[1:])
