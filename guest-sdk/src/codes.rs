//! The error codes of a [`Failure`](crate::Failure).
//!
//! Codes below 100 belong to the CNI specification (SPEC.md, "Error"), 100
//! and above to plugins. One table, so that a failure means the same whatever
//! plugin it comes from. What the host refuses becomes, by `?`:
//!
//! | [`Error`](crate::Error) | code |
//! |---|---|
//! | `Denied` | [`DENIED`] |
//! | `NotFound` | [`NOT_FOUND`] |
//! | `AlreadyExists` | [`ALREADY_EXISTS`] |
//! | `Invalid` | [`INVALID`] |
//! | `Unsupported` | [`UNSUPPORTED`] |
//! | `Conflict` | [`CONFLICT`] |
//! | `Quota` | [`QUOTA`] |
//! | `Busy`, `Deadline` | [`TRY_AGAIN_LATER`] |
//! | `Os` | [`INTERNAL`] |

/// A field of the configuration is not supported; the message names it and
/// its value.
pub const UNSUPPORTED_FIELD: u32 = 2;
/// An environment variable (`CNI_ARGS`, say) is not valid.
pub const INVALID_ENVIRONMENT: u32 = 4;
/// The configuration can't be decoded.
pub const UNDECODABLE: u32 = 6;
/// The configuration is decoded, and makes no sense.
pub const INVALID_CONFIG: u32 = 7;
/// The same request may succeed later.
pub const TRY_AGAIN_LATER: u32 = 11;
/// STATUS: an ADD would not be served.
pub const NOT_AVAILABLE: u32 = 50;
/// STATUS: likewise, and attached containers may have limited connectivity.
pub const LIMITED_CONNECTIVITY: u32 = 51;
/// The operator's policy does not grant it.
pub const DENIED: u32 = 100;
/// An object does not exist.
pub const NOT_FOUND: u32 = 101;
/// An object exists that should be made.
pub const ALREADY_EXISTS: u32 = 102;
/// The host was asked for something that makes no sense.
pub const INVALID: u32 = 103;
/// This kernel can't do it.
pub const UNSUPPORTED: u32 = 104;
/// An object belongs to somebody else.
pub const CONFLICT: u32 = 105;
/// A limit is reached.
pub const QUOTA: u32 = 106;
/// CHECK: the attachment is not as it was described.
pub const CHANGED: u32 = 107;
/// Whatever has no code of its own.
pub const INTERNAL: u32 = 999;
