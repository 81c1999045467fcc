use cofferdam_protocol::MacAddress;

use crate::{Error, Link, Namespace, bindings::links, convert::mac_to_wit};

pub use crate::bindings::links::{
    IpvlanIsolation, IpvlanMode, IpvlanSettings, LinkSettings, MacvlanMode, MacvlanSettings, TapSettings, VlanSettings,
    VrfSettings,
};

/// A link to be made that is neither a bridge nor a veth pair.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{create_link, Error, LinkSettings, MacAddress, MacvlanMode, MacvlanSettings, Namespace, NewLink};
/// # fn example(host: &Namespace, container: &Namespace, mac: MacAddress) -> Result<(), Error> {
/// let parent = host.find("eth1")?;
/// let settings = LinkSettings::Macvlan(MacvlanSettings {
///     mode: MacvlanMode::Bridge,
///     broadcast_queue_length: None,
/// });
/// let wanted = NewLink::new(container, "eth0", settings)
///     .upon(&parent)
///     .with_mac(Some(mac))
///     .with_mtu(Some(1400))
///     .with_transmit_queue_length(Some(500));
/// create_link(wanted)?.set_up()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NewLink<'a> {
    namespace: &'a Namespace,
    name: &'a str,
    settings: LinkSettings,
    parent: Option<&'a Link>,
    mac: Option<MacAddress>,
    mtu: Option<u32>,
    transmit_queue_length: Option<u32>,
}

impl<'a> NewLink<'a> {
    /// A link in its namespace, with its name and kind.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, IpvlanIsolation, IpvlanMode, IpvlanSettings, LinkSettings, Namespace, NewLink, TapSettings, VlanSettings, VrfSettings};
    /// # fn example(container: &Namespace) -> Result<(), Error> {
    /// let kinds = [
    ///     ("vlan100", LinkSettings::Vlan(VlanSettings { id: 100 })),
    ///     ("red", LinkSettings::Vrf(VrfSettings { table: 100 })),
    ///     ("tap0", LinkSettings::Tap(TapSettings { owner: Some(1000), group: None, multi_queue: false })),
    ///     ("ipvl0", LinkSettings::Ipvlan(IpvlanSettings { mode: IpvlanMode::L2, isolation: IpvlanIsolation::None })),
    ///     ("dummy0", LinkSettings::Dummy),
    /// ];
    /// let wanted = kinds.map(|(name, settings)| NewLink::new(container, name, settings));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(namespace: &'a Namespace, name: &'a str, settings: LinkSettings) -> Self {
        Self {
            namespace,
            name,
            settings,
            parent: None,
            mac: None,
            mtu: None,
            transmit_queue_length: None,
        }
    }

    /// The same upon another link: what a macvlan, an ipvlan and a VLAN
    /// interface need.
    #[must_use]
    pub fn upon(mut self, parent: &'a Link) -> Self {
        self.parent = Some(parent);
        self
    }

    /// The same with a MAC address, if one is given; otherwise the host chooses
    /// one, or it is the parent's.
    #[must_use]
    pub fn with_mac(mut self, mac: Option<MacAddress>) -> Self {
        self.mac = mac;
        self
    }

    /// The same with an MTU in bytes, if one is given.
    #[must_use]
    pub fn with_mtu(mut self, mtu: Option<u32>) -> Self {
        self.mtu = mtu;
        self
    }

    /// The same with a length of its transmit queue in packets, if one is
    /// given.
    #[must_use]
    pub fn with_transmit_queue_length(mut self, length: Option<u32>) -> Self {
        self.transmit_queue_length = length;
        self
    }
}

/// Makes a link where it belongs, in one step. It is down.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, Link, LinkSettings, Namespace, NewLink, VlanSettings, create_link};
/// # fn example(host: &Namespace, container: &Namespace) -> Result<(), Error> {
/// let parent = host.find("eth1")?;
/// let vlan = LinkSettings::Vlan(VlanSettings { id: 100 });
/// let link = create_link(NewLink::new(container, "eth0", vlan).upon(&parent))?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::AlreadyExists`] when there is a link of that name,
/// [`Error::Conflict`] when name, address or VLAN is somebody else's,
/// [`Error::Unsupported`] where the kernel does not know the kind.
pub fn create_link(link: NewLink<'_>) -> Result<Link, Error> {
    let wanted = links::NewLink {
        in_: &link.namespace.0,
        name: link.name.to_owned(),
        mac: link.mac.map(mac_to_wit),
        mtu: link.mtu,
        transmit_queue_length: link.transmit_queue_length,
        parent: link.parent.map(|parent| &parent.0),
        settings: link.settings,
    };
    Ok(Link(links::create(&wanted)?))
}
