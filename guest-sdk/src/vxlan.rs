use std::net::IpAddr;

use crate::{Error, Link, bindings::vxlans};

/// The port of VXLANs that is registered (RFC 7348).
const PORT: u16 = 4789;

/// A VXLAN that is to be there. [`Vxlan::new`] has what most want.
///
/// ```
/// use cofferdam_guest_sdk::Vxlan;
///
/// // With static peers there is nothing to learn.
/// let vxlan = Vxlan { local: "192.0.2.1".parse().ok(), learning: false, ..Vxlan::new(42) };
/// assert_eq!(vxlan.id, 42);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vxlan {
    /// The network's identifier (VNI), 1 to 16777215.
    pub id: u32,
    /// The UDP port that nodes send to.
    pub port: u16,
    /// Where its packets come from: an address that the node has.
    pub local: Option<IpAddr>,
    /// A multicast group for frames whose receiver is not known; needs a
    /// parent.
    pub group: Option<IpAddr>,
    /// Time to live of its packets; absent leaves it to the kernel.
    pub ttl: Option<u8>,
    /// Whether it learns from what comes in behind which node an address is.
    pub learning: bool,
    /// In bytes; absent: what the parent has room for, or 1500.
    pub mtu: Option<u32>,
}

impl Vxlan {
    /// One at the registered port that learns, with packets of IPv4.
    ///
    /// ```
    /// use cofferdam_guest_sdk::Vxlan;
    ///
    /// let vxlan = Vxlan { mtu: Some(1450), ..Vxlan::new(42) };
    /// assert_eq!((vxlan.port, vxlan.learning), (4789, true));
    /// ```
    #[must_use]
    pub fn new(id: u32) -> Self {
        Self {
            id,
            port: PORT,
            local: None,
            group: None,
            ttl: None,
            learning: true,
            mtu: None,
        }
    }
}

impl Link {
    /// Makes a VXLAN of that name which is a port of this bridge, and up, or
    /// takes the one that is there. Its packets leave by `parent`, or by the
    /// link that the routes tell. What the host made goes with the last
    /// attachment that uses it.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link, Vxlan};
    /// # fn example(bridge: &Link) -> Result<(), Error> {
    /// let vxlan = bridge.ensure_vxlan("vx42", &Vxlan::new(42), None)?;
    /// vxlan.add_vxlan_peer("192.0.2.7".parse().unwrap())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when a link of that name is something else, or the
    /// network has another link at this port.
    pub fn ensure_vxlan(&self, name: &str, vxlan: &Vxlan, parent: Option<&Self>) -> Result<Self, Error> {
        let settings = vxlans::VxlanSettings {
            id: vxlan.id,
            port: vxlan.port,
            local: vxlan.local.map(Into::into),
            group: vxlan.group.map(Into::into),
            ttl: vxlan.ttl,
            learning: vxlan.learning,
            mtu: vxlan.mtu,
        };
        let parent = parent.map(|parent| &parent.0);
        Ok(Self(vxlans::ensure(&self.0, name, settings, parent)?))
    }

    /// Adds a node that a VXLAN sends frames to whose receiver it does not
    /// know. What the host added goes with the last attachment that adds it.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no address of a node, or of another family
    /// than the VXLAN.
    pub fn add_vxlan_peer(&self, peer: IpAddr) -> Result<(), Error> {
        Ok(vxlans::add_peer(&self.0, peer.into())?)
    }

    /// The nodes, and the group, that a VXLAN sends such frames to.
    pub fn vxlan_peers(&self) -> Result<Vec<IpAddr>, Error> {
        Ok(vxlans::peers(&self.0)?.into_iter().map(Into::into).collect())
    }
}
