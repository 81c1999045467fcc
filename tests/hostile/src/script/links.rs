use cofferdam_guest_sdk::{
    Failure,
    bindings::{
        links::{
            self, BridgeOptions, IpvlanIsolation, IpvlanMode, IpvlanSettings, Link, LinkSettings, MacvlanMode,
            MacvlanSettings, NewLink, TapSettings, VethEnd, VlanSettings, VrfSettings, create_veth,
        },
        routes,
    },
};

use super::{
    Outcome, Script,
    call::{Call, End},
    done, failure, mac, namespace,
};

impl Script {
    /// `None` when the call is of another kind.
    pub(super) fn link_call(&mut self, call: &Call) -> Option<Outcome> {
        Some(match call {
            Call::Find { r#in, name } => {
                let name = self.text(name);
                let found = namespace(*r#in).and_then(|place| links::find(&place, &name).map_err(failure));
                self.keep(found)
            }
            Call::Bridge { r#in, name } => {
                let name = self.text(name);
                let options = BridgeOptions {
                    mtu: None,
                    vlan_filtering: false,
                };
                let made =
                    namespace(*r#in).and_then(|place| links::ensure_bridge(&place, &name, options).map_err(failure));
                self.keep(made)
            }
            Call::Veth { first, second } => self.veth(first, second),
            Call::Create { .. } => {
                let made = self.create(call);
                self.keep(made)
            }
            Call::DefaultLink { r#in } => {
                let found = namespace(*r#in).and_then(|place| routes::default_link(&place).map_err(failure));
                self.keep(found)
            }
            Call::Parent { link } => {
                let parent = self.link(*link).and_then(|link| link.parent().map_err(failure));
                self.keep(parent)
            }
            Call::Peer { link } => {
                let peer = self.link(*link).and_then(|link| link.peer().map_err(failure));
                self.keep(peer)
            }
            Call::Info { link } => {
                let told = self.link(*link).map(Link::info);
                told.and_then(|told| self.look(told))
            }
            Call::Up { link } => self.set(*link, Link::set_up),
            Call::Down { link } => self.set(*link, Link::set_down),
            Call::Mtu { link, mtu } => self.set(*link, |link| link.set_mtu(*mtu)),
            Call::Mac { link, mac: wanted } => self.set(*link, |link| link.set_mac(mac(*wanted))),
            Call::Promiscuous { link, on } => self.set(*link, |link| link.set_promiscuous(*on)),
            Call::Master { link, master } => self
                .link(*master)
                .and_then(|master| self.set(*link, |link| link.set_master(master))),
            Call::Hairpin { link, on } => self.set(*link, |link| link.set_hairpin(*on)),
            Call::AllMulticast { link, on } => self.set(*link, |link| link.set_all_multicast(*on)),
            Call::QueueLength { link, packets } => self.set(*link, |link| link.set_transmit_queue_length(*packets)),
            Call::Isolated { link, on } => self.set(*link, |link| link.set_isolated(*on)),
            Call::Wait { link, milliseconds } => self.set(*link, |link| link.wait_operational(*milliseconds)),
            Call::Delete { link } => self.set(*link, Link::delete),
            _ => return None,
        })
    }

    pub(super) fn keep(&mut self, link: Result<Link, Failure>) -> Outcome {
        self.links.push(link?);
        Ok(())
    }

    fn set(
        &self,
        link: usize,
        act: impl FnOnce(&Link) -> Result<(), cofferdam_guest_sdk::bindings::types::Error>,
    ) -> Outcome {
        done(act(self.link(link)?))
    }

    fn veth(&mut self, first: &End, second: &End) -> Outcome {
        let places = (namespace(first.r#in)?, namespace(second.r#in)?);
        let (first, second) = {
            let ends = (self.end(first, &places.0)?, self.end(second, &places.1)?);
            create_veth(&ends.0, &ends.1).map_err(failure)?
        };
        self.links.extend([first, second]);
        Ok(())
    }

    fn create(&self, call: &Call) -> Result<Link, Failure> {
        let Call::Create {
            r#in,
            name,
            kind,
            parent,
            mode,
            vlan,
            table,
            mac: wanted,
        } = call
        else {
            return Err(Failure::internal("that makes no link"));
        };
        let place = namespace(*r#in)?;
        let wanted = NewLink {
            in_: &place,
            name: self.text(name),
            mac: wanted.map(mac),
            mtu: None,
            transmit_queue_length: None,
            parent: parent.map(|parent| self.link(parent)).transpose()?,
            settings: settings(kind, mode.as_deref(), *vlan, *table)?,
        };
        links::create(&wanted).map_err(failure)
    }

    fn end<'a>(&'a self, end: &End, place: &'a links::Namespace) -> Result<VethEnd<'a>, Failure> {
        Ok(VethEnd {
            in_: place,
            name: end.name.as_deref().map(|name| self.text(name)),
            mac: end.mac.map(mac),
            mtu: end.mtu,
            master: end.master.map(|master| self.link(master)).transpose()?,
        })
    }
}

fn settings(kind: &str, mode: Option<&str>, vlan: Option<u16>, table: Option<u32>) -> Result<LinkSettings, Failure> {
    Ok(match (kind, mode) {
        ("macvlan", mode) => LinkSettings::Macvlan(MacvlanSettings {
            mode: match mode {
                Some("private") => MacvlanMode::Private,
                Some("vepa") => MacvlanMode::Vepa,
                Some("passthru") => MacvlanMode::Passthru,
                _ => MacvlanMode::Bridge,
            },
            broadcast_queue_length: None,
        }),
        ("ipvlan", mode) => LinkSettings::Ipvlan(IpvlanSettings {
            mode: match mode {
                Some("l3") => IpvlanMode::L3,
                Some("l3s") => IpvlanMode::L3s,
                _ => IpvlanMode::L2,
            },
            isolation: IpvlanIsolation::None,
        }),
        ("vlan", _) => LinkSettings::Vlan(VlanSettings {
            id: vlan.unwrap_or_default(),
        }),
        ("dummy", _) => LinkSettings::Dummy,
        ("ifb", _) => LinkSettings::Ifb,
        ("vrf", _) => LinkSettings::Vrf(VrfSettings {
            table: table.unwrap_or_default(),
        }),
        ("tun", _) => LinkSettings::Tap(TapSettings {
            owner: None,
            group: None,
            multi_queue: false,
        }),
        (kind, _) => return Err(Failure::invalid_config(format!("nobody makes a {kind}"))),
    })
}
