//! Network devices of the node that a container gets for itself, until it is
//! detached. Grant: `device.take`.

use cofferdam_protocol::MacAddress;

use crate::{Error, Link, bindings::devices, convert::mac_to_wit};

/// What a device is found by; the host looks for it.
///
/// ```
/// # use cofferdam_guest_sdk::devices::Selector;
/// let virtual_function = Selector::Pci("0000:03:00.1".to_owned());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The name of its link.
    Name(String),
    /// The Ethernet address that its link has.
    Mac(MacAddress),
    /// Its directory, below `/sys/devices/`.
    KernelPath(String),
    /// Its address on the PCI bus, as `0000:03:00.1`.
    Pci(String),
    /// The same, or the name of a device of the auxiliary bus.
    Id(String),
}

/// What was taken.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{devices::{self, Device, Selector}, Error, log};
/// # fn example() -> Result<(), Error> {
/// match devices::take(&Selector::Pci("0000:03:00.1".to_owned()), "net1")? {
///     Device::Link(link) => link.set_up()?,
///     Device::Userspace(address) => log::info(&format!("{address} is for a driver of user space")),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub enum Device {
    /// Its link, in the container's namespace. It is down.
    Link(Link),
    /// It has none: a driver of user space (DPDK) has the device with this PCI
    /// address, and nothing was moved.
    Userspace(String),
}

/// Moves a device's link into the container's namespace, under its name there.
/// The host moves it back, as it was, when the attachment goes.
///
/// ```no_run
/// use cofferdam_guest_sdk::devices::{self, Device, Selector};
///
/// # fn example() -> Result<(), cofferdam_guest_sdk::Error> {
/// if let Device::Link(link) = devices::take(&Selector::Name("eth5".to_owned()), "net1")? {
///     link.set_up()?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::NotFound`] when there is none that this plugin may take,
/// [`Error::Conflict`] when somebody else uses it, [`Error::AlreadyExists`]
/// when the container has a link of that name.
pub fn take(device: &Selector, name: &str) -> Result<Device, Error> {
    Ok(match devices::take(&device.into(), name)? {
        devices::Device::Link(link) => Device::Link(Link(link)),
        devices::Device::Userspace(address) => Device::Userspace(address),
    })
}

/// Moves back, in DEL and GC, a link of the container that another plugin of
/// the same name took, and whose name it left as the link's alias.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{devices, Error, Outcome};
/// # fn example() -> Result<(), Error> {
/// devices::give_back("net1").optional()?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::NotFound`] when there is no such link, [`Error::AlreadyExists`]
/// when somebody took its name on the node.
pub fn give_back(name: &str) -> Result<(), Error> {
    Ok(devices::give_back(name)?)
}

impl From<&Selector> for devices::Selector {
    fn from(selector: &Selector) -> Self {
        match selector {
            Selector::Name(name) => Self::Name(name.clone()),
            Selector::Mac(mac) => Self::Mac(mac_to_wit(*mac)),
            Selector::KernelPath(path) => Self::KernelPath(path.clone()),
            Selector::Pci(address) => Self::Pci(address.clone()),
            Selector::Id(id) => Self::Id(id.clone()),
        }
    }
}
