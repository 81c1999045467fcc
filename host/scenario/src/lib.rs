//! What a plugin does, written down: files of scenarios, and the networks in
//! memory that they begin with and expect.
//!
//! [`ScenarioFile`] is what a file holds (`docs/scenarios.md`). It speaks of
//! networks in lines, each a [`Fact`]; [`apply`] makes one so, and [`Pictures`]
//! tell what is so. `cofferctl test` runs plugins between the two.

mod arrange;
mod document;
mod fact;
mod file;
mod model;
mod picture;
mod service;
#[cfg(test)]
mod tests;

pub use arrange::{Deed, apply, fresh, setting_now};
pub use document::FileError;
pub use fact::Fact;
pub use file::ReadError;
pub use model::{Action, Answer, Expected, Given, RequestParts, Scenario, ScenarioFile, Step};
pub use picture::{Picture, Pictures};
pub use service::{Answered, load_answers};
