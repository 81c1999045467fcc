//! Names and addresses that nobody else has chosen.

use cofferdam_protocol::MacAddress;
use cofferdam_sandbox::Outside;

/// `veth` and eight hexadecimal digits, as the reference plugins do.
pub(crate) fn veth_name(world: &dyn Outside) -> String {
    let [a, b, c, d, ..] = bytes(world);
    format!("veth{a:02x}{b:02x}{c:02x}{d:02x}")
}

/// A random unicast address from the locally administered range.
pub(crate) fn mac_address(world: &dyn Outside) -> MacAddress {
    let [first, b, c, d, e, f, ..] = bytes(world);
    MacAddress([first & 0xfc | 0x02, b, c, d, e, f])
}

/// Random numbers; without them the time has to do, which is good enough for a
/// name that is tried again when it is taken.
fn bytes(world: &dyn Outside) -> [u8; 8] {
    let mut bytes = [0; 8];
    if world.random(&mut bytes).is_err() {
        let now = world.wall_clock().as_nanos();
        bytes = (now & u128::from(u64::MAX)).to_le_bytes()[..8]
            .try_into()
            .unwrap_or_default();
    }
    bytes
}
