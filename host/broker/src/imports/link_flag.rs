use cofferdam_journal::{Inverse, Operation, Setting};
use cofferdam_network::{LinkId, LinkInfo, Network};

/// A switch of a link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flag {
    Up,
    Promiscuous,
    AllMulticast,
    Hairpin,
    Isolated,
}

impl Flag {
    /// What a policy calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Promiscuous => "promiscuous",
            Self::AllMulticast => "all-multicast",
            Self::Hairpin => "hairpin",
            Self::Isolated => "isolated",
        }
    }

    pub(super) fn of(self, info: &LinkInfo) -> Option<bool> {
        match self {
            Self::Up => Some(info.up),
            Self::Promiscuous => Some(info.promiscuous),
            Self::AllMulticast => Some(info.all_multicast),
            Self::Hairpin => info.hairpin,
            Self::Isolated => info.isolated,
        }
    }

    pub(super) fn setting(self) -> Setting {
        match self {
            Self::Up => Setting::Up,
            Self::Promiscuous => Setting::Promiscuous,
            Self::AllMulticast => Setting::AllMulticast,
            Self::Hairpin => Setting::Hairpin,
            Self::Isolated => Setting::Isolated,
        }
    }

    pub(super) fn set(self, network: &mut dyn Network, link: LinkId, on: bool) -> cofferdam_network::Result<()> {
        match self {
            Self::Up => network.set_link_up(link, on),
            Self::Promiscuous => network.set_link_promiscuous(link, on),
            Self::AllMulticast => network.set_link_all_multicast(link, on),
            Self::Hairpin => network.set_port_hairpin(link, on),
            Self::Isolated => network.set_port_isolated(link, on),
        }
    }

    pub(super) fn operation(self, link: LinkId, name: String, on: bool) -> Operation {
        match self {
            Self::Up => Operation::SetLinkUp { link, name, up: on },
            Self::AllMulticast => Operation::SetLinkAllMulticast { link, name, on },
            Self::Promiscuous => Operation::SetLinkPromiscuous { link, name, on },
            Self::Hairpin => Operation::SetPortHairpin { link, name, on },
            Self::Isolated => Operation::SetPortIsolated { link, name, on },
        }
    }

    pub(super) fn inverse(self, link: LinkId, name: String, old: bool) -> Inverse {
        match self {
            Self::Up => Inverse::RestoreUp { link, name, old },
            Self::AllMulticast => Inverse::RestoreAllMulticast { link, name, old },
            Self::Promiscuous => Inverse::RestorePromiscuous { link, name, old },
            Self::Hairpin => Inverse::RestoreHairpin { link, name, old },
            Self::Isolated => Inverse::RestoreIsolated { link, name, old },
        }
    }
}
