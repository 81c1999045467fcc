//! The result of an ADD, in every version of the specification.
//!
//! There is one model, of the newest version's shape; the texts of all
//! versions are read into it and printed from it.

mod canonical;
mod error;
mod model;
mod parse;
mod print;
mod shape;

pub use error::ResultError;
pub use model::{Attachment, Interface, Ip, Route};
pub use parse::{decode, parse, parse_output, parse_previous};
pub use print::to_json;

#[cfg(test)]
mod tests;
