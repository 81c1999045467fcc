//! The plugin mtu-cap: lowers the MTU of the container's interface, which
//! another plugin of the list made, to a maximum.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

use cofferdam_guest_sdk::{Attachment, Failure, Need, Place, Plugin, Request, export_plugin};
use serde::Deserialize;

/// IPv4 works from here on; the kernel takes no more than the other.
const MTUS: std::ops::RangeInclusive<u32> = 68..=65535;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    max_mtu: Option<u32>,
}

impl Config {
    fn maximum(&self) -> Result<u32, Failure> {
        let maximum = self
            .max_mtu
            .ok_or_else(|| Failure::invalid_config("maxMtu is missing: the largest MTU, in bytes"))?;
        if !MTUS.contains(&maximum) {
            return Err(Failure::invalid_config(format!(
                "maxMtu is {maximum}, which is not from 68 to 65535"
            )));
        }
        Ok(maximum)
    }
}

struct MtuCap;

impl Plugin for MtuCap {
    type Config = Config;
    const NAME: &'static str = "mtu-cap";
    const NEEDS: &'static [Need] = &[
        Need::always("link.see").in_container(),
        Need::when("the MTU is above maxMtu", "link.set")
            .in_container()
            .settings(&["mtu"]),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let maximum = request.config.maximum()?;
        let mut result = request.required_previous()?.clone();
        let link = request.container()?.find(&request.interface_name)?;
        if link.info()?.mtu > maximum {
            link.set_mtu(maximum)?;
            tell(&mut result, &request.interface_name, maximum);
        }
        Ok(result)
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        // The host puts the MTU back.
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let maximum = request.config.maximum()?;
        let name = &request.interface_name;
        let mtu = request.container()?.find(name)?.info()?.mtu;
        if mtu > maximum {
            return Err(Failure::changed(format!(
                "the MTU of {name:?} is {mtu}, more than maxMtu {maximum}"
            )));
        }
        Ok(())
    }
}

export_plugin!(MtuCap);

/// What the result tells of the interface is as it is by now.
fn tell(result: &mut Attachment, name: &str, mtu: u32) {
    for interface in &mut result.interfaces {
        if interface.place == Place::Container && interface.name == name {
            interface.mtu = interface.mtu.map(|_| mtu);
        }
    }
}
