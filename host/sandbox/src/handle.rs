//! What stands behind the resource handles that a guest holds.
//!
//! Only the host makes these values; a guest sees an index into its own
//! table, which it can neither forge nor take from another instance.

use cofferdam_protocol::Place;

/// A network namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Which of the request's two.
    pub place: Place,
}

/// A link that the guest was allowed to see, or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The namespace that it is in.
    pub place: Place,
    /// Its number there.
    pub index: u32,
}

/// Opened records of the network, whose lock is held while this lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Records {
    /// Which of the request's opened records.
    pub number: u32,
}

/// Datagrams of two ports of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Which of those that the instance opened.
    pub number: u32,
}
