use cofferdam_protocol::MacAddress;

use super::name::{check_name, named};
use crate::{Error, NewLink, Result, VethEnd};

/// The longest alias (`IFALIASZ` of `linux/if.h`) without its end.
const LONGEST_ALIAS: usize = 255;

/// The kernel refuses such addresses as if the link were missing.
pub(super) fn mac(mac: MacAddress) -> Result<()> {
    let [first, ..] = mac.0;
    if first & 1 != 0 || mac.0 == [0; 6] {
        return Err(Error::Invalid(format!(
            "MAC address {mac}: a link needs a unicast address other than zero"
        )));
    }
    Ok(())
}

pub(super) fn veth(first: &VethEnd, second: &VethEnd) -> Result<()> {
    for end in [first, second] {
        check_name(&end.name)?;
        mac(end.mac)?;
    }
    let pair = || format!("veth pair {:?} and {:?}", first.name, second.name);
    if first.place == second.place && first.name == second.name {
        return Err(Error::Invalid(format!(
            "{}: two links of one namespace can't have the same name",
            pair()
        )));
    }
    if first.master.is_some() && second.master.is_some() {
        return Err(Error::Invalid(format!(
            "{}: the kernel gives a master to one end only",
            pair()
        )));
    }
    Ok(())
}

pub(super) fn new_link(link: &NewLink) -> Result<()> {
    check_name(&link.name)?;
    link.mac.map_or(Ok(()), mac)?;
    let object = named(link.place, &link.name);
    let kind = link.settings.kind();
    match (link.settings.is_upon_parent(), link.parent) {
        (true, None) => Err(Error::Invalid(format!("{object}: a link of kind {kind} has a parent"))),
        (false, Some(_)) => Err(Error::Invalid(format!("{object}: a link of kind {kind} has no parent"))),
        _ => Ok(()),
    }
}

pub(super) fn alias(alias: &str) -> Result<()> {
    if alias.len() > LONGEST_ALIAS || alias.contains('\0') {
        return Err(Error::Invalid(format!("{alias:?} can't be the alias of a link")));
    }
    Ok(())
}
