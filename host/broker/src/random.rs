//! Names and addresses that nobody else has chosen.

use cofferdam_protocol::MacAddress;

/// `veth` and eight hexadecimal digits, as the reference plugins do.
pub(crate) fn veth_name() -> String {
    let [a, b, c, d, ..] = bytes();
    format!("veth{a:02x}{b:02x}{c:02x}{d:02x}")
}

/// A random unicast address from the locally administered range.
pub(crate) fn mac_address() -> MacAddress {
    let [first, b, c, d, e, f, ..] = bytes();
    MacAddress([first & 0xfc | 0x02, b, c, d, e, f])
}

/// The kernel's random numbers; without them the time has to do, which is
/// good enough for a name that is tried again when it is taken.
fn bytes() -> [u8; 8] {
    let mut bytes = [0; 8];
    if getrandom::fill(&mut bytes).is_err() {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        bytes = (now.as_nanos() & u128::from(u64::MAX)).to_le_bytes()[..8]
            .try_into()
            .unwrap_or_default();
    }
    bytes
}
