//! Gives the interface that a plugin before it made another MTU.

// What only a component calls is dead code to the tests on this machine.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod config;

use cofferdam_guest_sdk::{
    Attachment, Context as _, Failure, Need, Place, Plugin, Request, export_plugin,
};
use config::Config;

struct Mtu;

impl Plugin for Mtu {
    type Config = Config;
    const NAME: &'static str = "my-plugin";
    /// What is not declared here is denied, whatever a policy grants.
    const NEEDS: &'static [Need] = &[
        Need::always("link.see").in_container(),
        Need::always("link.set").in_container().settings(&["mtu"]),
    ];

    fn add(request: &Request<Config>) -> Result<Attachment, Failure> {
        let mtu = request.config.mtu()?;
        // Whoever comes later in the chain gets the result of who came before.
        let mut result = request.required_previous()?.clone();
        let name = &request.interface_name;
        let link = request.container()?.find(name)?;
        link.set_mtu(mtu).context("mtu")?;
        for interface in &mut result.interfaces {
            if interface.place == Place::Container && interface.name == *name {
                interface.mtu = Some(mtu);
            }
        }
        Ok(result)
    }

    fn del(_: &Request<Config>) -> Result<(), Failure> {
        // The host puts back what ADD changed, from its journal.
        Ok(())
    }

    fn check(request: &Request<Config>) -> Result<(), Failure> {
        let wanted = request.config.mtu()?;
        let info = request.container()?.find(&request.interface_name)?.info()?;
        if info.mtu == wanted {
            return Ok(());
        }
        Err(Failure::changed(format!(
            "the MTU of {:?} is {}, not {wanted}",
            info.name, info.mtu
        )))
    }
}

export_plugin!(Mtu);
