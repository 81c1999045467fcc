//! What follows from writing a setting.

use cofferdam_network::{Error, LinkId, LinkInfo, Result, SysctlKey, request};
use cofferdam_protocol::Place;
use cofferdam_system::Errno;

use super::{
    Family, Named, Whose,
    known::{Known, Takes},
};
use crate::{
    Sides,
    side::{Side, refused},
};

impl Sides {
    pub(crate) fn set_setting(&mut self, place: Place, key: &SysctlKey, value: &str) -> Result<()> {
        request::setting(place, key, value)?;
        let side = self.at_mut(place);
        let named = side.named(key)?;
        let known = match named {
            Named::Plain(known) | Named::Conf(_, _, known) => known,
            Named::Other => {
                side.settings.insert(key.clone(), value.to_owned());
                return Ok(());
            }
        };
        let Some(number) = read(key, known, value)? else {
            return Ok(());
        };
        let disabled = self.disabled(place);
        self.at_mut(place).write(key, named, &number.to_string())?;
        self.follow_disabling(place, &disabled);
        Ok(())
    }

    fn disabled(&self, place: Place) -> Vec<(u32, bool)> {
        let side = self.at(place);
        let links = side.links.keys();
        links.map(|index| (*index, side.is_ipv6_disabled(*index))).collect()
    }

    /// A link that lost IPv6 has none of its addresses and routes any more.
    fn follow_disabling(&mut self, place: Place, before: &[(u32, bool)]) {
        for (index, was_disabled) in before {
            let link = LinkId { place, index: *index };
            match (was_disabled, self.is_ipv6_disabled(link)) {
                (false, true) => self.ipv6_goes_down(link),
                (true, false) => self.ipv6_goes_up(link),
                _ => {}
            }
        }
    }
}

impl Side {
    fn write(&mut self, key: &SysctlKey, named: Named, value: &str) -> Result<()> {
        match named {
            Named::Conf(Family::Ipv4, Whose::All, known) if known.name == "forwarding" => {
                return self.set_ipv4_forwarding(value);
            }
            Named::Conf(family, Whose::All, known) if is_for_all(family, known) => {
                self.put(key, named, value);
                self.give_all_links(family, known.name, value)?;
                return Ok(());
            }
            Named::Conf(family, Whose::Default, known) => {
                self.settle_those_that_stay(family, known)?;
                if follows_default(family, known) {
                    self.settled.by_default.insert(known.name);
                }
            }
            Named::Conf(family, Whose::Link(index), known) if follows_default(family, known) => {
                self.settled.of.insert((index, known.name));
            }
            _ => {}
        }
        self.put(key, named, value);
        Ok(())
    }

    /// What is as it would be anyway is not kept.
    fn put(&mut self, key: &SysctlKey, named: Named, value: &str) {
        self.settings.remove(key);
        if self.unwritten(named) != value {
            self.settings.insert(key.clone(), value.to_owned());
        }
    }

    /// Where the node forwards, all links do, and it takes no redirects.
    fn set_ipv4_forwarding(&mut self, value: &str) -> Result<()> {
        let key = Family::Ipv4.key("all", "forwarding")?;
        if self.setting(&key)? == value {
            return Ok(());
        }
        let redirects = if value == "0" { "1" } else { "0" };
        for (name, value) in [("forwarding", value), ("accept_redirects", redirects)] {
            let key = Family::Ipv4.key("all", name)?;
            self.put(&key, self.named(&key)?, value);
        }
        let alias = SysctlKey::new(["net", "ipv4", "ip_forward"].map(str::to_owned).to_vec())?;
        self.put(&alias, self.named(&alias)?, value);
        self.give_all_links(Family::Ipv4, "forwarding", value)
    }

    /// The default, and with it all links that are there.
    fn give_all_links(&mut self, family: Family, name: &'static str, value: &str) -> Result<()> {
        let key = family.key("default", name)?;
        self.put(&key, self.named(&key)?, value);
        let links: Vec<String> = self.with_family(family).map(|info| info.name.clone()).collect();
        for link in links {
            let key = family.key(&link, name)?;
            self.put(&key, self.named(&key)?, value);
        }
        Ok(())
    }

    fn with_family(&self, family: Family) -> impl Iterator<Item = &LinkInfo> {
        self.links.values().filter(move |info| family.has(info))
    }

    /// Links that do not follow the default stay as they are when it changes:
    /// those of IPv6, of IPv4 some, and those of links that were set or have an
    /// address.
    fn settle_those_that_stay(&mut self, family: Family, known: &'static Known) -> Result<()> {
        let stay: Vec<(u32, String)> = self
            .with_family(family)
            .map(|info| (info.id.index, info.name.clone()))
            .filter(|(index, _)| !follows_default(family, known) || self.is_settled(*index, known.name))
            .collect();
        for (_, name) in &stay {
            let key = family.key(name, known.name)?;
            let value = self.setting(&key)?;
            self.settings.insert(key, value);
        }
        let follows = |index: u32| !stay.iter().any(|(other, _)| *other == index);
        let following: Vec<String> = self
            .with_family(family)
            .filter(|info| follows(info.id.index))
            .map(|info| info.name.clone())
            .collect();
        for name in following {
            self.settings.remove(&family.key(&name, known.name)?);
        }
        Ok(())
    }

    fn is_settled(&self, index: u32, name: &'static str) -> bool {
        self.settled.all_of.contains(&index) || self.settled.of.contains(&(index, name))
    }
}

/// Whether links have the default as long as they are not set.
fn follows_default(family: Family, known: &Known) -> bool {
    const STAY: [&str; 6] = [
        "disable_policy",
        "disable_xfrm",
        "drop_unicast_in_l2_multicast",
        "forwarding",
        "promote_secondaries",
        "route_localnet",
    ];
    family == Family::Ipv4 && !STAY.contains(&known.name)
}

/// What all links have when it is set for all.
fn is_for_all(family: Family, known: &Known) -> bool {
    family == Family::Ipv6 && matches!(known.name, "forwarding" | "disable_ipv6")
}

/// The number that is written; none where nothing is.
fn read(key: &SysctlKey, known: &Known, value: &str) -> Result<Option<i64>> {
    if let Takes::Nothing = known.takes {
        return Err(refused(Errno::EACCES, format!("writing {key}")));
    }
    if known.name == "addr_gen_mode" && value.trim() != "1" {
        return Err(Error::Unsupported(format!(
            "setting {key} can't become {value:?}: addresses that links get by themselves are not simulated"
        )));
    }
    if value.is_empty() {
        return Ok(None);
    }
    match number(value, known) {
        Some(number) => Ok(Some(number)),
        None => Err(Error::Invalid(format!(
            "the kernel does not take {value:?} for setting {key}"
        ))),
    }
}

/// A number as the kernel reads it: decimal, or as in C.
fn number(value: &str, known: &Known) -> Option<i64> {
    let text = value.trim_matches([' ', '\t', '\n']);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (digits, radix) = match (digits.strip_prefix("0x"), digits.strip_prefix('0')) {
        (Some(hex), _) => (hex, 16),
        (None, Some(octal)) if !octal.is_empty() => (octal, 8),
        _ => (digits, 10),
    };
    let amount = i64::from_str_radix(digits, radix).ok().filter(|amount| *amount >= 0)?;
    let number = if negative { -amount } else { amount };
    let (least, most) = match known.takes {
        Takes::Between(least, most) => (least, most),
        Takes::Any | Takes::Nothing => (i64::from(i32::MIN), i64::from(i32::MAX)),
    };
    (least..=most).contains(&number).then_some(number)
}
