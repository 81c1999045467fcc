//! The loopback plugin: `lo` of the container is up while it is attached.
//! Every container gets it, whatever `CNI_IFNAME` says.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

use cofferdam_guest_sdk::{
    Address, Attachment, Failure, Interface, IpPrefix, Link, MacAddress, Need, Plugin, Request, config::Nothing,
    export_plugin,
};

const LO: &str = "lo";

struct Loopback;

impl Plugin for Loopback {
    type Config = Nothing;
    const NAME: &'static str = "loopback";
    const CONFIG_SCHEMA: Option<&'static str> = Some(include_str!("config.schema.json"));
    const NEEDS: &'static [Need] = &[
        Need::always("link.see").in_container().names(&[LO]),
        Need::always("link.set").in_container().names(&[LO]).settings(&["up"]),
        Need::always("address.see").in_container().names(&[LO]),
    ];

    fn configure(_: &str) -> Result<Nothing, Failure> {
        Ok(Nothing {})
    }

    fn add(request: &Request<Nothing>) -> Result<Attachment, Failure> {
        let lo = request.container()?.find(LO)?;
        lo.set_up()?;
        let addresses = loopback_addresses(&lo)?;
        if let Some(previous) = &request.previous {
            return Ok(previous.clone());
        }
        Ok(attachment(&addresses))
    }

    fn del(request: &Request<Nothing>) -> Result<(), Failure> {
        let Some(container) = request.container_if_exists()? else {
            return Ok(());
        };
        match container.find_optional(LO)? {
            Some(lo) => Ok(lo.set_down()?),
            None => Ok(()),
        }
    }

    fn check(request: &Request<Nothing>) -> Result<(), Failure> {
        if request.container()?.find(LO)?.info()?.up {
            return Ok(());
        }
        Err(Failure::changed("loopback interface is down"))
    }
}

export_plugin!(Loopback);

fn loopback_addresses(lo: &Link) -> Result<Vec<IpPrefix>, Failure> {
    let addresses: Vec<IpPrefix> = lo.addresses()?.into_iter().map(|info| info.address).collect();
    match addresses.iter().find(|address| !address.address().is_loopback()) {
        None => Ok(addresses),
        Some(stranger) => Err(Failure::internal(format!(
            "loopback interface found with non-loopback address \"{stranger}\""
        ))),
    }
}

/// `lo` with its first address of either family.
fn attachment(addresses: &[IpPrefix]) -> Attachment {
    let mut attachment = Attachment::default();
    let lo = Interface::in_container(LO).with_mac(Some(MacAddress([0; 6])));
    let position = attachment.add_interface(lo);
    for ipv6 in [false, true] {
        let first = addresses.iter().find(|address| address.is_ipv6() == ipv6);
        attachment
            .addresses
            .extend(first.map(|address| Address::new(*address).on_interface(position)));
    }
    attachment
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_result_has_the_first_address_of_either_family() {
        for (given, expected) in [
            (vec![], vec![]),
            (vec!["127.0.0.1/8"], vec!["127.0.0.1/8"]),
            (
                vec!["::1/128", "127.0.0.1/8", "127.0.0.2/8"],
                vec!["127.0.0.1/8", "::1/128"],
            ),
        ] {
            let given: Vec<IpPrefix> = given.iter().map(|text| text.parse().unwrap()).collect();
            let attachment = attachment(&given);
            let addresses: Vec<String> = attachment.addresses.iter().map(|a| a.address.to_string()).collect();
            assert_eq!(addresses, expected);
            assert!(attachment.addresses.iter().all(|address| address.interface == Some(0)));
        }
    }

    #[test]
    fn lo_has_the_address_that_the_kernel_shows() {
        let attachment = attachment(&[]);
        assert_eq!(attachment.interfaces[0].mac.as_deref(), Some("00:00:00:00:00:00"));
    }
}
