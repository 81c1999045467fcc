//! Devices of the node that are moved into the container. Which link is meant
//! the host finds out, and of a link that the plugin may not take the answer is
//! the same as of none.

use cofferdam_journal::{Inverse, Operation, Outcome};
use cofferdam_network::{Device, DeviceSelector, Error as NetworkError, FoundDevice, LinkId, LinkInfo, LinkSettings};
use cofferdam_policy::Question;
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        devices::{self as wit, Host},
        types::Error,
    },
    handle::Link,
};
use wasmtime::component::Resource;

use super::links::check_name;
use crate::{
    convert::{belongs, conflict, invalid, mac_address, network_error},
    mediator::{Mediator, journal_error},
    session::{KnownLink, Ownership},
    ways::MAIN_TABLE,
};

/// `LOOPBACK_IFINDEX` in `include/net/net_namespace.h`.
const LOOPBACK: u32 = 1;
/// What the kernel calls the kind of a device on a bus: nothing.
const HARDWARE: &str = "";

impl Host for Mediator {
    fn take(&mut self, device: wit::Selector, name: String) -> Result<wit::Device, CallError> {
        self.enter()?;
        self.require_creation()?;
        check_name(&name)?;
        let selector = selector(device);
        if let DeviceSelector::Name(device) = &selector {
            self.may_take_named(device)?;
        }
        let found = self.network().find_device(&selector).map_err(|error| match error {
            NetworkError::NotFound(_) => no_device(&selector),
            error => network_error(error),
        })?;
        match found {
            FoundDevice::Userspace(address) => {
                let question = question(HARDWARE, &address, false);
                if let Err(denial) = self.allowed.decide(&question) {
                    self.trail.denied_silently(&denial);
                    return Err(no_device(&selector));
                }
                self.permit(&question)?;
                self.session().deeds.hand_over(&name, &address);
                Ok(wit::Device::Userspace(address))
            }
            FoundDevice::Links(links) => {
                let info = self.takeable(links, &selector)?;
                self.refuse_used(&info)?;
                let is_nodes = self.is_nodes(&info)?;
                self.permit(&question(&info.kind, &info.name, is_nodes))?;
                Ok(wit::Device::Link(self.take_link(&info, &name)?))
            }
        }
    }

    fn give_back(&mut self, name: String) -> Result<(), CallError> {
        self.enter()?;
        check_name(&name)?;
        if self.session().mode.creates() {
            return Err(invalid("what an ADD took the host gives back"));
        }
        let missing = || {
            let text = format!("link {name:?} in the container namespace, with the name of a device as its alias");
            CallError::Guest(Error::NotFound(text))
        };
        let link = self.network().link_by_name(Place::Container, &name);
        let link = link.map_err(network_error)?.filter(|link| link.name == name);
        let (Some(link), Some(alias)) = (&link, link.as_ref().and_then(|link| link.alias.clone())) else {
            return Err(missing());
        };
        // Who is root in the container may have written anything.
        check_name(&alias).map_err(|_| missing())?;
        self.permit(&question(&link.kind, &alias, false))?;
        if self.is_others_link(Place::Host, &alias)? {
            return Err(missing());
        }
        let operation = Operation::TakeDevice {
            link: link.id,
            name,
            inside: alias.clone(),
        };
        let inverse = Inverse::WithLink { link: link.id };
        self.change(&operation, &inverse, |network| {
            network.move_link(link.id, Place::Host, &alias, "").map(drop)
        })
    }
}

impl Mediator {
    /// Denies a name by itself, where the policy does, without a look.
    fn may_take_named(&mut self, name: &str) -> Result<(), CallError> {
        if self.allowed.may_take(name) {
            return Ok(());
        }
        self.permit(&question(HARDWARE, name, false))
    }

    /// The first of a device's links that this plugin may take.
    fn takeable(&mut self, links: Vec<LinkInfo>, selector: &DeviceSelector) -> Result<LinkInfo, CallError> {
        for info in links {
            if self.is_others_link(Place::Host, &info.name)? {
                continue;
            }
            match self.allowed.decide(&question(&info.kind, &info.name, false)) {
                Ok(_) => return Ok(info),
                Err(denial) => self.trail.denied_silently(&denial),
            }
        }
        Err(no_device(selector))
    }

    /// What would lose something if the link went elsewhere: whoever may take
    /// it is told.
    fn refuse_used(&mut self, info: &LinkInfo) -> Result<(), CallError> {
        let name = &info.name;
        let refuse = |why: &str| Err(conflict(format!("link {name:?} can't be taken from the node: {why}")));
        if self.session().links.has_named(Place::Host, name) {
            return refuse("this attachment made or joined it");
        }
        if info.id.index == LOOPBACK {
            return refuse("it is the loopback link");
        }
        if info.master.is_some() {
            return refuse("it is a port of another link");
        }
        for place in [Place::Host, Place::Container] {
            let links = self.network().links(place).map_err(network_error)?;
            if place == Place::Host && links.iter().any(|link| link.master == Some(info.id.index)) {
                return refuse("other links are ports of it");
            }
            if links.iter().any(|link| is_upon(link, info.id)) {
                return refuse("other links are upon it");
            }
        }
        let uses = self.session().shared.uses_of_link(name).map_err(journal_error)?;
        if let Some(what) = uses {
            return refuse(&format!("attachments share {what}"));
        }
        let owned = {
            let session = self.session();
            let survey = session.owned.survey().map_err(journal_error)?;
            survey.on_link(name).map_err(journal_error)?
        };
        if let Some((thing, owner)) = owned.first() {
            return Err(belongs(thing, owner));
        }
        self.refuse_others_routes(info)
    }

    /// Routes that another attachment made go through its own links, or through
    /// one that it was granted.
    fn refuse_others_routes(&mut self, info: &LinkInfo) -> Result<(), CallError> {
        let routes = self.network().routes(info.id, MAIN_TABLE).map_err(network_error)?;
        for route in routes {
            let thing = self.session().scope().route(&route);
            self.refuse_others(&thing)?;
        }
        Ok(())
    }

    /// Whether the node has an address on it, or sends through it what goes
    /// elsewhere.
    fn is_nodes(&mut self, info: &LinkInfo) -> Result<bool, CallError> {
        let addresses = self.network().addresses(info.id).map_err(network_error)?;
        let link_local = |address: std::net::IpAddr| match address {
            std::net::IpAddr::V4(_) => false,
            std::net::IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        if addresses.iter().any(|info| !link_local(info.address.address())) {
            return Ok(true);
        }
        let routes = self.network().routes(info.id, MAIN_TABLE).map_err(network_error)?;
        Ok(routes
            .iter()
            .any(|route| route.gateway.is_some() || !link_local(route.destination.address())))
    }

    fn take_link(&mut self, info: &LinkInfo, name: &str) -> Result<Resource<Link>, CallError> {
        self.be_beside_node()?;
        self.count_link()?;
        let operation = Operation::TakeDevice {
            link: info.id,
            name: info.name.clone(),
            inside: name.to_owned(),
        };
        let inverse = Inverse::ReturnDevice {
            device: Device::from(info),
            inside: name.to_owned(),
        };
        let alias = info.name.clone();
        let id = self.perform(
            &operation,
            &inverse,
            |network| network.move_link(info.id, Place::Container, name, &alias),
            |id| Outcome {
                index: Some(id.index),
                ..Outcome::default()
            },
        )?;
        let known = KnownLink {
            plugin: self.plugin.clone(),
            name: name.to_owned(),
            mac: info.mac.unwrap_or(MacAddress([0; 6])),
            ownership: Ownership::Taken,
            peer: None,
        };
        self.session().links.insert(id, known);
        self.link_handle(id, name)
    }
}

/// Whether a link is upon one of the node, or sends by it. Of a veth pair neither end is upon
/// the other.
fn is_upon(link: &LinkInfo, parent: LinkId) -> bool {
    if let Some(LinkSettings::Vxlan(vxlan)) = &link.settings {
        return link.id.place == Place::Host && vxlan.parent == Some(parent.index);
    }
    let is_there = (link.id.place == Place::Host) != link.lower_elsewhere;
    let is_pair = link.kind == "veth";
    let is_made_upon = link.settings.as_ref().is_none_or(LinkSettings::is_upon_parent);
    is_there && !is_pair && is_made_upon && link.lower == Some(parent.index) && link.id != parent
}

fn question<'q>(kind: &'q str, name: &'q str, is_nodes: bool) -> Question<'q> {
    Question::DeviceTake { kind, name, is_nodes }
}

fn selector(device: wit::Selector) -> DeviceSelector {
    match device {
        wit::Selector::Name(name) => DeviceSelector::Name(name),
        wit::Selector::Mac(mac) => DeviceSelector::Mac(mac_address(mac)),
        wit::Selector::KernelPath(path) => DeviceSelector::KernelPath(path.into()),
        wit::Selector::Pci(address) => DeviceSelector::Pci(address),
        wit::Selector::Id(id) => DeviceSelector::Id(id),
    }
}

/// The same for one that is missing and one that is not for this plugin.
fn no_device(selector: &DeviceSelector) -> CallError {
    CallError::Guest(Error::NotFound(format!("a {selector} that this plugin may take")))
}
