use cofferdam_network::LinkInfo;
use cofferdam_protocol::{Attachment, CniError, Interface, Place};

use super::{Request, Truth, failed, untrue};
use crate::convert::place_of;

impl Truth<'_> {
    pub(super) fn check_interfaces(&mut self, result: &Attachment) -> Result<(), CniError> {
        for (position, interface) in result.interfaces.iter().enumerate() {
            if self.passed_on(interface) || self.is_beyond_check(interface) || self.was_handed_over(interface) {
                continue;
            }
            if result
                .interfaces
                .iter()
                .take(position)
                .any(|other| is_same(other, interface))
            {
                return Err(untrue(format!("interface {:?} is in it twice", interface.name)));
            }
            let link = self.existing(interface)?;
            agree(interface, &link)?;
        }
        Ok(())
    }

    /// Whether an interface is just as it was given, and nothing was taken
    /// away from it since.
    pub(super) fn passed_on(&self, interface: &Interface) -> bool {
        let given = self
            .previous
            .is_some_and(|previous| previous.interfaces.contains(interface));
        given && !self.is_disturbed(interface)
    }

    /// Whether there was such an interface in what was given, be it with other
    /// properties.
    pub(super) fn told_before(&self, interface: &Interface) -> bool {
        self.previous
            .is_some_and(|previous| previous.interfaces.iter().any(|other| is_same(other, interface)))
    }

    fn is_disturbed(&self, interface: &Interface) -> bool {
        let place = place_of(interface, self.sandbox);
        let deeds = self.request.map(|request| request.deeds);
        place
            .zip(deeds)
            .is_some_and(|(place, deeds)| deeds.disturbed(place, &interface.name))
    }

    /// CHECK is given the result of a whole list, whose other plugins may have
    /// put interfaces where the host does not look.
    pub(super) fn is_beyond_check(&self, interface: &Interface) -> bool {
        let beyond = is_no_link(interface) || place_of(interface, self.sandbox).is_none();
        beyond && self.request.is_none()
    }

    /// Whether it stands for a device that has no link, and that the plugin got
    /// for the container. Nothing else can be said of it.
    pub(super) fn was_handed_over(&self, interface: &Interface) -> bool {
        let handed_over = self.request.zip(interface.pci_id.as_deref());
        let is_it = |(request, address): (Request<'_>, &str)| request.deeds.was_handed_over(&interface.name, address);
        let is_bare = interface.mac.is_none() && interface.mtu.is_none() && interface.socket_path.is_none();
        is_bare && place_of(interface, self.sandbox) == Some(Place::Container) && handed_over.is_some_and(is_it)
    }

    /// The link that an interface of the result stands for.
    pub(super) fn existing(&mut self, interface: &Interface) -> Result<LinkInfo, CniError> {
        let name = &interface.name;
        if is_no_link(interface) {
            let text = format!("interface {name:?} is said to be a socket or a device, and the host handed out none");
            return Err(untrue(text));
        }
        let Some(place) = place_of(interface, self.sandbox) else {
            let text = format!("interface {name:?} is said to be in a namespace that is not this request's");
            return Err(untrue(text));
        };
        let told_before = self.told_before(interface);
        let strange = |request: &Request<'_>| !told_before && !request.links.has_named(place, name);
        let stranger = || {
            untrue(format!(
                "interface {name:?} of the {place} namespace was neither made nor joined by this attachment"
            ))
        };
        // The answer does not depend on whether the node has such a link.
        if place == Place::Host && self.request.as_ref().is_some_and(strange) {
            return Err(stranger());
        }
        let Some(link) = self.look(place, name)? else {
            return Err(untrue(format!(
                "interface {name:?} does not exist in the {place} namespace"
            )));
        };
        // The container's own, such as `lo`, may be told of by those who may see it.
        let hidden = |request: &Request<'_>| strange(request) && !request.deeds.was_shown(link.id);
        if self.request.as_ref().is_some_and(hidden) {
            return Err(stranger());
        }
        Ok(link)
    }

    fn look(&mut self, place: Place, name: &str) -> Result<Option<LinkInfo>, CniError> {
        let known = |link: &&LinkInfo| link.id.place == place && link.name == name;
        if let Some(link) = self.seen.iter().find(known) {
            return Ok(Some(link.clone()));
        }
        // A result names links by their names, not by alternative ones.
        let found = self.network.link_by_name(place, name).map_err(failed)?;
        let found = found.filter(|link| link.name == name);
        self.seen.extend(found.clone());
        Ok(found)
    }
}

fn is_same(one: &Interface, other: &Interface) -> bool {
    one.name == other.name && one.sandbox == other.sandbox
}

fn is_no_link(interface: &Interface) -> bool {
    interface.socket_path.is_some() || interface.pci_id.is_some()
}

/// What is said of a link has to be so; what is left out need not be told.
fn agree(said: &Interface, link: &LinkInfo) -> Result<(), CniError> {
    let name = &said.name;
    match (&said.mac, link.mac) {
        (Some(said), None) => {
            return Err(untrue(format!(
                "interface {name:?} is said to have address {said}, but has no Ethernet address"
            )));
        }
        (Some(said), Some(mac)) if !said.eq_ignore_ascii_case(&mac.to_string()) => {
            return Err(untrue(format!(
                "interface {name:?} is said to have address {said}, but has {mac}"
            )));
        }
        _ => {}
    }
    match said.mtu {
        Some(mtu) if mtu != link.mtu => Err(untrue(format!(
            "interface {name:?} is said to have an MTU of {mtu}, but has {}",
            link.mtu
        ))),
        _ => Ok(()),
    }
}
