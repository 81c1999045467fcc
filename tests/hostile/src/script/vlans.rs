use cofferdam_guest_sdk::bindings::{
    vlans::{self, VlanRange},
    vrfs,
};

use super::{Outcome, Script, call::Call, done, failure, namespace};

impl Script {
    /// `None` when the call is of another kind.
    pub(super) fn vlan_call(&mut self, call: &Call) -> Option<Outcome> {
        Some(match call {
            Call::Vlans { link, vlans: ranges } => self.set_vlans(*link, ranges),
            Call::VlanGateway { link, vlan } => {
                let made = self
                    .link(*link)
                    .and_then(|bridge| vlans::ensure_gateway(bridge, *vlan, false).map_err(failure));
                self.keep(made)
            }
            Call::Vrf { r#in, name, table } => {
                let name = self.text(name);
                let made = namespace(*r#in).and_then(|place| vrfs::ensure(&place, &name, *table).map_err(failure));
                self.keep(made)
            }
            _ => return None,
        })
    }

    fn set_vlans(&self, link: usize, ranges: &[[u16; 2]]) -> Outcome {
        let ranges: Vec<VlanRange> = ranges
            .iter()
            .enumerate()
            .map(|(index, [first, last])| VlanRange {
                first: *first,
                last: *last,
                pvid: index == 0,
                untagged: index == 0,
            })
            .collect();
        done(vlans::set_port_vlans(self.link(link)?, &ranges))
    }
}
