//! What the bridge and host-local components have the kernel do, done by a
//! native program: no sandbox, no check, no journal, nothing but networks of
//! one shape.
//!
//! The benchmark measures by it what Cofferdam adds. It is no plugin: it takes
//! for granted that its input is right.

#![allow(clippy::print_stdout)]

mod lease;

use std::{
    io::Read as _,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use cofferdam_network::{
    Bridge, Kernel, LinkId, LinkInfo, Network, OperationalState, Route, RouteMode, SysctlKey, VethEnd,
    namespace::open_namespace,
};
use cofferdam_protocol::{IpPrefix, MacAddress, Place};
use lease::Leases;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// The bits of every network.
const LENGTH: u8 = 16;

fn main() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let config: Value = serde_json::from_str(&text)?;
    let root = std::env::args().nth(2).context("--root DIRECTORY")?;
    let call = Call {
        container: variable("CNI_CONTAINERID")?,
        interface: variable("CNI_IFNAME")?,
        bridge: member(&config, "bridge")?,
        gateway: gateway(&config)?,
        leases: PathBuf::from(root)
            .join("var/lib/cni/networks")
            .join(member(&config, "name")?),
        kernel: kernel()?,
    };
    match variable("CNI_COMMAND")?.as_str() {
        "ADD" => println!("{:#}", call.add(&member(&config, "cniVersion")?)?),
        "DEL" => call.del()?,
        other => bail!("no {other} here"),
    }
    Ok(())
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name).with_context(|| name.to_owned())
}

fn member(config: &Value, name: &str) -> Result<String> {
    Ok(config[name].as_str().with_context(|| name.to_owned())?.to_owned())
}

/// The first address of the subnet.
fn gateway(config: &Value) -> Result<Ipv4Addr> {
    let subnet = member(&config["ipam"], "subnet")?;
    let suffix = format!("/{LENGTH}");
    let network: Ipv4Addr = subnet.strip_suffix(&suffix).context(suffix.clone())?.parse()?;
    Ok(Ipv4Addr::from_bits(network.to_bits() + 1))
}

fn kernel() -> Result<Kernel> {
    let namespace = open_namespace(Path::new(&variable("CNI_NETNS")?))?;
    Ok(Kernel::new(Duration::from_secs(10)).with_container(namespace))
}

struct Call {
    container: String,
    interface: String,
    bridge: String,
    gateway: Ipv4Addr,
    leases: PathBuf,
    kernel: Kernel,
}

impl Call {
    fn add(mut self, version: &str) -> Result<Value> {
        let bridge = self.bridge()?;
        let (host, inside) = self.pair(bridge.id.index)?;
        self.kernel.set_link_up(host, true)?;
        let address = IpPrefix::new(
            IpAddr::V4(Leases::open(&self.leases)?.claim(self.gateway, &self.container, &self.interface)?),
            LENGTH,
        )?;
        for name in ["net/ipv6/conf/{}/accept_dad=0", "net/ipv4/conf/{}/arp_notify=1"] {
            self.set(Place::Container, &name.replace("{}", &self.interface))?;
        }
        self.kernel.add_address(inside, address, true)?;
        self.kernel.set_link_up(inside, true)?;
        self.kernel
            .add_route(inside, &default_route(self.gateway)?, RouteMode::Append)?;
        self.be_gateway_on(bridge.id)?;
        let host = self.wait_until_up(host)?;
        let inside = self.kernel.link(inside)?.context("the container's end")?;
        Ok(json!({
            "cniVersion": version,
            "interfaces": [
                { "name": bridge.name, "mac": mac(&bridge) },
                { "name": host.name, "mac": mac(&host) },
                { "name": inside.name, "mac": mac(&inside), "sandbox": variable("CNI_NETNS")? },
            ],
            "ips": [{ "address": address.to_string(), "gateway": self.gateway.to_string(), "interface": 2 }],
            "routes": [{ "dst": "0.0.0.0/0" }],
        }))
    }

    fn del(mut self) -> Result<()> {
        if let Some(link) = self.kernel.link_by_name(Place::Container, &self.interface)? {
            self.kernel.delete_link(link.id)?;
        }
        Leases::open(&self.leases)?.release(&self.container, &self.interface)
    }

    fn bridge(&mut self) -> Result<LinkInfo> {
        let found = self.kernel.link_by_name(Place::Host, &self.bridge)?;
        let id = match &found {
            Some(info) => info.id,
            None => self.kernel.create_bridge(&Bridge {
                place: Place::Host,
                name: self.bridge.clone(),
                mac: random_mac()?,
                mtu: None,
                vlan_filtering: false,
            })?,
        };
        if !found.as_ref().is_some_and(|info| info.up) {
            self.kernel.set_link_up(id, true)?;
        }
        match found {
            Some(info) => Ok(info),
            None => self.kernel.link(id)?.context("the bridge"),
        }
    }

    fn pair(&mut self, bridge: u32) -> Result<(LinkId, LinkId)> {
        let mac = random_mac()?;
        let name = format!("veth{:02x}{:02x}{:02x}{:02x}", mac.0[2], mac.0[3], mac.0[4], mac.0[5]);
        let host = VethEnd {
            place: Place::Host,
            name: name.clone(),
            mac,
            mtu: None,
            master: Some(bridge),
        };
        let inside = VethEnd {
            place: Place::Container,
            name: self.interface.clone(),
            mac: random_mac()?,
            mtu: None,
            master: None,
        };
        let pair = self.kernel.create_veth(&host, &inside)?;
        self.set(Place::Host, &format!("net/ipv6/conf/{name}/accept_ra=0"))?;
        Ok(pair)
    }

    fn be_gateway_on(&mut self, bridge: LinkId) -> Result<()> {
        let gateway = IpPrefix::new(IpAddr::V4(self.gateway), LENGTH)?;
        let present = self.kernel.addresses(bridge)?;
        if !present.iter().any(|info| info.address == gateway) {
            self.kernel.add_address(bridge, gateway, true)?;
        }
        self.set(Place::Host, "net/ipv4/ip_forward=1")
    }

    /// `KEY=VALUE`.
    fn set(&mut self, place: Place, assignment: &str) -> Result<()> {
        let (key, value) = assignment.split_once('=').context("an assignment")?;
        let key = SysctlKey::new(key.split('/').map(str::to_owned).collect())?;
        Ok(self.kernel.set_sysctl(place, &key, value)?)
    }

    fn wait_until_up(&mut self, link: LinkId) -> Result<LinkInfo> {
        loop {
            let info = self.kernel.link(link)?.context("the port")?;
            if info.operational_state == OperationalState::Up {
                return Ok(info);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn default_route(gateway: Ipv4Addr) -> Result<Route> {
    Ok(Route {
        destination: IpPrefix::any(false),
        gateway: Some(IpAddr::V4(gateway)),
        source: None,
        priority: None,
        table: None,
        scope: None,
        mtu: None,
        advmss: None,
    })
}

fn mac(link: &LinkInfo) -> Option<String> {
    link.mac.map(|mac| mac.to_string())
}

/// A unicast address of the locally administered kind.
fn random_mac() -> Result<MacAddress> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("random bytes: {error}"))?;
    bytes[0] = bytes[0] & 0xfe | 0x02;
    Ok(MacAddress(bytes))
}
