use std::net::IpAddr;

use cofferdam_protocol::MacAddress;

use crate::{
    Error, Link, Outcome as _,
    bindings::{conntrack, links, namespaces, routes, rules, sysctl, vrfs},
    convert::mac_to_wit,
};

pub use crate::bindings::rules::RuleSpec;

/// One of the two network namespaces of a request. Only the host can make
/// such a handle.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, Namespace};
/// # fn example() -> Result<(), Error> {
/// let container = Namespace::container()?;
/// container.find("lo")?.set_up()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Namespace(pub(crate) namespaces::Namespace);

#[allow(clippy::missing_errors_doc)]
impl Namespace {
    /// The namespace of the container that is being attached.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example() -> Result<(), Error> {
    /// let eth0 = Namespace::container()?.find("eth0")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] when the request has none, or it is gone.
    pub fn container() -> Result<Self, Error> {
        Ok(Self(namespaces::container()?))
    }

    /// The node's own namespace. In it a plugin sees only what it was granted
    /// or made.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example() -> Result<(), Error> {
    /// let uplink = Namespace::host()?.default_link()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn host() -> Result<Self, Error> {
        Ok(Self(namespaces::host()?))
    }

    /// Finds a link by name.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example(namespace: &Namespace) -> Result<(), Error> {
    /// let mtu = namespace.find("eth0")?.info()?.mtu;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none that this plugin may see.
    pub fn find(&self, name: &str) -> Result<Link, Error> {
        Ok(Link(links::find(&self.0, name)?))
    }

    /// Finds a link by name, if there is one that this plugin may see.
    ///
    /// ```no_run
    /// use cofferdam_guest_sdk::{Error, Namespace};
    ///
    /// fn delete_if_there(namespace: &Namespace) -> Result<(), Error> {
    ///     match namespace.find_optional("eth0")? {
    ///         Some(link) => link.delete(),
    ///         None => Ok(()),
    ///     }
    /// }
    /// ```
    pub fn find_optional(&self, name: &str) -> Result<Option<Link>, Error> {
        self.find(name).optional()
    }

    /// The link that the first default route leads through, IPv4 before IPv6.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example() -> Result<(), Error> {
    /// let uplink = Namespace::host()?.default_link()?.info()?.name;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none that this plugin may see.
    pub fn default_link(&self) -> Result<Link, Error> {
        Ok(Link(routes::default_link(&self.0)?))
    }

    /// Makes a bridge, or takes the existing one of that name with the
    /// settings that it has. What the host makes goes with the last attachment
    /// that uses it.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{BridgeOptions, Error, Namespace};
    /// # fn example() -> Result<(), Error> {
    /// let options = BridgeOptions { mtu: Some(1400), ..BridgeOptions::default() };
    /// let bridge = Namespace::host()?.ensure_bridge("br0", options)?;
    /// bridge.set_up()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when a link of that name is something else.
    pub fn ensure_bridge(&self, name: &str, options: BridgeOptions) -> Result<Link, Error> {
        let options = links::BridgeOptions {
            mtu: options.mtu,
            vlan_filtering: options.vlan_filtering,
        };
        Ok(Link(links::ensure_bridge(&self.0, name, options)?))
    }

    /// Makes a VRF in the container, or takes the existing one of that name; it
    /// is up. What the host makes goes with the last attachment of the
    /// container that uses it.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example() -> Result<(), Error> {
    /// let container = Namespace::container()?;
    /// let vrf = container.ensure_vrf("red", Some(100))?;
    /// container.find("eth0")?.set_master(&vrf)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when a link of that name is something else, or has
    /// another table.
    pub fn ensure_vrf(&self, name: &str, table: Option<u32>) -> Result<Link, Error> {
        Ok(Link(vrfs::ensure(&self.0, name, table)?))
    }

    /// Reads a kernel setting; the first part of its name is `net`.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example(namespace: &Namespace) -> Result<(), Error> {
    /// let forwards = namespace.sysctl(&["net", "ipv4", "ip_forward"])? == "1";
    /// # Ok(())
    /// # }
    /// ```
    pub fn sysctl(&self, key: &[&str]) -> Result<String, Error> {
        Ok(sysctl::get(&self.0, &owned(key))?)
    }

    /// Writes a kernel setting.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example(namespace: &Namespace) -> Result<(), Error> {
    /// namespace.set_sysctl(&["net", "ipv4", "ip_forward"], "1")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_sysctl(&self, key: &[&str], value: &str) -> Result<(), Error> {
        Ok(sysctl::set(&self.0, &owned(key), value)?)
    }

    /// Writes a kernel setting unless it has that value. True when it was
    /// written.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example(namespace: &Namespace) -> Result<(), Error> {
    /// let was_off = namespace.ensure_sysctl(&["net", "ipv4", "ip_forward"], "1")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn ensure_sysctl(&self, key: &[&str], value: &str) -> Result<bool, Error> {
        let key = owned(key);
        if sysctl::get(&self.0, &key)? == value {
            return Ok(false);
        }
        sysctl::set(&self.0, &key, value)?;
        Ok(true)
    }

    /// Adds a routing policy rule.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Failure, IpPrefix, Namespace, RuleSpec};
    /// # fn example(namespace: &Namespace) -> Result<(), Failure> {
    /// let rule = RuleSpec {
    ///     source: Some("10.22.0.2/32".parse::<IpPrefix>()?.into()),
    ///     destination: None,
    ///     ipv6: false,
    ///     input_interface: None,
    ///     output_interface: None,
    ///     mark: None,
    ///     priority: Some(1000),
    ///     table: 100,
    /// };
    /// namespace.add_rule(&rule)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_rule(&self, rule: &RuleSpec) -> Result<(), Error> {
        Ok(rules::add(&self.0, rule)?)
    }

    /// Removes the rule that matches in every field that is given.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example(namespace: &Namespace) -> Result<(), Error> {
    /// for rule in namespace.rules()?.iter().filter(|rule| rule.table == 100) {
    ///     namespace.delete_rule(rule)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_rule(&self, rule: &RuleSpec) -> Result<(), Error> {
        Ok(rules::delete(&self.0, rule)?)
    }

    /// The routing policy rules.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example(namespace: &Namespace) -> Result<(), Error> {
    /// let is_used = namespace.rules()?.iter().any(|rule| rule.table == 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn rules(&self) -> Result<Vec<RuleSpec>, Error> {
        Ok(rules::list(&self.0)?)
    }

    /// Forgets tracked flows of UDP, so that their next packet is translated
    /// as rules say by then; and again when the request fails, and in DEL. Call
    /// it before the rules or elements are made that flows follow, and after.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Flows, Namespace};
    /// # fn example(host: &Namespace) -> Result<(), Error> {
    /// host.forget_flows(&[Flows { ipv6: false, port: 53, address: None }])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn forget_flows(&self, flows: &[Flows]) -> Result<(), Error> {
        let flows: Vec<conntrack::Flows> = flows.iter().map(|flows| flows.to_wit()).collect();
        Ok(conntrack::forget(&self.0, &flows)?)
    }
}

/// Flows of UDP, by the destination that their first packet had.
///
/// ```
/// # use cofferdam_guest_sdk::Flows;
/// // What is sent to port 53 of any address of the node.
/// let flows = Flows { ipv6: false, port: 53, address: None };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flows {
    /// Whether they are of IPv6.
    pub ipv6: bool,
    /// The port.
    pub port: u16,
    /// Absent: every address.
    pub address: Option<IpAddr>,
}

impl Flows {
    fn to_wit(self) -> conntrack::Flows {
        conntrack::Flows {
            ipv6: self.ipv6,
            port: self.port,
            address: self.address.map(Into::into),
        }
    }
}

fn owned(key: &[&str]) -> Vec<String> {
    key.iter().map(|&part| part.to_owned()).collect()
}

/// What a new bridge should be like.
///
/// ```
/// # use cofferdam_guest_sdk::BridgeOptions;
/// let options = BridgeOptions { vlan_filtering: true, ..BridgeOptions::default() };
/// assert_eq!(options.mtu, None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BridgeOptions {
    /// In bytes; absent leaves the kernel's default.
    pub mtu: Option<u32>,
    /// Whether ports can be in VLANs.
    pub vlan_filtering: bool,
}

/// One end of a veth pair.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{create_veth, Error, Link, MacAddress, Namespace, VethEnd};
/// # fn example(host: &Namespace, container: &Namespace, bridge: &Link, mac: MacAddress) -> Result<(), Error> {
/// let (host_end, container_end) = create_veth(
///     VethEnd::in_namespace(host).with_mtu(Some(1400)).port_of(bridge),
///     VethEnd::in_namespace(container).named("eth0").with_mac(Some(mac)).with_mtu(Some(1400)),
/// )?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct VethEnd<'a> {
    namespace: &'a Namespace,
    name: Option<&'a str>,
    mac: Option<MacAddress>,
    mtu: Option<u32>,
    master: Option<&'a Link>,
}

impl<'a> VethEnd<'a> {
    /// An end in a namespace; the host chooses a free name and a random MAC
    /// address.
    #[must_use]
    pub fn in_namespace(namespace: &'a Namespace) -> Self {
        Self {
            namespace,
            name: None,
            mac: None,
            mtu: None,
            master: None,
        }
    }

    /// The same with a name.
    #[must_use]
    pub fn named(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// The same with a MAC address, if one is given.
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

    /// The same as a port of a bridge, from the start.
    #[must_use]
    pub fn port_of(mut self, bridge: &'a Link) -> Self {
        self.master = Some(bridge);
        self
    }

    fn to_wit(self) -> links::VethEnd<'a> {
        links::VethEnd {
            in_: &self.namespace.0,
            name: self.name.map(str::to_owned),
            mac: self.mac.map(mac_to_wit),
            mtu: self.mtu,
            master: self.master.map(|link| &link.0),
        }
    }
}

/// Makes a veth pair with both ends where they belong, in one step. Both ends
/// are down, and refuse router advertisements.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, Link, Namespace, VethEnd, create_veth};
/// # fn example(host: &Namespace, container: &Namespace, bridge: &Link) -> Result<(), Error> {
/// let (host_end, container_end) = create_veth(
///     VethEnd::in_namespace(host).port_of(bridge),
///     VethEnd::in_namespace(container).named("eth0"),
/// )?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::AlreadyExists`] when a name that was given is taken.
pub fn create_veth(first: VethEnd<'_>, second: VethEnd<'_>) -> Result<(Link, Link), Error> {
    let (first, second) = links::create_veth(&first.to_wit(), &second.to_wit())?;
    Ok((Link(first), Link(second)))
}
