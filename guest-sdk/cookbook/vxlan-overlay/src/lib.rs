//! The plugin vxlan-overlay: the bridge that another plugin put the container
//! on is joined to a VXLAN with the other nodes, so that containers of all of
//! them are on one network.

// What only a component calls is dead code to the tests on this machine.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

use std::net::IpAddr;

use cofferdam_guest_sdk::{Attachment, Failure, Link, Namespace, Need, Plugin, Request, Vxlan, export_plugin};
use serde::Deserialize;

/// What the kernel calls a VXLAN.
const KIND: &str = "vxlan";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    bridge: String,
    vni: u32,
    peers: Vec<IpAddr>,
    local: Option<IpAddr>,
    port: Option<u16>,
    parent: Option<String>,
    mtu: Option<u32>,
}

impl Config {
    /// The link's name; all attachments of a network on a node share it.
    fn name(&self) -> String {
        format!("vx{}", self.vni)
    }

    fn vxlan(&self) -> Vxlan {
        let usual = Vxlan::new(self.vni);
        Vxlan {
            port: self.port.unwrap_or(usual.port),
            local: self.local,
            mtu: self.mtu,
            ..usual
        }
    }
}

struct VxlanOverlay;

impl Plugin for VxlanOverlay {
    type Config = Config;
    const NAME: &'static str = "vxlan-overlay";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("link.see").in_host(),
        Need::always("link.set")
            .in_host()
            .kinds(&["bridge"])
            .settings(&["ports"]),
        Need::always("link.create").in_host().kinds(&[KIND]),
        Need::always("vxlan.join").in_host(),
        Need::always("link.see").in_container(),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let previous = request.required_previous()?;
        let config = &request.config;
        let host = Namespace::host()?;
        let bridge = host.find(&config.bridge)?;
        let parent = match &config.parent {
            Some(name) => Some(host.find(name)?),
            None => None,
        };
        // The first attachment of the network makes it, and the last one's DEL
        // takes it away, with the peers.
        let vxlan = bridge.ensure_vxlan(&config.name(), &config.vxlan(), parent.as_ref())?;
        for peer in &config.peers {
            vxlan.add_vxlan_peer(*peer)?;
        }
        let interface = request.container()?.find(&request.interface_name)?;
        refuse_too_long(&interface, &vxlan)?;
        Ok(previous.clone())
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let config = &request.config;
        let name = config.name();
        let vxlan = Namespace::host()?
            .find_optional(&name)?
            .ok_or_else(|| Failure::changed(format!("VXLAN {name:?} is gone")))?;
        let info = vxlan.info()?;
        if !info.up || info.master.as_ref() != Some(&config.bridge) {
            return Err(Failure::changed(format!(
                "VXLAN {name:?} is down, or no port of bridge {:?} any more",
                config.bridge
            )));
        }
        let peers = vxlan.vxlan_peers()?;
        match config.peers.iter().find(|peer| !peers.contains(peer)) {
            Some(peer) => Err(Failure::changed(format!("peer {peer} of VXLAN {name:?} is gone"))),
            None => Ok(()),
        }
    }
}

export_plugin!(VxlanOverlay);

/// A frame that is longer than a packet of the VXLAN has room for is lost
/// without a word.
fn refuse_too_long(interface: &Link, vxlan: &Link) -> Result<(), Failure> {
    let (interface, vxlan) = (interface.info()?, vxlan.info()?);
    if interface.mtu <= vxlan.mtu {
        return Ok(());
    }
    Err(Failure::invalid_config(format!(
        "interface {:?} has an MTU of {}, and VXLAN {:?} room for {}; set that as mtu of the plugin before this one",
        interface.name, interface.mtu, vxlan.name, vxlan.mtu
    )))
}
