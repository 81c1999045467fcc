//! The address management plugin that the configuration names (`ipam.type`).
//! It runs in a sandbox of its own, with grants of its own, on the request
//! that this plugin got. Its failures come through as they are.
#![allow(clippy::missing_errors_doc)]

use crate::{Attachment, Failure, bindings::ipam, config::IpamConfig};

/// Allocates addresses. The host gives them back when this request fails.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, ipam};
/// # fn example() -> Result<(), Failure> {
/// let attachment = ipam::add()?;
/// # Ok(())
/// # }
/// ```
pub fn add() -> Result<Attachment, Failure> {
    Ok(ipam::add()?.into())
}

/// The same, for plugins that have no use for less than one address.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, ipam};
/// # fn example() -> Result<(), Failure> {
/// let address = ipam::allocate()?.addresses.first().copied();
/// # Ok(())
/// # }
/// ```
pub fn allocate() -> Result<Attachment, Failure> {
    let allocated = add()?;
    if allocated.addresses.is_empty() {
        return Err(Failure::internal("IPAM plugin returned missing IP config"));
    }
    Ok(allocated)
}

/// Gives them back.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, ipam};
/// # fn example() -> Result<(), Failure> {
/// ipam::del()?;
/// # Ok(())
/// # }
/// ```
pub fn del() -> Result<(), Failure> {
    Ok(ipam::del()?)
}

/// Whether they still are allocated.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, ipam};
/// # fn example() -> Result<(), Failure> {
/// ipam::check()?;
/// # Ok(())
/// # }
/// ```
pub fn check() -> Result<(), Failure> {
    Ok(ipam::check()?)
}

/// Gives back those of attachments that are not in use any more.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, ipam};
/// # fn example() -> Result<(), Failure> {
/// ipam::gc()?;
/// # Ok(())
/// # }
/// ```
pub fn gc() -> Result<(), Failure> {
    Ok(ipam::gc()?)
}

/// Whether there are any to allocate.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, ipam};
/// # fn example() -> Result<(), Failure> {
/// ipam::status()?;
/// # Ok(())
/// # }
/// ```
pub fn status() -> Result<(), Failure> {
    Ok(ipam::status()?)
}

/// The same for plugins that do without address management, too: where no
/// plugin is named there is nothing to do.
impl IpamConfig {
    /// Gives the addresses back.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::IpamConfig, Failure};
    /// # fn example(ipam: &IpamConfig) -> Result<(), Failure> {
    /// ipam.del()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn del(&self) -> Result<(), Failure> {
        self.if_used(del)
    }

    /// Whether they still are allocated.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::IpamConfig, Failure};
    /// # fn example(ipam: &IpamConfig) -> Result<(), Failure> {
    /// ipam.check()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn check(&self) -> Result<(), Failure> {
        self.if_used(check)
    }

    /// Gives back those of attachments that are not in use any more.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::IpamConfig, Failure};
    /// # fn example(ipam: &IpamConfig) -> Result<(), Failure> {
    /// ipam.gc()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn gc(&self) -> Result<(), Failure> {
        self.if_used(gc)
    }

    /// Whether there are any to allocate.
    ///
    /// ```no_run
    /// # use cofferdam_guest_sdk::{config::IpamConfig, Failure};
    /// # fn example(ipam: &IpamConfig) -> Result<(), Failure> {
    /// ipam.status()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn status(&self) -> Result<(), Failure> {
        self.if_used(status)
    }

    fn if_used(&self, call: fn() -> Result<(), Failure>) -> Result<(), Failure> {
        if self.is_used() { call() } else { Ok(()) }
    }
}
