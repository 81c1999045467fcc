//! Versions of the specification, and the VERSION verb.

mod answer;
mod number;
mod spec;

pub use answer::{VersionAnswerError, supported_versions, version_answer};
pub use number::{ParseVersionError, Version};
pub use spec::{SpecVersion, UnknownSpecVersion};
