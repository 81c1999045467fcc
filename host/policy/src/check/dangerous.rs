//! What a grant opens that its operator should mean: it reaches beyond the
//! attachment, and the plugin's other bounds do not hold it.

use cofferdam_protocol::{IpPrefix, Place};

use crate::{
    bound::Bound,
    dimension::Dimension,
    grant::Grant,
    key_pattern::{KeyPattern, parts_overlap},
    operation::Operation,
    pattern::Pattern,
    quoted::Whole,
    words::PASSTHRU,
};

/// A key of a grant, and what may come of it.
pub(super) struct Danger {
    pub(super) key: &'static str,
    pub(super) problem: String,
    pub(super) way_out: &'static str,
}

/// A setting of the node that opens it to its neighbours or closes it to its
/// containers.
struct DangerousKey {
    /// `*` is any part.
    key: &'static str,
    /// The values that do no harm.
    harmless: &'static [&'static str],
    why: &'static str,
}

const BRIDGED: &str = "bridged packets pass by the node's packet filter";

/// As `docs/policy.md` lists them.
static DANGEROUS_KEYS: [DangerousKey; 13] = [
    DangerousKey {
        key: "net/ipv4/conf/*/route_localnet",
        harmless: &["0"],
        why: "neighbours reach what the node serves on 127.0.0.1 only (CVE-2020-8558)",
    },
    DangerousKey {
        key: "net/ipv4/conf/*/accept_local",
        harmless: &["0"],
        why: "packets from outside may claim to come from the node itself",
    },
    DangerousKey {
        key: "net/ipv4/conf/*/rp_filter",
        harmless: &["1"],
        why: "containers and neighbours may send from addresses that are not theirs",
    },
    DangerousKey {
        key: "net/ipv4/conf/*/accept_source_route",
        harmless: &["0"],
        why: "senders choose the way of their packets, past filters",
    },
    DangerousKey {
        key: "net/ipv4/conf/*/accept_redirects",
        harmless: &["0"],
        why: "neighbours change the node's routes",
    },
    DangerousKey {
        key: "net/ipv6/conf/*/accept_redirects",
        harmless: &["0"],
        why: "neighbours change the node's routes",
    },
    DangerousKey {
        key: "net/ipv6/conf/*/accept_ra",
        harmless: &["0"],
        why: "neighbours, containers among them, become the node's default router (CVE-2020-10749)",
    },
    DangerousKey {
        key: "net/ipv4/conf/*/proxy_arp",
        harmless: &["0"],
        why: "the node answers for the addresses of others",
    },
    DangerousKey {
        key: "net/ipv6/conf/*/proxy_ndp",
        harmless: &["0"],
        why: "the node answers for the addresses of others",
    },
    DangerousKey {
        key: "net/bridge/bridge-nf-call-iptables",
        harmless: &["1"],
        why: BRIDGED,
    },
    DangerousKey {
        key: "net/bridge/bridge-nf-call-ip6tables",
        harmless: &["1"],
        why: BRIDGED,
    },
    DangerousKey {
        key: "net/ipv4/ip_forward",
        harmless: &["1"],
        why: "0 cuts every container off",
    },
    DangerousKey {
        key: "net/ipv6/conf/all/forwarding",
        harmless: &["1"],
        why: "0 cuts every container off",
    },
];

/// Of what a grant allows in the node's own namespace, or with its links.
pub(super) fn in_grant(grant: &Grant) -> Vec<Danger> {
    let mut found = Vec::new();
    if grant.operations.contains(Operation::LinkCreate) {
        found.extend(parents(grant));
        found.extend(whole_parents(grant));
    }
    if grant.place != Some(Place::Host) {
        return found;
    }
    found.extend(all_packets(grant));
    found.extend(marks(grant));
    if grant.operations.contains(Operation::LinkSet) {
        found.extend(uplinks(
            grant,
            "it may set every link of the node, uplinks included: one that is taken down cuts the node off",
        ));
    }
    if grant.operations.contains(Operation::QdiscSet) {
        found.extend(uplinks(
            grant,
            "it may slow down every link of the node, uplinks included, and lead what comes in on it to another one",
        ));
    }
    if grant.operations.contains(Operation::VxlanJoin) {
        found.extend(peers(grant));
    }
    if grant.operations.contains(Operation::DeviceTake) {
        found.extend(devices(grant));
    }
    if grant.operations.contains(Operation::SysctlWrite) {
        found.extend(settings(grant));
    }
    found
}

fn all_packets(grant: &Grant) -> Option<Danger> {
    let key = if grant.is_for_all_packets() {
        Dimension::PacketScope
    } else {
        match grant.written_bound(Dimension::PacketPrefixes) {
            Some(Bound::Prefixes(prefixes)) if prefixes.iter().any(is_everything) => Dimension::PacketPrefixes,
            _ => return None,
        }
    };
    Some(Danger {
        key: key.key(),
        problem: if grant.operations.contains(Operation::RuleAdd) {
            "its rules may lead every packet of the node elsewhere, those of other tenants and of the node itself too"
        } else {
            "its rules may drop, mark and redirect every packet of the node, those of other tenants and of the node \
             itself too"
        }
        .to_owned(),
        way_out: "without it, those of the attachment only",
    })
}

/// The bits by which kube-proxy and kubelet have packets masqueraded and
/// dropped, unless they are told to use others.
const KUBERNETES_BITS: u32 = 0xc000;

fn marks(grant: &Grant) -> Option<Danger> {
    let Some(Bound::Marks(marks)) = grant.written_bound(Dimension::Marks) else {
        return None;
    };
    let shared = marks.iter().find(|mark| mark.mask() & KUBERNETES_BITS != 0)?;
    Some(Danger {
        key: Dimension::Marks.key(),
        problem: format!(
            "\"{shared}\" sets or clears bits that Kubernetes decides by (0x4000 and 0x8000): what it has masqueraded or \
             dropped"
        ),
        way_out: "use a bit of the plugin's own, with a mask, as in \"0x2000/0x2000\"",
    })
}

fn is_everything(prefix: &IpPrefix) -> bool {
    *prefix == IpPrefix::any(prefix.is_ipv6())
}

fn parents(grant: &Grant) -> Option<Danger> {
    let Some(Bound::Patterns(parents)) = grant.written_bound(Dimension::Parents) else {
        return None;
    };
    parents.iter().any(Pattern::is_everything).then(|| Danger {
        key: Dimension::Parents.key(),
        problem: "a container may be on every network that the node is on, those behind bridges of other tenants too"
            .to_owned(),
        way_out: "name the links",
    })
}

fn whole_parents(grant: &Grant) -> Option<Danger> {
    let Some(Bound::Words(modes)) = grant.written_bound(Dimension::Modes) else {
        return None;
    };
    modes.contains(&PASSTHRU).then(|| Danger {
        key: Dimension::Modes.key(),
        problem: "in mode passthru a container takes the link for itself: what comes by it reaches neither the node \
                  nor others any more, and the link's address is the container's to set"
            .to_owned(),
        way_out: "name other modes, or see that parents has links only that nobody else needs",
    })
}

fn uplinks(grant: &Grant, problem: &str) -> Option<Danger> {
    let every_name = match grant.bound(Dimension::LinkNames) {
        Some(Bound::Patterns(patterns)) => patterns.iter().any(Pattern::is_everything),
        _ => true,
    };
    let network_cards = match grant.bound(Dimension::Kinds) {
        Some(Bound::Kinds(kinds)) => kinds.iter().any(|kind| kind.is_empty()),
        _ => true,
    };
    (every_name && network_cards).then(|| Danger {
        key: Dimension::LinkNames.key(),
        problem: problem.to_owned(),
        way_out: "name the links, or their kinds",
    })
}

fn peers(grant: &Grant) -> Option<Danger> {
    let Some(Bound::Prefixes(peers)) = grant.written_bound(Dimension::Peers) else {
        return None;
    };
    peers.iter().any(is_everything).then(|| Danger {
        key: Dimension::Peers.key(),
        problem: "frames of containers may be sent to every node there is, in other networks than the operator's too"
            .to_owned(),
        way_out: "name the networks of the nodes",
    })
}

fn devices(grant: &Grant) -> Option<Danger> {
    let every_name = match grant.bound(Dimension::LinkNames) {
        Some(Bound::Patterns(patterns)) => patterns.iter().any(Pattern::is_everything),
        _ => true,
    };
    every_name.then(|| Danger {
        key: Dimension::LinkNames.key(),
        problem: "a container may take every link of these kinds that the node does not use itself, those of other \
                  programs too"
            .to_owned(),
        way_out: "name the links that are for containers",
    })
}

fn settings(grant: &Grant) -> Vec<Danger> {
    let Some(Bound::Keys(keys)) = grant.bound(Dimension::Keys) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for key in keys {
        let dangers = DANGEROUS_KEYS.iter().filter(|danger| meets(key, danger.key));
        let open = dangers.filter(|danger| !is_harmless(grant, danger));
        found.extend(open.take(1).map(|danger| Danger {
            key: Dimension::Keys.key(),
            problem: format!("{} opens the node: {}", Whole(key.as_str()), danger.why),
            way_out: "remove it, or set it yourself where you need it; values narrows what may be written",
        }));
    }
    found
}

/// Whether only values that do no harm may be written.
fn is_harmless(grant: &Grant, danger: &DangerousKey) -> bool {
    match grant.bound(Dimension::Values) {
        Some(Bound::Texts(values)) => values.iter().all(|value| danger.harmless.contains(&value.trim())),
        _ => false,
    }
}

/// Whether a key can be of both.
fn meets(granted: &KeyPattern, danger: &str) -> bool {
    let (granted, danger) = (granted.as_str().split('/'), danger.split('/'));
    granted.clone().count() == danger.clone().count()
        && granted
            .zip(danger)
            .all(|(one, other)| other == "*" || parts_overlap(one, other))
}
