use cofferdam_guest_sdk::{
    Failure,
    bindings::{
        links::Link,
        vxlans::{self, VxlanSettings},
    },
};

use super::{Outcome, Script, address, call::Call, done, failure};

impl Script {
    /// `None` when the call is of another kind.
    pub(super) fn vxlan_call(&mut self, call: &Call) -> Option<Outcome> {
        Some(match call {
            Call::Vxlan { .. } => {
                let made = self.vxlan(call);
                self.keep(made)
            }
            Call::AddPeer { link, peer } => self
                .link(*link)
                .and_then(|link| done(vxlans::add_peer(link, address(&self.text(peer))?))),
            Call::Peers { link } => {
                let told = self.link(*link).map(vxlans::peers);
                told.and_then(|told| self.look(told))
            }
            _ => return None,
        })
    }

    fn vxlan(&self, call: &Call) -> Result<Link, Failure> {
        let Call::Vxlan {
            link,
            name,
            id,
            port,
            local,
            group,
            parent,
        } = call
        else {
            return Err(Failure::internal("that makes no VXLAN"));
        };
        let parent = parent.map(|parent| self.link(parent)).transpose()?;
        let settings = VxlanSettings {
            id: *id,
            port: port.unwrap_or(4789),
            local: local.as_deref().map(address).transpose()?,
            group: group.as_deref().map(address).transpose()?,
            ttl: None,
            learning: true,
            mtu: None,
        };
        vxlans::ensure(self.link(*link)?, &self.text(name), settings, parent).map_err(failure)
    }
}
