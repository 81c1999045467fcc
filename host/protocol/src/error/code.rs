//! Error codes of the specification, and those that its Go library adds.

/// A plugin died without an error document.
pub const UNKNOWN: u32 = 0;
/// The configuration's version is not supported.
pub const INCOMPATIBLE_VERSION: u32 = 1;
/// A field of the configuration is not supported; the message names it and its
/// value.
pub const UNSUPPORTED_FIELD: u32 = 2;
/// The container does not exist: there is nothing to be cleaned up.
pub const UNKNOWN_CONTAINER: u32 = 3;
/// Variables are missing or not valid; the message names them.
pub const INVALID_ENVIRONMENT: u32 = 4;
/// Reading or writing failed.
pub const IO_FAILURE: u32 = 5;
/// JSON does not decode.
pub const DECODING_FAILURE: u32 = 6;
/// The network configuration is not valid.
pub const INVALID_CONFIG: u32 = 7;
/// The network namespace is not valid (the Go library's; not in the
/// specification's table).
pub const INVALID_NETNS: u32 = 8;
/// A passing condition: try again later.
pub const TRY_AGAIN_LATER: u32 = 11;
/// STATUS: an ADD would not be served.
pub const NOT_AVAILABLE: u32 = 50;
/// STATUS: an ADD would not be served, and attached containers may have
/// limited connectivity.
pub const LIMITED_CONNECTIVITY: u32 = 51;
/// The first code that a plugin may use for its own.
pub const FIRST_OF_PLUGIN: u32 = 100;
/// Anything else (the Go library's).
pub const INTERNAL: u32 = 999;
