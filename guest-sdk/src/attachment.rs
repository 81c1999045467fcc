use std::net::IpAddr;

use cofferdam_protocol::{IpPrefix, MacAddress};

use crate::{Error, Link};

/// The result of an ADD: what the attachment consists of.
///
/// The host turns it into the JSON of the version that the configuration asks
/// for, and checks it against the kernel first.
///
/// ```
/// use cofferdam_guest_sdk::{Address, Attachment, Interface, Route};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut attachment = Attachment::default();
/// let eth0 = attachment.add_interface(Interface::in_container("eth0"));
/// attachment
///     .addresses
///     .push(Address::new("10.22.0.2/16".parse()?).on_interface(eth0));
/// attachment
///     .routes
///     .push(Route::to("0.0.0.0/0".parse()?).via("10.22.0.1".parse()?));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// In the order of the result.
    pub interfaces: Vec<Interface>,
    /// In the order of the result.
    pub addresses: Vec<Address>,
    /// In the order of the result.
    pub routes: Vec<Route>,
    /// Name resolution.
    pub dns: Dns,
}

impl Attachment {
    /// The result of a plugin that gives the container one interface.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Attachment, Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// let attachment = Attachment::of_container_link(link)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The link is gone.
    pub fn of_container_link(link: &Link) -> Result<Self, Error> {
        let info = link.info()?;
        let mut attachment = Self::default();
        attachment.add_interface(Interface::in_container(info.name).with_mac(info.mac));
        Ok(attachment)
    }

    /// Appends an interface and says at which position it is, for
    /// [`Address::on_interface`].
    ///
    /// ```
    /// # use cofferdam_guest_sdk::{Address, Attachment, Interface};
    /// let mut attachment = Attachment::default();
    /// let position = attachment.add_interface(Interface::in_container("eth0"));
    /// attachment.addresses.push(Address::new("10.22.0.2/16".parse().unwrap()).on_interface(position));
    /// ```
    pub fn add_interface(&mut self, interface: Interface) -> u32 {
        let position = self.interfaces.len();
        self.interfaces.push(interface);
        u32::try_from(position).unwrap_or(u32::MAX)
    }

    /// The interface of that name in the container, and its position.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::{Attachment, Interface};
    /// let mut attachment = Attachment::default();
    /// attachment.add_interface(Interface::in_host("veth1"));
    /// attachment.add_interface(Interface::in_container("eth0"));
    /// assert_eq!(attachment.container_interface("eth0").map(|(position, _)| position), Some(1));
    /// ```
    #[must_use]
    pub fn container_interface(&self, name: &str) -> Option<(u32, &Interface)> {
        self.interfaces
            .iter()
            .zip(0..)
            .find(|(interface, _)| interface.place == Place::Container && interface.name == name)
            .map(|(interface, position)| (position, interface))
    }
}

/// Where an interface is.
///
/// ```
/// # use cofferdam_guest_sdk::{Interface, Place};
/// assert_eq!(Interface::in_host("veth1").place, Place::Host);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the network namespace of the node.
    Host,
    /// In the namespace of the container that is being attached.
    Container,
    /// In some other namespace. The text is for passing on only.
    Elsewhere(String),
}

/// An interface of a result.
///
/// ```
/// # use cofferdam_guest_sdk::Interface;
/// let interface = Interface { mtu: Some(1400), ..Interface::in_container("eth0") };
/// assert_eq!(interface.mac, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name where it is.
    pub name: String,
    /// As text, since a result may hold other than Ethernet addresses.
    pub mac: Option<String>,
    /// In bytes.
    pub mtu: Option<u32>,
    /// Where it is.
    pub place: Place,
    /// Path of a socket (vhost-user and the like).
    pub socket_path: Option<String>,
    /// PCI address of the device.
    pub pci_id: Option<String>,
}

impl Interface {
    /// An interface of the node.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Interface;
    /// let bridge = Interface::in_host("br0");
    /// ```
    #[must_use]
    pub fn in_host(name: impl Into<String>) -> Self {
        Self::new(name.into(), Place::Host)
    }

    /// An interface of the container.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Interface;
    /// let eth0 = Interface::in_container("eth0");
    /// ```
    #[must_use]
    pub fn in_container(name: impl Into<String>) -> Self {
        Self::new(name.into(), Place::Container)
    }

    /// The same with an Ethernet address, if there is one.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Interface;
    /// let mac = "02:00:5e:00:53:01".parse().unwrap();
    /// let eth0 = Interface::in_container("eth0").with_mac(Some(mac));
    /// assert_eq!(eth0.mac.as_deref(), Some("02:00:5e:00:53:01"));
    /// ```
    #[must_use]
    pub fn with_mac(mut self, mac: Option<MacAddress>) -> Self {
        self.mac = mac.map(|mac| mac.to_string());
        self
    }

    fn new(name: String, place: Place) -> Self {
        Self {
            name,
            mac: None,
            mtu: None,
            place,
            socket_path: None,
            pci_id: None,
        }
    }
}

/// An address of a result.
///
/// ```
/// # use cofferdam_guest_sdk::Address;
/// let address = Address::new("10.22.0.2/16".parse().unwrap())
///     .with_gateway("10.22.0.1".parse().unwrap())
///     .on_interface(0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address with the prefix length of its network.
    pub address: IpPrefix,
    /// The network's gateway.
    pub gateway: Option<IpAddr>,
    /// Position in the result's interfaces. IPAM plugins leave it out.
    pub interface: Option<u32>,
}

impl Address {
    /// An address that is on no interface yet.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Address;
    /// let address = Address::new("10.22.0.2/16".parse().unwrap());
    /// assert_eq!(address.interface, None);
    /// ```
    #[must_use]
    pub fn new(address: IpPrefix) -> Self {
        Self {
            address,
            gateway: None,
            interface: None,
        }
    }

    /// The same with a gateway.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Address;
    /// let address = Address::new("10.22.0.2/16".parse().unwrap()).with_gateway("10.22.0.1".parse().unwrap());
    /// ```
    #[must_use]
    pub fn with_gateway(mut self, gateway: IpAddr) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// The same on the interface at a position of the result.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Address;
    /// let address = Address::new("10.22.0.2/16".parse().unwrap()).on_interface(1);
    /// assert_eq!(address.interface, Some(1));
    /// ```
    #[must_use]
    pub fn on_interface(mut self, position: u32) -> Self {
        self.interface = Some(position);
        self
    }
}

/// A route of a result.
///
/// ```
/// # use cofferdam_guest_sdk::Route;
/// let route = Route { mtu: Some(1400), ..Route::to("0.0.0.0/0".parse().unwrap()) };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Host bits count for nothing.
    pub destination: IpPrefix,
    /// Absent: the gateway of the first address of the same family, if any.
    pub gateway: Option<IpAddr>,
    /// Path MTU in bytes.
    pub mtu: Option<u32>,
    /// Largest TCP segment to announce, in bytes.
    pub advmss: Option<u32>,
    /// Metric; the lowest wins.
    pub priority: Option<u32>,
    /// Routing table; absent means the main one.
    pub table: Option<u32>,
    /// Scope as in `rtnetlink(7)`: 0 universe, 253 link, 254 host.
    pub scope: Option<u8>,
}

impl Route {
    /// A route with nothing but a destination.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Route;
    /// let route = Route::to("0.0.0.0/0".parse().unwrap());
    /// assert_eq!(route.gateway, None);
    /// ```
    #[must_use]
    pub fn to(destination: IpPrefix) -> Self {
        Self {
            destination,
            gateway: None,
            mtu: None,
            advmss: None,
            priority: None,
            table: None,
            scope: None,
        }
    }

    /// The same through a gateway.
    ///
    /// ```
    /// # use cofferdam_guest_sdk::Route;
    /// let route = Route::to("0.0.0.0/0".parse().unwrap()).via("10.22.0.1".parse().unwrap());
    /// ```
    #[must_use]
    pub fn via(mut self, gateway: IpAddr) -> Self {
        self.gateway = Some(gateway);
        self
    }
}

/// Name resolution settings of a result.
///
/// ```
/// # use cofferdam_guest_sdk::Dns;
/// let dns = Dns { nameservers: vec!["192.0.2.53".to_owned()], ..Dns::default() };
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dns {
    /// Addresses of name servers.
    pub nameservers: Vec<String>,
    /// The local domain.
    pub domain: Option<String>,
    /// Domains to search.
    pub search: Vec<String>,
    /// Resolver options.
    pub options: Vec<String>,
}
