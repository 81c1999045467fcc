//! What is recorded: operations, their inverses, shared objects.

mod element;
mod inverse;
mod made;
mod operation;
mod outcome;
mod setting_value;
mod shared_object;

pub use element::{SHARED_ELEMENT, element_text};
pub use inverse::Inverse;
pub use made::Made;
pub use operation::Operation;
pub(crate) use operation::{kind_text, neighbor_text, route_text, rule_text};
pub use outcome::{Outcome, Sequence};
pub(crate) use setting_value::same_value;
pub use shared_object::{Setting, SharedObject};
