use cofferdam_protocol::MacAddress;

use crate::{
    Error, LinkSettings,
    bindings::{links, traffic_control, vlans},
    convert::{mac_from_wit, mac_to_wit},
};

pub use crate::bindings::{links::OperationalState, traffic_control::RateLimit, vlans::VlanRange};

/// A link. The handle stays good when the link is renamed; a deleted link
/// gives [`Error::NotFound`].
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, Namespace};
/// # fn example() -> Result<(), Error> {
/// let link = Namespace::container()?.find("eth0")?;
/// link.set_mtu(1400)?;
/// link.set_up()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Link(pub(crate) links::Link);

#[allow(clippy::missing_errors_doc)]
impl Link {
    /// What the kernel tells about it, now.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// if !link.info()?.up {
    ///     link.set_up()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn info(&self) -> Result<LinkInfo, Error> {
        Ok(self.0.info()?.into())
    }

    /// Brings it up.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.set_up()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_up(&self) -> Result<(), Error> {
        Ok(self.0.set_up()?)
    }

    /// Takes it down.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Failure, Link};
    /// # fn example(link: &Link) -> Result<(), Failure> {
    /// // Some settings can only be changed then.
    /// link.set_down()?;
    /// link.set_mac("02:00:5e:00:53:01".parse().map_err(Failure::from)?)?;
    /// link.set_up()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_down(&self) -> Result<(), Error> {
        Ok(self.0.set_down()?)
    }

    /// In bytes.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.set_mtu(1400)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_mtu(&self, mtu: u32) -> Result<(), Error> {
        Ok(self.0.set_mtu(mtu)?)
    }

    /// Its Ethernet address. One that was set stays, whatever ports a bridge
    /// gets.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Failure, Link};
    /// # fn example(link: &Link) -> Result<(), Failure> {
    /// link.set_mac("02:00:5e:00:53:01".parse()?)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_mac(&self, mac: MacAddress) -> Result<(), Error> {
        Ok(self.0.set_mac(mac_to_wit(mac))?)
    }

    /// Receive all frames.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.set_promiscuous(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_promiscuous(&self, on: bool) -> Result<(), Error> {
        Ok(self.0.set_promiscuous(on)?)
    }

    /// Receive all multicast frames.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.set_all_multicast(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_all_multicast(&self, on: bool) -> Result<(), Error> {
        Ok(self.0.set_all_multicast(on)?)
    }

    /// How many packets may wait to be sent.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.set_transmit_queue_length(1000)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_transmit_queue_length(&self, packets: u32) -> Result<(), Error> {
        Ok(self.0.set_transmit_queue_length(packets)?)
    }

    /// Makes it a port of `master`, which has to be in the same namespace.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link, Namespace};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// let bridge = Namespace::host()?.find("br0")?;
    /// link.set_master(&bridge)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_master(&self, master: &Self) -> Result<(), Error> {
        Ok(self.0.set_master(&master.0)?)
    }

    /// Bridge port: send frames back through the port they came from.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.set_hairpin(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_hairpin(&self, on: bool) -> Result<(), Error> {
        Ok(self.0.set_hairpin(on)?)
    }

    /// Bridge port: no traffic to other isolated ports.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.set_isolated(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_isolated(&self, on: bool) -> Result<(), Error> {
        Ok(self.0.set_isolated(on)?)
    }

    /// The VLANs of a bridge port, in order; none of another link.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(port: &Link) -> Result<(), Error> {
    /// let is_tagged = port.port_vlans()?.iter().any(|vlans| vlans.first == 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn port_vlans(&self) -> Result<Vec<VlanRange>, Error> {
        Ok(vlans::port_vlans(&self.0)?)
    }

    /// Gives a bridge port that this plugin made these VLANs and no others.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link, VlanRange};
    /// # fn example(port: &Link) -> Result<(), Error> {
    /// port.set_port_vlans(&[VlanRange { first: 100, last: 100, pvid: true, untagged: true }])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when the bridge does not filter by VLAN.
    pub fn set_port_vlans(&self, vlans: &[VlanRange]) -> Result<(), Error> {
        Ok(vlans::set_port_vlans(&self.0, vlans)?)
    }

    /// The node's own link in a VLAN of this bridge, which is made if it is not
    /// there. With `keep_default` its port stays in the default VLAN, too.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(bridge: &Link) -> Result<(), Error> {
    /// let gateway = bridge.ensure_vlan_gateway(100, false)?;
    /// gateway.set_up()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when its name, `BRIDGE.VLAN`, would be too long,
    /// [`Error::Conflict`] when a link of that name is something else.
    pub fn ensure_vlan_gateway(&self, vlan: u16, keep_default: bool) -> Result<Self, Error> {
        Ok(Self(vlans::ensure_gateway(&self.0, vlan, keep_default)?))
    }

    /// The other end of a veth pair, where this plugin may see it.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.peer()?.set_hairpin(true)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer(&self) -> Result<Self, Error> {
        Ok(Self(self.0.peer()?))
    }

    /// What its kind is set to; absent for kinds that
    /// [`create_link`](crate::create_link) does not make.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link, LinkSettings};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// let is_vlan = matches!(link.settings()?, Some(LinkSettings::Vlan(_)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn settings(&self) -> Result<Option<LinkSettings>, Error> {
        Ok(self.0.settings()?)
    }

    /// The link that a macvlan, ipvlan or VLAN interface is upon, where this
    /// plugin may see it.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// let name = link.parent()?.info()?.name;
    /// # Ok(())
    /// # }
    /// ```
    pub fn parent(&self) -> Result<Self, Error> {
        Ok(Self(self.0.parent()?))
    }

    /// Waits until the driver reports the link as up.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.set_up()?;
    /// link.wait_operational(2000)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Deadline`] when that does not happen in time.
    pub fn wait_operational(&self, milliseconds: u32) -> Result<(), Error> {
        Ok(self.0.wait_operational(milliseconds)?)
    }

    /// Deletes it.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Namespace};
    /// # fn example() -> Result<(), Error> {
    /// if let Some(link) = Namespace::container()?.find_optional("eth0")? {
    ///     link.delete()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self) -> Result<(), Error> {
        Ok(self.0.delete()?)
    }

    /// Limits what it sends.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link, RateLimit};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// link.limit_rate(RateLimit { rate: 125_000_000, burst: 1_250_000, latency: 25_000 })?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when it has a queueing discipline already,
    /// [`Error::Invalid`] when the kernel can't count as far.
    pub fn limit_rate(&self, limit: RateLimit) -> Result<(), Error> {
        Ok(traffic_control::limit_rate(&self.0, limit)?)
    }

    /// Whether what it sends is limited just so.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Failure, Link, RateLimit};
    /// # fn example(link: &Link) -> Result<(), Failure> {
    /// let limit = RateLimit { rate: 125_000_000, burst: 1_250_000, latency: 25_000 };
    /// if !link.is_rate_limited(limit)? {
    ///     return Err(Failure::changed("the rate is not limited any more"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_rate_limited(&self, limit: RateLimit) -> Result<bool, Error> {
        Ok(traffic_control::is_rate_limited(&self.0, limit)?)
    }

    /// Has `to` send all that comes in on it, in its place.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link, ifb: &Link) -> Result<(), Error> {
    /// // What an ifb sends can be limited.
    /// link.redirect_incoming(ifb)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when it has filters for what comes in already.
    pub fn redirect_incoming(&self, to: &Self) -> Result<(), Error> {
        Ok(traffic_control::redirect_incoming(&self.0, &to.0)?)
    }

    /// Whether all that comes in on it goes to `to`.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link, ifb: &Link) -> Result<(), Error> {
    /// let is_complete = link.is_incoming_redirected(ifb)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_incoming_redirected(&self, to: &Self) -> Result<bool, Error> {
        Ok(traffic_control::is_incoming_redirected(&self.0, &to.0)?)
    }
}

/// What the kernel tells about a link.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Error, Link, LinkInfo, log, OperationalState};
/// # fn example(link: &Link) -> Result<(), Error> {
/// let info: LinkInfo = link.info()?;
/// if info.kind != "veth" || info.operational_state == OperationalState::Down {
///     log::warn(&format!("{} has no carrier", info.name));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInfo {
    /// Its name.
    pub name: String,
    /// `veth`, `bridge`, …; empty for a device without a kind.
    pub kind: String,
    /// Absent where the device has no Ethernet address.
    pub mac: Option<MacAddress>,
    /// In bytes.
    pub mtu: u32,
    /// Whether it was set up (`IFF_UP`).
    pub up: bool,
    /// The state that the driver reports.
    pub operational_state: OperationalState,
    /// Whether anybody wants all frames.
    pub promiscuous: bool,
    /// Whether all multicast frames are received.
    pub all_multicast: bool,
    /// In packets.
    pub transmit_queue_length: u32,
    /// Free text that was set on the link.
    pub alias: Option<String>,
    /// Name of the bridge, bond or vrf that it is a port of, where this plugin
    /// may see that.
    pub master: Option<String>,
    /// Bridge port: frames go back through the port they came from. Absent for
    /// a link that is no bridge port.
    pub hairpin: Option<bool>,
    /// Bridge port: no traffic to other isolated ports. Absent likewise.
    pub isolated: Option<bool>,
}

impl From<links::LinkInfo> for LinkInfo {
    fn from(info: links::LinkInfo) -> Self {
        Self {
            name: info.name,
            kind: info.kind,
            mac: info.mac.map(mac_from_wit),
            mtu: info.mtu,
            up: info.up,
            operational_state: info.operational_state,
            promiscuous: info.promiscuous,
            all_multicast: info.all_multicast,
            transmit_queue_length: info.transmit_queue_length,
            alias: info.alias,
            master: info.master,
            hairpin: info.hairpin,
            isolated: info.isolated,
        }
    }
}
