use std::{net::IpAddr, path::Path};

use cofferdam_network::{Error as NetworkError, SysctlKey};
use cofferdam_protocol::Place;

use super::{ComparisonError, GONE, PRESENT, Remedy, survey::Survey};
use crate::{
    Entry, Owner, Records, Upkeep,
    model::{Made, same_value},
};

impl Survey<'_, '_> {
    /// A kernel setting, with the value that those agreed on who share it.
    pub(super) fn look_at_sysctl(
        &mut self,
        entry: &Entry,
        place: Place,
        key: &SysctlKey,
        value: &str,
    ) -> Result<(), ComparisonError> {
        let made = self.made(entry);
        let was_found = made.as_ref().is_some_and(Made::is_as_found);
        let value = match made {
            Some(Made::Sysctl { new, .. }) => new,
            _ => value.to_owned(),
        };
        let object = format!("sysctl {key} in the {place} namespace");
        match self.view.network.sysctl(place, key) {
            Ok(found) if same_value(&found, &value) => {}
            Ok(found) => {
                let remedy = Remedy::Sysctl {
                    place,
                    key: key.clone(),
                    value: value.clone(),
                };
                // What was so before is not the attachment's.
                let remedy = (!was_found).then_some(remedy);
                self.tell(entry, object, format!("{value:?}"), format!("{found:?}"), remedy);
            }
            Err(NetworkError::NotFound(_)) => {
                // One of a link goes with it.
                let of_lost = |part: &String| self.lost.names.contains(&(place, part.clone()));
                if !key.parts().iter().any(of_lost) {
                    self.tell(entry, object, PRESENT, GONE, None);
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// An address that was claimed has to be on record as the attachment's.
    pub(super) fn look_at_claim(
        &mut self,
        entry: &Entry,
        directory: &Path,
        address: IpAddr,
    ) -> Result<(), ComparisonError> {
        let own = Owner {
            container_id: self.id.container_id.clone(),
            interface_name: Some(self.id.interface_name.clone()),
        };
        let object = format!("the claim on address {address} in {}", directory.display());
        match Records::holder(directory, &address)? {
            Some(owner) if own.holds(&owner) => {}
            Some(owner) if owner.is_nobody() => {
                self.tell(entry, object, PRESENT, "one that does not tell whose it is", None);
            }
            Some(owner) => {
                let interface = owner.interface_name.map(|name| format!(" interface {name}"));
                let found = format!(
                    "container {}'s{} by now",
                    owner.container_id,
                    interface.unwrap_or_default()
                );
                self.tell(entry, object, PRESENT, found, None);
            }
            None => {
                let remedy = Remedy::Claim {
                    directory: directory.to_owned(),
                    address,
                };
                self.tell(entry, object, PRESENT, GONE, Some(remedy));
            }
        }
        Ok(())
    }

    /// What is looked after has to be on record.
    pub(super) fn look_at_upkeep(&mut self, entry: &Entry, plugin: &str) -> Result<(), ComparisonError> {
        let found = match Upkeep::new(self.shared.state()).read(self.id, plugin) {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => GONE.to_owned(),
            Err(error) => format!("not to be read ({error})"),
        };
        self.tell(entry, format!("the record of plugin {plugin}"), PRESENT, found, None);
        Ok(())
    }
}
