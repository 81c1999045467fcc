//! What is recorded: operations, their inverses, shared objects.

mod inverse;
mod made;
mod operation;
mod outcome;
mod shared_object;

pub use inverse::Inverse;
pub use made::Made;
pub use operation::Operation;
pub use outcome::{Outcome, Sequence};
pub use shared_object::{Setting, SharedObject};
