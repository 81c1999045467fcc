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
//!
//! ```
//! use cofferdam_guest_sdk::{Error, Failure, codes};
//!
//! // What the host refuses.
//! let failure = Failure::from(Error::Quota("256 links are in use".to_owned()));
//! assert_eq!(failure.code, codes::QUOTA);
//!
//! // What a plugin says itself.
//! let exhausted = Failure::new(codes::NOT_AVAILABLE, "all addresses are in use");
//! let partly = Failure::new(codes::LIMITED_CONNECTIVITY, "the uplink is down");
//! let busy = Failure::new(codes::TRY_AGAIN_LATER, "the lease server does not answer");
//! assert_eq!(Failure::unsupported_field("bondMode", "\"lacp\"").code, codes::UNSUPPORTED_FIELD);
//! assert_eq!(Failure::changed("eth0 is down").code, codes::CHANGED);
//!
//! // What should not be asked of a plugin anew is told by the code.
//! let is_final = |code: u32| {
//!     matches!(
//!         code,
//!         codes::INVALID_ENVIRONMENT | codes::UNDECODABLE | codes::INVALID_CONFIG | codes::DENIED | codes::NOT_FOUND
//!             | codes::ALREADY_EXISTS | codes::INVALID | codes::UNSUPPORTED | codes::CONFLICT | codes::INTERNAL
//!     )
//! };
//! assert!(!is_final(busy.code));
//! ```

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
