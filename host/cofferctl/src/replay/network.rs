use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use cofferdam_broker::{
    Installation,
    recording::{Follower, Recording},
};
use cofferdam_journal::{Operation, StateDirectory};
use cofferdam_network::{Error, LinkId, Network, SysctlKey};
use cofferdam_protocol::Place;
use cofferdam_simulation::{Nobody, Side, Sides, Simulated};

use crate::plan::rebuild_tables;

/// Both namespaces as they were when the recorded call began, as far as that
/// was looked at.
pub(super) fn beginning(recording: &Recording, installation: &Installation) -> anyhow::Result<Simulated> {
    // Where a DEL finds no container, not even this is told.
    for call in ["links(Host)", "rules(Container)"] {
        if !recording.surroundings.iter().any(|told| told.call == call) {
            bail!("surroundings: what {call} told is missing");
        }
    }
    let nothing = Simulated::new(Sides::default(), Box::new(Nobody));
    let mut told = recording.beginning(Box::new(nothing));
    let mut side = |place| match Side::read(told.as_mut(), place) {
        Err(Error::NoNamespace(Place::Container)) => Ok(Side::default()),
        side => side.context("surroundings"),
    };
    let (mut host, container) = (side(Place::Host)?, side(Place::Container)?);
    host.zones = has_firewalld(recording).then(BTreeMap::new);
    let mut network = Simulated::new(Sides { host, container }, Box::new(Nobody));
    if let Some(state) = StateDirectory::open_existing(&installation.state())? {
        // Nobody asked for those that are not needed.
        rebuild_tables(&state, &mut |_| true, &mut network);
        rebuild_traffic(&state, &mut network);
    }
    Ok(network)
}

/// Whether firewalld ran, as far as the call came to ask.
fn has_firewalld(recording: &Recording) -> bool {
    recording.told.iter().any(|told| match told.call.split('(').next() {
        Some("has_zones") => told.answer["Ok"] == true,
        Some("join_zone" | "leave_zone") => true,
        _ => false,
    })
}

/// What limits and redirects packets of the node's links, and what firewalld
/// was told, as journals tell it: nobody lists that either. Some of the links may be gone.
fn rebuild_traffic(state: &StateDirectory, network: &mut dyn Network) {
    for summary in state.attachments(None).unwrap_or_default() {
        for entry in summary.history.iter().flat_map(|history| history.pending()) {
            let _ = match &entry.operation {
                Operation::LimitRate { link, limit, .. } if link.place == Place::Host => {
                    network.limit_rate(*link, limit)
                }
                Operation::JoinZone { address, zone } => network.join_zone(*address, zone),
                Operation::RedirectIncoming { link, to, .. } if link.place == Place::Host => {
                    network.redirect_incoming(*link, *to)
                }
                _ => Ok(()),
            };
        }
    }
}

/// A network that follows what the kernel did.
pub(super) struct Following(pub(super) Simulated);

impl Follower for Following {
    fn number_links(&mut self, links: &[LinkId]) {
        for place in [Place::Host, Place::Container] {
            let of_place = links.iter().filter(|link| link.place == place);
            if let Some(first) = of_place.map(|link| link.index).min() {
                self.0.number_next_link(place, first);
            }
        }
    }

    fn learn_setting(&mut self, place: Place, key: &SysctlKey, value: &str) {
        self.0.learn_setting(place, key, value);
    }
}
