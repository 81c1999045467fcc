//! Kernel settings: those of links, with what they have from the defaults, and
//! a choice of the others.
//!
//! A setting that nobody wrote is not kept: a link's is what the default is,
//! and that is by itself what the table of known settings says.

mod known;
mod write;

use std::collections::BTreeSet;

use cofferdam_network::{Error, LinkInfo, Result, SysctlKey};

use self::known::{IPV4, IPV6, Known, OF_ALL, OF_LOOPBACK, PLAIN};
use super::{
    missing,
    side::{Side, has_ipv4, has_ipv6, is_loopback},
};

/// Whose settings of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Ipv4,
    Ipv6,
}

/// Settings of IPv4 that do not follow the default, though they may be as it
/// is.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    /// Those of the default: new links begin with them settled.
    by_default: BTreeSet<&'static str>,
    /// Those that were written, by the link.
    of: BTreeSet<(u32, &'static str)>,
    /// All of these links.
    all_of: BTreeSet<u32>,
}

/// What a key names.
#[derive(Clone, Copy)]
enum Named {
    /// It is the same everywhere.
    Plain(&'static Known),
    Conf(Family, Whose, &'static Known),
    /// It was read from a kernel.
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    All,
    Default,
    Link(u32),
}

impl Family {
    fn known(self) -> &'static [Known] {
        match self {
            Self::Ipv4 => &IPV4,
            Self::Ipv6 => &IPV6,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }

    fn has(self, info: &LinkInfo) -> bool {
        match self {
            Self::Ipv4 => has_ipv4(info),
            Self::Ipv6 => has_ipv6(info),
        }
    }

    /// The key of a setting of a link, of all, or of the default.
    fn key(self, who: &str, name: &str) -> Result<SysctlKey> {
        let parts = ["net", self.word(), "conf", who, name];
        SysctlKey::new(parts.map(str::to_owned).to_vec())
    }
}

impl Side {
    pub(super) fn setting(&self, key: &SysctlKey) -> Result<String> {
        let named = self.named(key)?;
        if let Some(value) = self.settings.get(key) {
            return Ok(value.clone());
        }
        Ok(self.unwritten(named))
    }

    /// What a setting is that nobody wrote.
    fn unwritten(&self, named: Named) -> String {
        let exception = |table: &'static [(bool, &str, &'static str)], family: Family, name: &str| {
            let is_it = |(ipv6, of, _): &&(bool, &str, &str)| *ipv6 == (family == Family::Ipv6) && *of == name;
            table.iter().find(is_it).map(|(_, _, value)| (*value).to_owned())
        };
        match named {
            Named::Plain(known) => known.value.to_owned(),
            Named::Conf(family, Whose::All, known) => {
                exception(&OF_ALL, family, known.name).unwrap_or_else(|| known.value.to_owned())
            }
            Named::Conf(_, Whose::Default, known) => known.value.to_owned(),
            Named::Conf(family, Whose::Link(index), known) => {
                let info = self.links.get(&index);
                let is_lo = info.is_some_and(is_loopback);
                let asks_nobody = info.is_some_and(|info| ["ifb", "dummy", "vrf"].contains(&info.kind.as_str()));
                let is_asking = family == Family::Ipv6 && known.name == "accept_dad";
                let own = exception(&OF_LOOPBACK, family, known.name);
                let own = own.filter(|_| is_lo || asks_nobody && is_asking);
                own.unwrap_or_else(|| self.of(family, "default", known.name))
            }
            Named::Other => String::new(),
        }
    }

    fn of(&self, family: Family, who: &str, name: &str) -> String {
        let value = family.key(who, name).and_then(|key| self.setting(&key));
        value.unwrap_or_default()
    }

    /// Whether a setting is on for a link or for all.
    pub(super) fn has_setting(&self, family: Family, index: u32, name: &str) -> bool {
        let link = self.links.get(&index).map_or("", |info| info.name.as_str());
        let is_on = |who: &str| self.of(family, who, name).parse::<i64>().is_ok_and(|number| number > 0);
        is_on(link) || is_on("all")
    }

    pub(super) fn is_ipv6_disabled(&self, index: u32) -> bool {
        let link = self.links.get(&index).map_or("", |info| info.name.as_str());
        let value = self.of(Family::Ipv6, link, "disable_ipv6").parse::<i64>();
        value.is_ok_and(|number| number != 0)
    }

    /// Those of a link that is new.
    pub(super) fn begin_settings(&mut self, index: u32) {
        let Settled { by_default, of, .. } = &mut self.settled;
        of.extend(by_default.iter().map(|name| (index, *name)));
    }

    /// From its first address on, the settings of a link do not follow the
    /// default.
    pub(super) fn settle_settings(&mut self, index: u32) {
        self.settled.all_of.insert(index);
    }

    /// The settings of a link are there as long as it is.
    pub(super) fn drop_settings(&mut self, info: &LinkInfo) {
        self.settings.retain(|key, _| interface_of(key) != Some(&info.name));
        self.settled.all_of.remove(&info.id.index);
        self.settled.of.retain(|(index, _)| *index != info.id.index);
    }

    /// Those of a family that a link lost go, too.
    pub(super) fn drop_settings_without_family(&mut self, info: &LinkInfo) {
        for family in [Family::Ipv4, Family::Ipv6] {
            if !family.has(info) {
                let of_family = |key: &SysctlKey| key.parts().get(1).is_some_and(|word| word == family.word());
                self.settings
                    .retain(|key, _| interface_of(key) != Some(&info.name) || !of_family(key));
            }
        }
        if !has_ipv4(info) {
            self.settled.all_of.remove(&info.id.index);
            self.settled.of.retain(|(index, _)| *index != info.id.index);
        }
    }

    /// The settings of a link follow its name.
    pub(super) fn rename_settings(&mut self, before: &str, after: &str) {
        let all = std::mem::take(&mut self.settings);
        self.settings = all
            .into_iter()
            .filter_map(|(key, value)| {
                if interface_of(&key).map(String::as_str) != Some(before) {
                    return Some((key, value));
                }
                let mut parts = key.parts().to_vec();
                after.clone_into(parts.get_mut(3)?);
                Some((SysctlKey::new(parts).ok()?, value))
            })
            .collect();
    }

    /// What a key names, if it is there.
    fn named(&self, key: &SysctlKey) -> Result<Named> {
        let parts: Vec<&str> = key.parts().iter().map(String::as_str).collect();
        let of_link = match parts.as_slice() {
            ["net", family @ ("ipv4" | "ipv6"), "conf" | "neigh", who, name] => {
                let family = if *family == "ipv4" { Family::Ipv4 } else { Family::Ipv6 };
                let whose = self.whose(family, who);
                Some((family, whose.ok_or_else(|| missing(format!("setting {key}")))?, *name))
            }
            ["net", "ipv4", "ip_forward"] => Some((Family::Ipv4, Whose::All, "forwarding")),
            _ => None,
        };
        let known = match of_link {
            Some((family, whose, name)) if parts.get(2) != Some(&"neigh") => {
                let known = family.known().iter().find(|known| known.name == name);
                known.map(|known| Named::Conf(family, whose, known))
            }
            _ => plain(key).map(Named::Plain),
        };
        match known {
            Some(named) => Ok(named),
            None if self.settings.contains_key(key) => Ok(Named::Other),
            None => Err(Error::Unsupported(format!("setting {key} is not simulated"))),
        }
    }

    fn whose(&self, family: Family, who: &str) -> Option<Whose> {
        match who {
            "all" => Some(Whose::All),
            "default" => Some(Whose::Default),
            name => {
                let info = self.by_name(name)?;
                family.has(info).then_some(Whose::Link(info.id.index))
            }
        }
    }
}

fn plain(key: &SysctlKey) -> Option<&'static Known> {
    let path = key.parts().get(1..)?.join("/");
    PLAIN.iter().find(|known| known.name == path)
}

/// The interface that a setting is of, if it is of one.
fn interface_of(key: &SysctlKey) -> Option<&String> {
    match key.parts() {
        [_, _, what, name, _] if what == "conf" || what == "neigh" => {
            Some(name).filter(|name| *name != "all" && *name != "default")
        }
        _ => None,
    }
}
