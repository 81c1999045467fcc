use std::{net::Ipv4Addr, thread, time::Duration};

use cofferdam_journal::{Inverse, Made, Operation, SharedObject};
use cofferdam_network::{LinkId, LinkInfo, OperationalState, SysctlKey};
use cofferdam_policy::Question;
use cofferdam_protocol::{IpPrefix, Place};
use cofferdam_sandbox::{
    CallError,
    bindings::cofferdam::cni::{
        links::{HostLink, LinkInfo as WitLinkInfo, LinkSettings as WitSettings},
        types::{Error, MacAddress as WitMac},
    },
    handle::Link,
};
use wasmtime::component::Resource;

use super::{link_flag::Flag, links::check_mac};
use crate::{
    convert::{conflict, invalid, link_info, mac_address, network_error, wit_link_settings},
    mediator::{Mediator, journal_error},
    session::Ownership,
};

/// Between two looks at a state that is waited for.
const POLL: Duration = Duration::from_millis(2);
/// Packets; what waits there is the kernel's memory.
const LONGEST_QUEUE: u32 = 100_000;

impl HostLink for Mediator {
    fn info(&mut self, link: Resource<Link>) -> Result<WitLinkInfo, CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        let info = self.link_info_of(id)?;
        let master = self.visible_master(&info)?;
        Ok(link_info(info, master))
    }

    fn set_up(&mut self, link: Resource<Link>) -> Result<(), CallError> {
        self.set_flag(&link, Flag::Up, true)
    }

    fn set_down(&mut self, link: Resource<Link>) -> Result<(), CallError> {
        self.set_flag(&link, Flag::Up, false)
    }

    fn set_mtu(&mut self, link: Resource<Link>, mtu: u32) -> Result<(), CallError> {
        self.enter()?;
        let target = self.target(&link, "mtu")?;
        let old = target.info.as_ref().map(|info| info.mtu);
        if old == Some(mtu) {
            return Ok(());
        }
        self.refuse_change_for_others(target.id, &target.name, "mtu")?;
        let inverse = match old {
            Some(old) => Inverse::RestoreMtu {
                link: target.id,
                name: target.name.clone(),
                old,
            },
            None => Inverse::WithLink { link: target.id },
        };
        let operation = Operation::SetLinkMtu {
            link: target.id,
            name: target.name,
            mtu,
        };
        self.change(&operation, &inverse, |network| network.set_link_mtu(target.id, mtu))
    }

    fn set_mac(&mut self, link: Resource<Link>, mac: WitMac) -> Result<(), CallError> {
        self.enter()?;
        let mac = mac_address(mac);
        check_mac(mac)?;
        let target = self.target(&link, "mac")?;
        // The address is what the journal knows a link of ours by.
        let old = match &target.info {
            Some(info) => info.mac,
            None => self.known_link(target.id).map(|known| known.mac),
        };
        let Some(old) = old else {
            return Err(invalid(format!("link {:?} has no Ethernet address", target.name)));
        };
        if old == mac {
            return Ok(());
        }
        self.refuse_change_for_others(target.id, &target.name, "mac")?;
        self.refuse_known_mac(mac, Some(target.id))?;
        let inverse = Inverse::RestoreMac {
            link: target.id,
            name: target.name.clone(),
            old,
        };
        let operation = Operation::SetLinkMac {
            link: target.id,
            name: target.name,
            mac,
        };
        self.change(&operation, &inverse, |network| network.set_link_mac(target.id, mac))
    }

    fn set_promiscuous(&mut self, link: Resource<Link>, on: bool) -> Result<(), CallError> {
        self.set_flag(&link, Flag::Promiscuous, on)
    }

    fn set_all_multicast(&mut self, link: Resource<Link>, on: bool) -> Result<(), CallError> {
        self.set_flag(&link, Flag::AllMulticast, on)
    }

    fn set_transmit_queue_length(&mut self, link: Resource<Link>, packets: u32) -> Result<(), CallError> {
        self.enter()?;
        if packets > LONGEST_QUEUE {
            return Err(invalid(format!(
                "a transmit queue of {packets} packets is longer than {LONGEST_QUEUE}"
            )));
        }
        let target = self.target(&link, "transmit-queue-length")?;
        let old = target.info.as_ref().map(|info| info.transmit_queue_length);
        if old == Some(packets) {
            return Ok(());
        }
        self.refuse_change_for_others(target.id, &target.name, "transmit-queue-length")?;
        let inverse = match old {
            Some(old) => Inverse::RestoreQueueLength {
                link: target.id,
                name: target.name.clone(),
                old,
            },
            None => Inverse::WithLink { link: target.id },
        };
        let operation = Operation::SetLinkQueueLength {
            link: target.id,
            name: target.name,
            packets,
        };
        self.change(&operation, &inverse, |network| {
            network.set_link_queue_length(target.id, packets)
        })
    }

    fn set_master(&mut self, link: Resource<Link>, master: Resource<Link>) -> Result<(), CallError> {
        self.enter()?;
        let target = self.target(&link, "master")?;
        let index = self.master_in(target.id.place, &master)?;
        self.refuse_change_for_others(target.id, &target.name, "master")?;
        // Our own link, too: a bridge that was joined after it was made is left
        // first, and would be found with a port.
        let old = match &target.info {
            Some(info) => info.master,
            None => self.link_info_of(target.id)?.master,
        };
        let inverse = Inverse::RestoreMaster {
            link: target.id,
            name: target.name.clone(),
            old,
        };
        let operation = Operation::SetLinkMaster {
            link: target.id,
            name: target.name,
            master: Some(index),
        };
        self.change(&operation, &inverse, |network| {
            network.set_link_master(target.id, Some(index))
        })
    }

    fn set_hairpin(&mut self, link: Resource<Link>, on: bool) -> Result<(), CallError> {
        self.set_flag(&link, Flag::Hairpin, on)
    }

    fn set_isolated(&mut self, link: Resource<Link>, on: bool) -> Result<(), CallError> {
        self.set_flag(&link, Flag::Isolated, on)
    }

    fn peer(&mut self, link: Resource<Link>) -> Result<Resource<Link>, CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        let info = self.link_info_of(id)?;
        let missing = || CallError::Guest(Error::NotFound(format!("the other end of link {:?}", info.name)));
        if info.kind != "veth" {
            return Err(missing());
        }
        let index = info.lower.ok_or_else(missing)?;
        let other = LinkId {
            place: if info.lower_elsewhere {
                other_place(id.place)
            } else {
                id.place
            },
            index,
        };
        let found = self.network().link(other).map_err(network_error)?;
        // Of several namespaces only the pair of this request can hold the end.
        let found = found
            .filter(|peer| peer.kind == "veth" && peer.lower == Some(id.index))
            .ok_or_else(missing)?;
        let name = found.name.clone();
        let seen = self.visible(other.place, &name, Some(found)).map_err(|_| missing())?;
        self.link_handle(seen.id, &name)
    }

    fn settings(&mut self, link: Resource<Link>) -> Result<Option<WitSettings>, CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        let info = self.link_info_of(id)?;
        Ok(info.settings.as_ref().and_then(wit_link_settings))
    }

    fn parent(&mut self, link: Resource<Link>) -> Result<Resource<Link>, CallError> {
        self.parent_link(&link)
    }

    fn wait_operational(&mut self, link: Resource<Link>, milliseconds: u32) -> Result<(), CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        let wait = Duration::from_millis(milliseconds.into()).min(self.session().time_left());
        let end = std::time::Instant::now() + wait;
        loop {
            let info = self.link_info_of(id)?;
            if info.operational_state == OperationalState::Up {
                return Ok(());
            }
            if std::time::Instant::now() >= end {
                let text = format!("link {:?} is not up after {} ms", info.name, wait.as_millis());
                return Err(CallError::Guest(Error::Deadline(text)));
            }
            thread::sleep(POLL);
        }
    }

    fn delete(&mut self, link: Resource<Link>) -> Result<(), CallError> {
        self.enter()?;
        let id = self.link_id(&link)?;
        let info = self.link_info_of(id)?;
        let known = self.known_link(id);
        match known.as_ref().map(|known| &known.ownership) {
            Some(Ownership::Own) => {}
            Some(Ownership::Taken) => {
                let text = format!(
                    "link {:?} is a device of the node: it goes back with the attachment",
                    info.name
                );
                return Err(invalid(text));
            }
            _ => self.permit_delete(&info)?,
        }
        let operation = Operation::DeleteLink {
            link: id,
            name: info.name,
        };
        self.change(&operation, &Inverse::WithLink { link: id }, |network| {
            network.delete_link(id)
        })?;
        // Its name stays the attachment's until DEL: elements and rules may
        // hold it.
        self.session().links.remove(id);
        Ok(())
    }

    fn drop(&mut self, link: Resource<Link>) -> wasmtime::Result<()> {
        self.table.delete(link)?;
        Ok(())
    }
}

/// A link that may be changed. `info` is there when the link is not our own,
/// so that its old state can be put back.
struct Target {
    id: LinkId,
    name: String,
    info: Option<LinkInfo>,
}

impl Mediator {
    /// What the kernel tells about a link behind a handle.
    pub(super) fn link_info_of(&mut self, id: LinkId) -> Result<LinkInfo, CallError> {
        let name = self.session().deeds.name_of(id).unwrap_or_default().to_owned();
        let info = self.seen_on(|network| network.link(id))?;
        info.ok_or_else(|| CallError::Guest(Error::NotFound(format!("link {name:?} in the {} namespace", id.place))))
    }

    /// Checks that this plugin may set `what` of a link. Its own it may; for
    /// what is shared or others' it needs a grant.
    fn target(&mut self, link: &Resource<Link>, what: &str) -> Result<Target, CallError> {
        let id = self.link_id(link)?;
        let known = self.known_link(id);
        if let Some(known) = &known
            && known.ownership.is_attachments()
        {
            return Ok(Target {
                id,
                name: known.name.clone(),
                info: None,
            });
        }
        let info = self.link_info_of(id)?;
        self.permit(&Question::LinkSet {
            place: id.place,
            kind: &info.kind,
            name: &info.name,
            what,
        })?;
        // A bridge that the host made goes with its last user, settings and all.
        let made = matches!(
            known.map(|known| known.ownership),
            Some(Ownership::Shared { made: true, .. })
        );
        let name = info.name.clone();
        Ok(Target {
            id,
            name,
            info: (!made).then_some(info),
        })
    }

    fn set_flag(&mut self, link: &Resource<Link>, flag: Flag, on: bool) -> Result<(), CallError> {
        self.enter()?;
        let target = self.target(link, flag.name())?;
        let shared = matches!(
            self.known_link(target.id).map(|known| known.ownership),
            Some(Ownership::Shared { made: false, .. })
        );
        if shared && self.session().mode.creates() {
            return self.share_flag(target, flag, on);
        }
        // A bridge that the host made has all of them off at first.
        if !on {
            self.refuse_change_for_others(target.id, &target.name, flag.name())?;
        }
        let old = target.info.as_ref().and_then(|info| flag.of(info));
        if old == Some(on) {
            return Ok(());
        }
        if flag == Flag::Up && on {
            self.foresee_loopback_address(&target)?;
        }
        let inverse = match old {
            Some(old) => flag.inverse(target.id, target.name.clone(), old),
            None => Inverse::WithLink { link: target.id },
        };
        let operation = flag.operation(target.id, target.name, on);
        self.change(&operation, &inverse, |network| flag.set(network, target.id, on))
    }

    /// A loopback link gets this address from the kernel when it comes up,
    /// whatever others it has, and keeps it when it goes down again
    /// (`inetdev_event` in `net/ipv4/devinet.c`).
    fn foresee_loopback_address(&mut self, target: &Target) -> Result<(), CallError> {
        let (link, name) = (target.id, &target.name);
        let is_loopback = |info: &LinkInfo| info.name == "lo" && info.kind.is_empty();
        if !target.info.as_ref().is_some_and(is_loopback) {
            return Ok(());
        }
        let address = IpPrefix::new(Ipv4Addr::LOCALHOST.into(), 8).expect("8 bits are of the 32");
        let addresses = self.network().addresses(link).map_err(network_error)?;
        if addresses.iter().any(|info| info.address == address) {
            return Ok(());
        }
        let inverse = Inverse::DeleteAddress {
            link,
            name: name.clone(),
            address,
        };
        let operation = Operation::AddAddress {
            link,
            name: name.clone(),
            address,
            skip_duplicate_detection: true,
        };
        self.change(&operation, &inverse, |_| Ok(()))
    }

    /// A setting of a shared link that was there before: it goes back when
    /// nobody needs it any more.
    fn share_flag(&mut self, target: Target, flag: Flag, on: bool) -> Result<(), CallError> {
        let Target { id, name, info } = target;
        let old = info.as_ref().and_then(|info| flag.of(info)).unwrap_or(!on);
        let object = SharedObject::LinkSetting {
            place: id.place,
            link: name.clone(),
            setting: flag.setting(),
        };
        let made = Made::LinkSetting {
            old: old.into(),
            new: on.into(),
            index: Some(id.index),
        };
        self.share(
            &object,
            &flag.operation(id, name, on),
            made,
            |network, made| {
                let set = network.link(id)?.and_then(|info| flag.of(&info)) == Some(on);
                // A record of another link of that name is none of this one.
                let ours = matches!(made, Some(Made::LinkSetting { index, .. }) if *index == Some(id.index));
                Ok((set.then_some(()), ours))
            },
            |network| flag.set(network, id, on).map(Some),
        )?;
        Ok(())
    }

    /// In ADD a link that somebody else made can't be deleted: it could not be
    /// put back.
    fn permit_delete(&mut self, info: &LinkInfo) -> Result<(), CallError> {
        self.permit(&Question::LinkDelete {
            place: info.id.place,
            kind: &info.kind,
            name: &info.name,
        })?;
        if self.session().mode.creates() {
            let text = format!(
                "link {:?} was not made by this attachment and could not be put back",
                info.name
            );
            return Err(CallError::Guest(Error::Conflict(text)));
        }
        Ok(())
    }

    fn visible_master(&mut self, info: &LinkInfo) -> Result<Option<String>, CallError> {
        let Some(index) = info.master else { return Ok(None) };
        let id = LinkId {
            place: info.id.place,
            index,
        };
        let Some(master) = self.network().link(id).map_err(network_error)? else {
            return Ok(None);
        };
        let name = master.name.clone();
        Ok(self
            .visible(id.place, &name, Some(master))
            .ok()
            .map(|master| master.name))
    }

    /// A container must not be able to give the node routes (CVE-2020-10749).
    /// Without IPv6 there is nothing to refuse.
    pub(super) fn refuse_router_advertisements(&mut self, place: Place, name: &str) {
        if place == Place::Container {
            return;
        }
        let parts = ["net", "ipv6", "conf", name, "accept_ra"].map(str::to_owned).to_vec();
        self.switch_off(place, parts);
    }

    /// Nor move those that it has to itself.
    pub(super) fn refuse_redirects(&mut self, place: Place, name: &str) {
        if place == Place::Container {
            return;
        }
        for family in ["ipv4", "ipv6"] {
            let parts = ["net", family, "conf", name, "accept_redirects"].map(str::to_owned);
            self.switch_off(place, parts.to_vec());
        }
    }

    fn switch_off(&mut self, place: Place, key: Vec<String>) {
        if let Ok(key) = SysctlKey::new(key) {
            let _ = self.network().set_sysctl(place, &key, "0");
        }
    }

    /// What attachments share is not changed under the others.
    pub(super) fn refuse_change_for_others(&mut self, link: LinkId, name: &str, what: &str) -> Result<(), CallError> {
        let Some(Ownership::Shared { object, .. }) = self.known_link(link).map(|known| known.ownership) else {
            return Ok(());
        };
        let session = self.session();
        let other = session
            .shared
            .other_user(&object, &session.attachment)
            .map_err(journal_error)?;
        match other {
            Some(user) => Err(conflict(format!(
                "{what} of link {name:?} can't be changed: {user} uses the link, too"
            ))),
            None => Ok(()),
        }
    }
}

/// The other of a request's namespaces.
pub(super) fn other_place(place: Place) -> Place {
    match place {
        Place::Host => Place::Container,
        Place::Container => Place::Host,
    }
}
