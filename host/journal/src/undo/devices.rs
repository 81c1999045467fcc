use std::{
    fmt::Display,
    thread,
    time::{Duration, Instant},
};

use cofferdam_network::{Device, Error as NetworkError, LinkId, LinkInfo, Network};
use cofferdam_protocol::Place;

use super::{Undo, UndoError, UndoOutcome, Undone};
use crate::Entry;

/// How long a device is waited for that the kernel gives back: it does so a
/// while after the container's namespace is gone.
const RETURN_TIME: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);
/// Names that are tried while others take them.
const NAME_ATTEMPTS: usize = 8;

/// What was to be as before, and is not; why.
type Told = Vec<String>;

impl Undo<'_> {
    /// Brings a device home and makes it what it was. Where the container's
    /// namespace is gone, a device with hardware was given back by the kernel,
    /// under some name, and one without went with the namespace.
    pub(super) fn return_device(&mut self, entry: &Entry, device: &Device, inside: &str) -> UndoOutcome {
        if let Some(link) = self.device_at_home(device)? {
            // What is not on record as moved, and has not the alias that it
            // gets on the way, never left.
            let was_moved = entry.outcome.index.is_some() || link.alias.as_deref() == Some(&device.name);
            return if was_moved {
                self.restore_device(link, device)
            } else {
                Ok(Undone::Nothing)
            };
        }
        match self.device_in_container(entry, device, inside) {
            Ok(Some(link)) => self.bring_home(&link, device),
            Ok(None) => self.device_that_went(device, Duration::ZERO),
            Err(UndoError::Network(NetworkError::NoNamespace(_))) => self.device_that_went(device, RETURN_TIME),
            Err(error) => Err(error),
        }
    }

    /// The device where it was, under its name.
    fn device_at_home(&mut self, device: &Device) -> Result<Option<LinkInfo>, UndoError> {
        let link = self.network.link_by_name(device.link.place, &device.name)?;
        let is_it = |link: &LinkInfo| {
            let is_alike = link.kind == device.kind && link.permanent_mac == device.permanent_mac;
            let is_known = device.is(link) || link.mac == device.mac || link.id == device.link;
            link.name == device.name && is_alike && is_known
        };
        Ok(link.filter(is_it))
    }

    /// The link with the number on record, where its hardware is the same, or
    /// it has none and a name or address of the device. Otherwise whatever
    /// says that it is the device.
    fn device_in_container(
        &mut self,
        entry: &Entry,
        device: &Device,
        inside: &str,
    ) -> Result<Option<LinkInfo>, UndoError> {
        let links = self.network.links(Place::Container)?;
        let is_numbered = |link: &&LinkInfo| {
            let is_alike = link.kind == device.kind && link.permanent_mac == device.permanent_mac;
            let is_named = link.name == inside || link.alias.as_deref() == Some(&device.name);
            let is_known = device.permanent_mac.is_some() || is_named || link.mac == device.mac;
            entry.outcome.index == Some(link.id.index) && is_alike && is_known
        };
        let numbered = links.iter().find(is_numbered);
        Ok(numbered.or_else(|| best(device, &links, inside)).cloned())
    }

    /// A device that is not in the container: at home under another name, or
    /// gone.
    fn device_that_went(&mut self, device: &Device, wait: Duration) -> UndoOutcome {
        let end = (Instant::now() + wait).min(self.deadline);
        loop {
            let links = self.network.links(device.link.place)?;
            if let Some(link) = best(device, &links, &device.name) {
                return self.restore_device(link.clone(), device);
            }
            // One without hardware does not come back.
            if device.permanent_mac.is_none() {
                return Ok(Undone::Nothing);
            }
            if Instant::now() >= end {
                return Ok(Undone::Left(format!(
                    "device {} is neither in the container's namespace nor in the {} namespace: somebody moved it on, \
                     or it was pulled out",
                    device.name, device.link.place
                )));
            }
            thread::sleep(POLL);
        }
    }

    /// It comes home also where somebody took its name: under another one, and
    /// with its own as an alias.
    fn bring_home(&mut self, link: &LinkInfo, device: &Device) -> UndoOutcome {
        let home = device.link.place;
        for _ in 0..NAME_ATTEMPTS {
            let name = self.name_at_home(device)?;
            match self.network.move_link(link.id, home, &name, &device.name) {
                Ok(id) => {
                    let at_home = self.network.link(id)?;
                    return match at_home {
                        Some(at_home) => self.restore_device(at_home, device).map(restored),
                        None => Ok(Undone::Restored),
                    };
                }
                Err(NetworkError::AlreadyExists(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(NetworkError::AlreadyExists(format!("each name that device {} could have at home", device.name)).into())
    }

    /// Its own name, or one as the kernel gives it in such a case.
    fn name_at_home(&mut self, device: &Device) -> Result<String, UndoError> {
        let home = device.link.place;
        let mut name = device.name.clone();
        let mut number = device.link.index;
        while self.network.link_by_name(home, &name)?.is_some() {
            name = format!("dev{number}");
            number = number.wrapping_add(1);
        }
        Ok(name)
    }

    /// Makes a device at home what it was. What can't be is told: a DEL must
    /// not fail for ever, and nothing is lost. The alias comes last: until then
    /// it says whose name the link has to get.
    fn restore_device(&mut self, link: LinkInfo, device: &Device) -> UndoOutcome {
        let mut told = Told::new();
        let (id, mut changed) = self.restore_name(&link, device, &mut told)?;
        let is_named = told.is_empty();
        let link = self.network.link(id)?.unwrap_or(link);
        changed |= self.restore_settings(&link, device, &mut told)?;
        let alias = device.alias.as_deref().unwrap_or_default();
        if is_named && link.alias.as_deref().unwrap_or_default() != alias {
            let aliased = self.network.move_link(id, device.link.place, &device.name, alias);
            changed |= note(aliased.map(drop), "the alias", &mut told)?;
        }
        Ok(match (told.is_empty(), changed) {
            (false, _) => Undone::Left(told.join("; ")),
            (true, true) => Undone::Restored,
            (true, false) => Undone::Nothing,
        })
    }

    /// The number that it has then, and whether it was renamed.
    fn restore_name(&mut self, link: &LinkInfo, device: &Device, told: &mut Told) -> Result<(LinkId, bool), UndoError> {
        if link.name == device.name {
            return Ok((link.id, false));
        }
        let home = device.link.place;
        if self.network.link_by_name(home, &device.name)?.is_some() {
            told.push(taken(link, device));
            return Ok((link.id, false));
        }
        // Before 6.2 the kernel renames no link that is up.
        if link.up {
            note(self.network.set_link_up(link.id, false), "the state", told)?;
        }
        match self.network.move_link(link.id, home, &device.name, &device.name) {
            Ok(id) => Ok((id, true)),
            Err(NetworkError::AlreadyExists(_)) => {
                told.push(taken(link, device));
                Ok((link.id, false))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether any had to be.
    fn restore_settings(&mut self, link: &LinkInfo, device: &Device, told: &mut Told) -> Result<bool, UndoError> {
        type Set<'s> = &'s dyn Fn(&mut dyn Network) -> Answer;
        let id = link.id;
        let other_mac = device.mac.filter(|mac| link.mac != Some(*mac));
        // Most drivers want a link down for another address.
        let is_up = link.up && other_mac.is_none();
        let settings: [(bool, &str, Set<'_>); 7] = [
            (link.up && !is_up, "the state", &|network| {
                network.set_link_up(id, false)
            }),
            (other_mac.is_some(), "the address", &|network| {
                other_mac.map_or(Ok(()), |mac| network.set_link_mac(id, mac))
            }),
            (link.mtu != device.mtu, "mtu", &|network| {
                network.set_link_mtu(id, device.mtu)
            }),
            (link.promiscuous != device.promiscuous, "promiscuous mode", &|network| {
                network.set_link_promiscuous(id, device.promiscuous)
            }),
            (
                link.all_multicast != device.all_multicast,
                "all-multicast mode",
                &|network| network.set_link_all_multicast(id, device.all_multicast),
            ),
            (
                link.transmit_queue_length != device.transmit_queue_length,
                "the transmit queue length",
                &|network| network.set_link_queue_length(id, device.transmit_queue_length),
            ),
            (is_up != device.up, "the state", &|network| {
                network.set_link_up(id, device.up)
            }),
        ];
        let mut changed = false;
        for (_, what, set) in settings.into_iter().filter(|(differs, ..)| *differs) {
            changed |= note(set(self.network), what, told)?;
        }
        Ok(changed)
    }
}

type Answer = cofferdam_network::Result<()>;

/// Whether it was done. What the kernel will not do the next time either is
/// told.
fn note(answer: Answer, what: impl Display, told: &mut Told) -> Result<bool, UndoError> {
    match answer {
        Ok(()) => Ok(true),
        Err(NetworkError::NotFound(_)) => Ok(false),
        Err(error) if error.leaves_doubt() => Err(error.into()),
        Err(error) => {
            told.push(format!("{what} can't be put back: {error}"));
            Ok(false)
        }
    }
}

/// It was in the container a moment ago.
fn restored(outcome: Undone) -> Undone {
    match outcome {
        Undone::Nothing => Undone::Restored,
        outcome => outcome,
    }
}

/// Of the links that could be the device, the one with a name of it.
fn best<'l>(device: &Device, links: &'l [LinkInfo], name: &str) -> Option<&'l LinkInfo> {
    let likely = |link: &&&LinkInfo| link.name == name || link.alias.as_deref() == Some(&device.name);
    let alike: Vec<&LinkInfo> = links.iter().filter(|link| device.is(link)).collect();
    alike.iter().find(likely).or(alike.first()).copied()
}

fn taken(link: &LinkInfo, device: &Device) -> String {
    format!(
        "another link took the name {} in the {} namespace meanwhile: the device is there as {}, with its name as an \
         alias",
        device.name, device.link.place, link.name
    )
}
