//! What is on a link: addresses, routes and neighbours.

use std::net::IpAddr;

use cofferdam_protocol::{IpPrefix, MacAddress};

pub use crate::bindings::routes::AddMode;
use crate::{
    Error, Link, RouteSpec,
    bindings::{addresses, neighbors, routes},
    convert::{mac_from_wit, mac_to_wit},
};

#[allow(clippy::missing_errors_doc)]
impl Link {
    /// Adds an address. An IPv4 address gets its network's broadcast address.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{DuplicateDetection, Failure, Link};
    /// # fn example(link: &Link) -> Result<(), Failure> {
    /// link.add_address("10.22.0.2/16".parse()?, DuplicateDetection::Skip)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when the link has it.
    pub fn add_address(&self, address: IpPrefix, detection: DuplicateDetection) -> Result<(), Error> {
        let options = addresses::AddressOptions {
            skip_duplicate_detection: detection == DuplicateDetection::Skip,
        };
        Ok(addresses::add(&self.0, address.into(), options)?)
    }

    /// Removes an address.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Failure, Link};
    /// # fn example(link: &Link) -> Result<(), Failure> {
    /// link.delete_address("10.22.0.2/16".parse()?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] when the link does not have it.
    pub fn delete_address(&self, address: IpPrefix) -> Result<(), Error> {
        Ok(addresses::delete(&self.0, address.into())?)
    }

    /// Its addresses, of both families.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// let has_ipv6 = link.addresses()?.iter().any(|info| info.address.is_ipv6());
    /// # Ok(())
    /// # }
    /// ```
    pub fn addresses(&self) -> Result<Vec<AddressInfo>, Error> {
        Ok(addresses::list(&self.0)?.into_iter().map(Into::into).collect())
    }

    /// Waits until no IPv6 address of the link is tentative.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{DuplicateDetection, Failure, Link};
    /// # fn example(link: &Link) -> Result<(), Failure> {
    /// link.add_address("fd00:22::2/64".parse()?, DuplicateDetection::Run)?;
    /// link.set_up()?;
    /// link.wait_usable(5000)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] when one turns out to be a duplicate,
    /// [`Error::Deadline`] when it takes too long.
    pub fn wait_usable(&self, milliseconds: u32) -> Result<(), Error> {
        Ok(addresses::wait_usable(&self.0, milliseconds)?)
    }

    /// Adds a route through this link.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{AddMode, Failure, Link, RouteSpec};
    /// # fn example(link: &Link) -> Result<(), Failure> {
    /// let route = RouteSpec::to("192.0.2.0/24".parse()?);
    /// link.add_route(&route, AddMode::Exclusive)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_route(&self, route: &RouteSpec, mode: AddMode) -> Result<(), Error> {
        Ok(routes::add(&self.0, route.to_wit(), mode)?)
    }

    /// Removes the route that matches in every field that is given.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Failure, Link, RouteSpec};
    /// # fn example(link: &Link) -> Result<(), Failure> {
    /// link.delete_route(&RouteSpec::to("192.0.2.0/24".parse()?))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_route(&self, route: &RouteSpec) -> Result<(), Error> {
        Ok(routes::delete(&self.0, route.to_wit())?)
    }

    /// The routes through this link in one table; absent means the main one, or
    /// that of the VRF that a link of the container is in.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Failure, Link};
    /// # fn example(link: &Link) -> Result<(), Failure> {
    /// let wanted = "192.0.2.0/24".parse()?;
    /// let is_there = link.routes(None)?.iter().any(|route| route.destination == wanted);
    /// # Ok(())
    /// # }
    /// ```
    pub fn routes(&self, table: Option<u32>) -> Result<Vec<RouteSpec>, Error> {
        Ok(routes::list(&self.0, table)?.into_iter().map(Into::into).collect())
    }

    /// Adds a permanent neighbour entry.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::Link;
    /// # fn example(link: &Link) -> Result<(), Box<dyn std::error::Error>> {
    /// link.add_neighbor("10.22.0.1".parse()?, "02:00:5e:00:53:01".parse()?)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_neighbor(&self, address: IpAddr, mac: MacAddress) -> Result<(), Error> {
        let neighbor = neighbors::Neighbor {
            address: address.into(),
            mac: mac_to_wit(mac),
        };
        Ok(neighbors::add(&self.0, neighbor)?)
    }

    /// Removes a permanent neighbour entry.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::Link;
    /// # fn example(link: &Link) -> Result<(), Box<dyn std::error::Error>> {
    /// link.delete_neighbor("10.22.0.1".parse()?)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_neighbor(&self, address: IpAddr) -> Result<(), Error> {
        Ok(neighbors::delete(&self.0, address.into())?)
    }

    /// The permanent neighbour entries.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{Error, Link, log};
    /// # fn example(link: &Link) -> Result<(), Error> {
    /// for (address, mac) in link.neighbors()? {
    ///     log::info(&format!("{address} has {mac}"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn neighbors(&self) -> Result<Vec<(IpAddr, MacAddress)>, Error> {
        let neighbors = neighbors::list(&self.0)?.into_iter();
        Ok(neighbors
            .map(|neighbor| (neighbor.address.into(), mac_from_wit(neighbor.mac)))
            .collect())
    }
}

/// Whether the kernel asks around before it uses an IPv6 address (RFC 4862,
/// section 5.4).
///
/// ```no_run
/// # use cofferdam_guest_sdk::{DuplicateDetection, Failure, Link};
/// # fn example(link: &Link) -> Result<(), Failure> {
/// // Nobody but this node hands out addresses of the network.
/// link.add_address("fd00:22::2/64".parse()?, DuplicateDetection::Skip)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateDetection {
    /// It asks, which takes a second or two.
    Run,
    /// It does not: an IPAM plugin vouches for the address on a segment that
    /// nobody else hands out.
    Skip,
}

/// What the kernel tells about an address.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{AddressInfo, Error, Link};
/// # fn example(link: &Link) -> Result<(), Error> {
/// let in_use: Vec<AddressInfo> = link.addresses()?;
/// let duplicate = in_use.iter().find(|info| info.duplicate);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressInfo {
    /// With the prefix length of its network.
    pub address: IpPrefix,
    /// Scope as in `rtnetlink(7)`: 0 universe, 253 link, 254 host.
    pub scope: u8,
    /// IPv6: duplicate detection is still running.
    pub tentative: bool,
    /// IPv6: another node has the address.
    pub duplicate: bool,
}

impl From<addresses::AddressInfo> for AddressInfo {
    fn from(info: addresses::AddressInfo) -> Self {
        Self {
            address: info.address.into(),
            scope: info.scope,
            tentative: info.tentative,
            duplicate: info.duplicate,
        }
    }
}
