use cofferdam_journal::{Inverse, Made, Operation, SharedObject};
use cofferdam_network::SysctlKey;
use cofferdam_policy::Question;
use cofferdam_protocol::Place;
use cofferdam_sandbox::{CallError, bindings::cofferdam::cni::sysctl::Host, handle::Namespace};
use wasmtime::component::Resource;

use crate::{
    convert::{invalid, network_error},
    mediator::Mediator,
};

/// Bytes of a value.
const VALUE_LIMIT: usize = 256;

impl Host for Mediator {
    fn get(&mut self, namespace: Resource<Namespace>, key: Vec<String>) -> Result<String, CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        let key = SysctlKey::new(key).map_err(network_error)?;
        self.permit(&Question::SysctlRead {
            place,
            key: key.parts(),
        })?;
        self.refuse_others_setting(place, &key)?;
        self.network().sysctl(place, &key).map_err(network_error)
    }

    fn set(&mut self, namespace: Resource<Namespace>, key: Vec<String>, value: String) -> Result<(), CallError> {
        self.enter()?;
        let place = self.table.get(&namespace)?.place;
        let key = SysctlKey::new(key).map_err(network_error)?;
        check_value(&key, &value)?;
        self.permit(&Question::SysctlWrite {
            place,
            key: key.parts(),
            value: &value,
        })?;
        self.refuse_others_setting(place, &key)?;
        let old = self.network().sysctl(place, &key).map_err(network_error)?;
        match place {
            Place::Container if old == value => Ok(()),
            Place::Container => {
                let operation = Operation::SetSysctl {
                    place,
                    key: key.clone(),
                    value: value.clone(),
                };
                let inverse = Inverse::RestoreSysctl {
                    place,
                    key: key.clone(),
                    old,
                    new: value.clone(),
                };
                self.change(&operation, &inverse, |network| network.set_sysctl(place, &key, &value))
            }
            Place::Host => self.share_sysctl(&key, old, &value),
        }
    }
}

impl Mediator {
    /// The settings of another attachment's link are not there.
    fn refuse_others_setting(&mut self, place: Place, key: &SysctlKey) -> Result<(), CallError> {
        let [_, _, kind, link, _, ..] = key.parts() else {
            return Ok(());
        };
        let (of_link, link) = (matches!(kind.as_str(), "conf" | "neigh"), link.clone());
        if of_link && self.is_others_link(place, &link)? {
            let text = format!("sysctl {key} in the {place} namespace");
            return Err(network_error(cofferdam_network::Error::NotFound(text)));
        }
        Ok(())
    }

    /// A setting of the node stays while somebody needs it, and goes back when
    /// nobody does.
    fn share_sysctl(&mut self, key: &SysctlKey, old: String, value: &str) -> Result<(), CallError> {
        let object = SharedObject::Sysctl {
            place: Place::Host,
            key: key.clone(),
        };
        let operation = Operation::SetSysctl {
            place: Place::Host,
            key: key.clone(),
            value: value.to_owned(),
        };
        let made = Made::Sysctl {
            old,
            new: value.to_owned(),
        };
        self.share(
            &object,
            &operation,
            made,
            |network, made| {
                let set = network.sysctl(Place::Host, key)? == value;
                Ok((set.then_some(()), made.is_some()))
            },
            |network| network.set_sysctl(Place::Host, key, value).map(Some),
        )?;
        Ok(())
    }
}

fn check_value(key: &SysctlKey, value: &str) -> Result<(), CallError> {
    let plain = value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t');
    if value.len() > VALUE_LIMIT || !plain {
        return Err(invalid(format!(
            "the value for sysctl {key} is longer than {VALUE_LIMIT} bytes or not plain text"
        )));
    }
    Ok(())
}
