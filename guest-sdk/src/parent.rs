//! The link that a container's interface is upon: the key `master` of several
//! plugins.

use crate::{Error, Failure, Link, Namespace, Need, Outcome as _, Request, addressing, codes};

const IPAM: &str = "ipam.type";
const CHECK: &str = "CHECK";

/// What a plugin asks for whose interface is of these kinds, upon a link that
/// the configuration may leave out, and addressed by an IPAM plugin if one is
/// named.
///
/// ```
/// # use cofferdam_guest_sdk::{Need, parent};
/// const NEEDS: &[Need] = &parent::needs(&["macvlan"]);
/// ```
#[must_use]
pub const fn needs(kinds: &'static [&'static str]) -> [Need; 15] {
    [
        Need::always("link.create").in_container().kinds(kinds),
        Need::when("a master of the node", "link.see").in_host(),
        Need::when("no master", "route.see").in_host(),
        Need::when("linkInContainer", "link.see").in_container(),
        Need::when("linkInContainer without a master", "route.see").in_container(),
        Need::when(IPAM, "ipam.delegate"),
        Need::when(IPAM, "sysctl.write")
            .in_container()
            .keys(&["net/ipv4/conf/*/arp_notify", "net/ipv6/conf/*/ndisc_notify"])
            .values(&["1"]),
        addressing::TURNS_IPV6_ON,
        addressing::KEEPS_ADDRESSES,
        Need::when(IPAM, "address.add").in_container(),
        Need::when("routes of the IPAM plugin", "route.add").in_container(),
        Need::when("CHECK and DEL", "link.see").in_container().kinds(kinds),
        Need::when(CHECK, "address.see").in_container(),
        Need::when(CHECK, "route.see").in_container(),
        Need::when("DEL of a link that another plugin of this name made", "link.delete")
            .in_container()
            .kinds(kinds),
    ]
}

/// The namespace that the key `master` is about.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, parent, Request};
/// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
/// let of_master = parent::namespace(request, false)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The container's namespace is gone.
pub fn namespace<C>(request: &Request<C>, link_in_container: bool) -> Result<Namespace, Failure> {
    if link_in_container {
        request.container()
    } else {
        Ok(Namespace::host()?)
    }
}

/// The link of that name; without one the link that the first default route
/// leads through.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, parent, Request};
/// # fn example(request: &Request<Nothing>) -> Result<(), Failure> {
/// let of_master = parent::namespace(request, false)?;
/// let master = parent::find(&of_master, Some("eth1"))?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// There is none that the plugin may see.
pub fn find(namespace: &Namespace, master: Option<&str>) -> Result<Link, Failure> {
    match master {
        Some(name) => namespace.find_optional(name)?.ok_or_else(|| {
            let text = format!("failed to lookup master {name:?}: there is none that this plugin may see (link.see)");
            Failure::new(codes::NOT_FOUND, text)
        }),
        None => namespace.default_link().map_err(|error| match error {
            Error::NotFound(_) => Failure::from(error).within("no default route interface found; set master"),
            error => error.into(),
        }),
    }
}

/// The MTU that is asked for; 0 leaves the kernel's default.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{Failure, Link, parent};
/// # fn example(master: &Link) -> Result<(), Failure> {
/// let mtu = parent::check_mtu(1400, master)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The link below could not carry that.
pub fn check_mtu(mtu: i64, parent: &Link) -> Result<Option<u32>, Failure> {
    let most = parent.info()?.mtu;
    match u32::try_from(mtu) {
        Ok(0) => Ok(None),
        Ok(mtu) if mtu <= most => Ok(Some(mtu)),
        _ => Err(Failure::invalid_config(format!(
            "invalid MTU {mtu}, must be [0, master MTU({most})]"
        ))),
    }
}

/// Compares in CHECK what the container's interface is upon with the key
/// `master`. Without the key any link will do that is there.
///
/// ```no_run
/// # use cofferdam_guest_sdk::{config::Nothing, Failure, Link, parent, Request};
/// # fn example(request: &Request<Nothing>, link: &Link) -> Result<(), Failure> {
/// parent::check(&parent::namespace(request, false)?, Some("eth1"), link)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// It is another one, or gone.
pub fn check(namespace: &Namespace, master: Option<&str>, link: &Link) -> Result<(), Failure> {
    let Some(name) = master else { return Ok(()) };
    let wanted = namespace.find_optional(name)?;
    if wanted.is_none() {
        return Err(Failure::changed(format!("master {name:?} is gone")));
    }
    match link.parent().optional()? {
        Some(parent) if parent.info()?.name == name => Ok(()),
        _ => Err(Failure::changed(format!("the interface is not upon {name:?} any more"))),
    }
}
