//! The words that a policy has for what the kernel and the host have others
//! for, or many.

/// What a policy calls the kind of `lo` or a network card, for which the
/// kernel has no word.
pub(crate) const DEVICE_WITHOUT_KIND: &str = "none";

pub(crate) const PLACES: [&str; 2] = ["host", "container"];
pub(crate) const SETTINGS: [&str; 10] = [
    "up",
    "mtu",
    "mac",
    "promiscuous",
    "all-multicast",
    "transmit-queue-length",
    "master",
    "ports",
    "hairpin",
    "isolated",
];
/// Of links that are upon others.
pub(crate) const MODES: [&str; 7] = ["bridge", "private", "vepa", PASSTHRU, "l2", "l3", "l3s"];
/// The mode in which a link has its parent for itself alone.
pub(crate) const PASSTHRU: &str = "passthru";
pub(crate) const FAMILIES: [&str; 4] = ["inet", "ip", "ip6", "bridge"];
/// Whose packets the rules of a table decide on.
pub(crate) const ATTACHMENT: &str = "attachment";
pub(crate) const ALL: &str = "all";
pub(crate) const PACKET_SCOPES: [&str; 2] = [ATTACHMENT, ALL];
pub(crate) const HOOKS: [&str; 5] = ["prerouting", "input", "forward", "output", "postrouting"];

/// What requests to services may ask for.
pub(crate) const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// What a policy calls a kind of link.
pub(crate) fn kind_word(kind: &str) -> &str {
    if kind.is_empty() { DEVICE_WITHOUT_KIND } else { kind }
}
