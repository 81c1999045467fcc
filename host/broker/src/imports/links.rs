use cofferdam_journal::{Inverse, Operation, Outcome, SharedObject};
use cofferdam_network::{LinkId, LinkInfo, VethEnd};
use cofferdam_policy::Question;
use cofferdam_protocol::{MacAddress, Place};
use cofferdam_sandbox::{
    CallError, Outside,
    bindings::cofferdam::cni::{
        links::{self as wit, Host},
        types::Error,
    },
    handle::{Link, Namespace},
};
use wasmtime::component::Resource;

use crate::{
    convert::{invalid, mac_address, network_error},
    mediator::Mediator,
    random,
    session::{KnownLink, Ownership},
};

/// Names that are tried for a veth end whose name the host chooses.
const NAME_ATTEMPTS: usize = 8;
/// `ALTIFNAMSIZ` of `linux/if.h` without the terminating zero.
const LONGEST_WANTED_NAME: usize = 127;

impl Host for Mediator {
    fn find(&mut self, namespace: Resource<Namespace>, name: String) -> Result<Resource<Link>, CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        check_wanted_name(&name)?;
        self.may_look(place, &name)?;
        let info = self.network().link_by_name(place, &name).map_err(network_error)?;
        let id = self.visible(place, &name, info)?.id;
        self.link_handle(id, &name)
    }

    fn ensure_bridge(
        &mut self,
        namespace: Resource<Namespace>,
        name: String,
        options: wit::BridgeOptions,
    ) -> Result<Resource<Link>, CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        self.require_creation()?;
        check_name(&name)?;
        let object = SharedObject::Bridge {
            place,
            name: name.clone(),
        };
        let question = Question::link_create(place, "bridge", &name);
        self.permit_sharing(&question, Some(&object))?;
        let id = self.share_bridge(place, &name, options)?;
        self.link_handle(id, &name)
    }

    fn create_veth(
        &mut self,
        first: wit::VethEnd,
        second: wit::VethEnd,
    ) -> Result<(Resource<Link>, Resource<Link>), CallError> {
        self.enter()?;
        self.require_creation()?;
        let chosen = first.name.is_none() || second.name.is_none();
        let macs = [first.mac, second.mac].map(|mac| mac.map(mac_address));
        let mut ends = (self.veth_end(first)?, self.veth_end(second)?);
        for attempt in 1.. {
            for end in [&ends.0.0, &ends.1.0] {
                self.permit(&Question::link_create(end.place, "veth", &end.name))?;
            }
            if attempt == 1 {
                for mac in macs.into_iter().flatten() {
                    self.refuse_known_mac(mac, None)?;
                }
            }
            match self.make_veth(&ends.0.0, &ends.1.0) {
                Err(CallError::Guest(Error::AlreadyExists(_))) if chosen && attempt < NAME_ATTEMPTS => {
                    self.give_back_uses();
                    let world = self.session().world.as_ref();
                    rename_chosen(&mut ends.0, world);
                    rename_chosen(&mut ends.1, world);
                }
                Err(error) => return Err(error),
                Ok((first, second)) => {
                    let first = self.link_handle(first, &ends.0.0.name)?;
                    return Ok((first, self.link_handle(second, &ends.1.0.name)?));
                }
            }
        }
        Err(invalid("no free name for a veth end"))
    }

    fn create(&mut self, link: wit::NewLink) -> Result<Resource<Link>, CallError> {
        self.create_link(link)
    }
}

impl Mediator {
    /// Denies a name by itself, where the policy does: what would have been
    /// found, and how long that would have taken, is not for the guest.
    fn may_look(&mut self, place: Place, name: &str) -> Result<(), CallError> {
        if self.allowed.may_see(place, name) || self.knows_named(place, name) {
            return Ok(());
        }
        self.permit(&Question::LinkSee {
            place,
            kind: None,
            name,
        })
    }

    /// The link, if this plugin may see it; the same answer for one that is
    /// missing and one that it may not know of, as another attachment's.
    pub(super) fn visible(&mut self, place: Place, name: &str, info: Option<LinkInfo>) -> Result<LinkInfo, CallError> {
        let known = info.as_ref().and_then(|info| self.known_link(info.id)).is_some();
        let info = match info {
            Some(info) if !known && self.is_others_link(place, &info.name)? => None,
            info => info,
        };
        let kind = info.as_ref().map(|info| info.kind.clone());
        let question = Question::LinkSee {
            place,
            kind: kind.as_deref(),
            name,
        };
        if !known {
            match self.allowed.decide_in_earnest(&question) {
                Ok(_) => self.permit(&question)?,
                // Another link of the name could be seen, and a missing one
                // would not be denied: neither is this one, before the guest.
                Err(denial) if info.is_some() && self.allowed.may_see(place, name) => {
                    self.trail.denied_silently(&denial);
                    self.tell_audience(&question, true);
                    return Err(no_link(place, name));
                }
                Err(_) => self.permit(&question)?,
            }
        }
        // The kernel finds links by their alternative names, too. A policy
        // knows them by the name that they have.
        info.filter(|info| known || info.name == name)
            .ok_or_else(|| no_link(place, name))
    }

    /// An end as the kernel will get it, and whether its name was chosen here.
    fn veth_end(&mut self, end: wit::VethEnd) -> Result<(VethEnd, bool), CallError> {
        let place = self.table.get(&end.in_)?.place;
        let master = match &end.master {
            Some(master) => Some(self.master_in(place, master)?),
            None => None,
        };
        let chosen = end.name.is_none();
        let name = match end.name {
            Some(name) => name,
            None => random::veth_name(self.session().world.as_ref()),
        };
        check_name(&name)?;
        let mac = match end.mac {
            Some(mac) => mac_address(mac),
            None => random::mac_address(self.session().world.as_ref()),
        };
        check_mac(mac)?;
        Ok((
            VethEnd {
                place,
                name,
                mac,
                mtu: end.mtu,
                master,
            },
            chosen,
        ))
    }

    /// The index of a master, which this plugin has to share or be granted.
    pub(super) fn master_in(&mut self, place: Place, master: &Resource<Link>) -> Result<u32, CallError> {
        let id = self.link_id(master)?;
        if id.place != place {
            return Err(invalid("a link and its master have to be in the same namespace"));
        }
        if self.known_link(id).is_none() {
            let info = self.link_info_of(id)?;
            let question = Question::LinkSet {
                place,
                kind: &info.kind,
                name: &info.name,
                what: "ports",
            };
            self.permit(&question)?;
            self.use_bridge(&info)?;
            self.connect(id)?;
        }
        Ok(id.index)
    }

    fn make_veth(&mut self, first: &VethEnd, second: &VethEnd) -> Result<(LinkId, LinkId), CallError> {
        self.count_link()?;
        let operation = Operation::CreateVeth {
            first: first.clone(),
            second: second.clone(),
        };
        let inverse = Inverse::DeleteLink {
            place: first.place,
            name: first.name.clone(),
            kind: "veth".to_owned(),
            mac: first.mac,
            index: None,
        };
        let ids = self.perform(
            &operation,
            &inverse,
            |network| network.create_veth(first, second),
            |(first, second)| Outcome {
                index: Some(first.index),
                second_index: Some(second.index),
            },
        )?;
        for (id, end, peer) in [(ids.0, first, ids.1), (ids.1, second, ids.0)] {
            self.own_link(id, end, peer);
            self.refuse_router_advertisements(end.place, &end.name);
            // A port takes no packets itself.
            if end.master.is_none() {
                self.refuse_redirects(end.place, &end.name);
            }
        }
        Ok(ids)
    }

    fn own_link(&mut self, id: LinkId, end: &VethEnd, peer: LinkId) {
        let link = KnownLink {
            plugin: self.plugin.clone(),
            name: end.name.clone(),
            mac: end.mac,
            ownership: Ownership::Own,
            peer: Some(peer),
        };
        self.session().links.insert(id, link);
    }
}

fn no_link(place: Place, name: &str) -> CallError {
    CallError::Guest(Error::NotFound(format!("link {name:?} in the {place} namespace")))
}

fn rename_chosen((end, chosen): &mut (VethEnd, bool), world: &dyn Outside) {
    if *chosen {
        end.name = random::veth_name(world);
    }
}

/// What a link that is looked for can be called: alternative names are long.
fn check_wanted_name(name: &str) -> Result<(), CallError> {
    if name.is_empty() || name.len() > LONGEST_WANTED_NAME || name.contains('\0') {
        return Err(invalid(format!(
            "a link name has 1 to {LONGEST_WANTED_NAME} bytes and no NUL"
        )));
    }
    Ok(())
}

/// As the kernel's `dev_valid_name`, and what the specification says of
/// interface names.
pub(super) fn check_name(name: &str) -> Result<(), CallError> {
    let plain = |symbol: char| symbol.is_ascii_graphic() && !matches!(symbol, '/' | ':' | '%');
    if name.is_empty() || name.len() > 15 || name == "." || name == ".." || !name.chars().all(plain) {
        let shown: String = name.chars().take(LONGEST_WANTED_NAME).collect();
        return Err(invalid(format!(
            "{shown:?} can't be the name of a link: 1 to 15 printable ASCII characters other than / : %"
        )));
    }
    Ok(())
}

/// Group and all-zero addresses are refused by the kernel, too; here with the
/// reason.
pub(super) fn check_mac(mac: MacAddress) -> Result<(), CallError> {
    if mac.0[0] & 1 != 0 || mac.0 == [0; 6] {
        return Err(invalid(format!(
            "{mac} can't be the address of a link: it is zero or a group address"
        )));
    }
    Ok(())
}
