use cofferdam_guest_sdk::bindings::devices::{self, Device, Selector};

use super::{Call, Outcome, Script, done, failure, mac};

impl Script {
    /// A call about devices of the node, if it is one.
    pub(super) fn device_call(&mut self, call: &Call) -> Option<Outcome> {
        Some(match call {
            Call::Take {
                name,
                device,
                mac: wanted,
                path,
                pci,
            } => {
                let by_name = device.clone().map(Selector::Name);
                let by_mac = wanted.map(|wanted| Selector::Mac(mac(wanted)));
                let by_path = path.clone().map(Selector::KernelPath);
                let by_pci = pci.clone().map(Selector::Pci);
                let selector = by_name.or(by_mac).or(by_path).or(by_pci);
                self.take(&selector.unwrap_or_else(|| Selector::Id(String::new())), name)
            }
            Call::GiveBack { name } => done(devices::give_back(name)),
            _ => return None,
        })
    }

    fn take(&mut self, selector: &Selector, name: &str) -> Outcome {
        match devices::take(selector, name).map_err(failure)? {
            Device::Link(link) => self.links.push(link),
            Device::Userspace(address) => self.saw(address),
        }
        Ok(())
    }
}
