use cofferdam_guest_sdk::{Address, Error, Failure, Namespace};

use crate::config::Config;

/// The container's settings, before its addresses come.
pub(crate) fn prepare(
    config: &Config,
    container: &Namespace,
    interface: &str,
    addresses: &[Address],
) -> Result<(), Failure> {
    if addresses.iter().any(|address| address.address.is_ipv6()) {
        enable_ipv6(container, interface)?;
    }
    detect_duplicates(container, interface, config.enabledad)?;
    // Tells the neighbours who has the address when the link comes up.
    optional(container.set_sysctl(&["net", "ipv4", "conf", interface, "arp_notify"], "1"))
}

fn enable_ipv6(container: &Namespace, interface: &str) -> Result<(), Failure> {
    for name in ["lo", interface] {
        optional(container.set_sysctl(&["net", "ipv6", "conf", name, "disable_ipv6"], "0"))?;
    }
    container.set_sysctl(&["net", "ipv6", "conf", interface, "keep_addr_on_down"], "1")?;
    Ok(())
}

fn detect_duplicates(container: &Namespace, interface: &str, enabled: bool) -> Result<(), Failure> {
    if enabled {
        optional(container.set_sysctl(&["net", "ipv6", "conf", interface, "enhanced_dad"], "1"))?;
    }
    let value = if enabled { "1" } else { "0" };
    optional(container.set_sysctl(&["net", "ipv6", "conf", interface, "accept_dad"], value))
}

/// A kernel without the setting is a kernel that does not need it.
fn optional(written: Result<(), Error>) -> Result<(), Failure> {
    match written {
        Ok(()) | Err(Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
