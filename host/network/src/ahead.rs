use std::collections::BTreeSet;

use cofferdam_protocol::Place;

/// What a request may need of the container's namespace besides links,
/// addresses, routes and rules, which it can always need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// The packet filter.
    pub nftables: bool,
    /// Datagrams on links; of the thread's own namespace, too: it may lose the
    /// right to open what they take.
    pub packets: BTreeSet<Place>,
    /// How many TAP devices.
    pub taps: u8,
    /// Directories of settings, by their names below `net`, as `ipv4`, or
    /// [`ALL`](Self::ALL). One that the kernel lacks is left out.
    pub settings: BTreeSet<String>,
}

impl Ahead {
    /// How many TAP devices one request can make.
    pub const MOST_TAPS: u8 = 4;
    /// Whatever directories of settings there are; as in a policy's keys.
    pub const ALL: &'static str = "*";
}
