//! One request's life: reads it, runs the plugin's component, and stands
//! between the component and the kernel. Every operation that a guest asks for
//! is checked against policy, written to the journal, and then done.

mod answer;
mod answered;
mod audit;
mod call;
pub mod codes;
pub mod collect;
mod component;
mod container;
mod convert;
mod deeds;
mod earlier_boot;
mod exchanges;
mod files;
mod imports;
mod installation;
mod log;
mod mediator;
mod mode;
mod needs;
mod packet_scope;
#[cfg(test)]
mod picture;
mod pin;
mod plugins;
mod random;
mod reach;
pub mod recording;
mod rehearsal;
mod repair;
mod requests;
mod schema;
mod secrets;
mod session;
mod spent;
pub mod timing;
pub mod trace;
mod undo;
mod uses;
mod verbs;
mod verify;
mod wake;
mod ways;
mod workplace;

pub use answer::Answer;
pub use call::Broker;
pub use component::check as check_component;
pub use installation::Installation;
pub use log::printable;
pub use pin::check as check_pin;
pub use reach::{Reach, Use};
pub use rehearsal::{Answer as RehearsedAnswer, Asked, Listener, Rehearsal};
pub use repair::{RepairError, repair};
#[cfg(feature = "simulation")]
pub use verbs::{Again, Detached, Rehearsed};
pub use wake::Woken;
pub use workplace::Workplace;
