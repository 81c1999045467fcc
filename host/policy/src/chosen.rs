//! Names of links that the host chooses anew for each attachment.

/// What such a name begins with; eight hexadecimal digits follow.
const BEGIN: &str = "veth";
/// The pattern of all of them.
pub(crate) const CHOSEN: &str = "veth*";

/// Whether the host could have chosen a name.
pub(crate) fn is_chosen(name: &str) -> bool {
    let digits = name.strip_prefix(BEGIN).unwrap_or_default();
    digits.len() == 8 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
